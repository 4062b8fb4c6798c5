import numpy as np
import pytest

from rmtjac.rng import as_generator, as_seed_sequence, stream


def test_keys_are_independent_of_order_and_of_each_other():
    root = as_seed_sequence(7)
    first = {key: stream(root, *key).integers(2**63) for key in [(0, 0), (0, 1), (1, 0), (1,)]}
    again = {key: stream(as_seed_sequence(7), *key).integers(2**63) for key in reversed(first)}
    assert first == again
    assert len(set(first.values())) == len(first)


def test_a_seed_sequence_keeps_its_own_key():
    child = np.random.SeedSequence(7).spawn(2)[1]
    assert stream(child, 4).random() == np.random.default_rng(np.random.SeedSequence(7, spawn_key=(1, 4))).random()


def test_a_generator_moves_on():
    generator = np.random.default_rng(0)
    assert as_seed_sequence(generator).entropy != as_seed_sequence(generator).entropy
    assert as_generator(generator) is generator
    assert as_generator(3).random() == as_generator(np.int64(3)).random()


@pytest.mark.parametrize("rng", [-1, 1.5, "0", None, True])
def test_bad_seeds_are_named(rng):
    with pytest.raises((ValueError, TypeError), match=r"rng=.*non-negative int"):
        as_seed_sequence(rng)
