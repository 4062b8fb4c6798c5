import pytest

from rmtjac.theory.proof.verdict import Unproved, Verdict


@pytest.mark.parametrize("value", [False, None, "", "yes", 1, 2.0, float("nan"), [True]])
def test_only_true_is_a_proof(value):
    assert not Verdict(value)


def test_a_proof():
    assert Verdict(True)
    assert Verdict(True).reason == ""
    assert not Verdict(False, "no root")
    assert str(Unproved("no root")) == "no root"
