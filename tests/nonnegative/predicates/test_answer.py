import pytest

from rmtjac.nonnegative.predicates.answer import Answer


@pytest.mark.parametrize(("value", "proved"), [(True, True), (False, False), (None, False)])
def test_only_what_is_proved_is_true(value, proved):
    assert bool(Answer(value, "why")) is proved
