from rmtjac.status import Status


def test_a_member_is_its_message():
    assert all(str(member) == member.value and len(member.value) > 5 for member in Status)
    assert len({member.value for member in Status}) == len(Status)
