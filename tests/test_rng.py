import json

import numpy as np
import pytest

from rmtjac.rng import as_generator, as_seed_sequence, seed_facts, seed_from_facts, stream


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


SEEDS = [
    5,
    np.random.SeedSequence(5).spawn(2)[0],
    np.random.SeedSequence(5).spawn(2)[1],
    np.random.SeedSequence(5).spawn(2)[1].spawn(1)[0],
    np.random.SeedSequence(5, spawn_key=(2**40,)),
    np.random.SeedSequence(5, pool_size=8),
    np.random.SeedSequence([5, 7]),
    np.random.SeedSequence((7, 5)),
    np.random.SeedSequence(np.array([5, 8], dtype=np.uint32)),
    np.random.SeedSequence([[5, 7], 9]),
    np.random.SeedSequence([np.int64(5), 2**70]),
    np.random.SeedSequence(["0x10", "12"]),
    np.random.SeedSequence(2**128 - 1),
]


def test_seeds_come_back_from_json():
    seen = set()
    for seed in SEEDS:
        root = as_seed_sequence(seed)
        again = seed_from_facts(json.loads(json.dumps(seed_facts(root))))
        # The oracle is NumPy: one state, and the children that NumPy spawns.
        assert again.generate_state(8).tolist() == root.generate_state(8).tolist()
        spawned = type(root)(root.entropy, spawn_key=(*root.spawn_key, 3), pool_size=root.pool_size)
        for one in (root, again):
            assert stream(one, 3).random() == np.random.default_rng(spawned).random()
        seen.add(stream(root, 3).random())
    assert len(seen) == len(SEEDS)
    assert seed_from_facts(5).generate_state(4).tolist() == np.random.SeedSequence(5).generate_state(4).tolist()


@pytest.mark.parametrize(
    "facts",
    [None, "5", -1, 1.5, True, [5, None], [5, -1], {"entropy": 5, "spawn_key": 3}, {"entropy": 5, "spawn_key": ["1"]},
     {"entropy": 5, "other": 1}, {"spawn_key": []}, {"entropy": 5, "spawn_key": [], "pool_size": 0}],
)  # fmt: skip
def test_bad_facts_of_seeds_are_named(facts):
    with pytest.raises(ValueError, match="must be entropy"):
        seed_from_facts(facts)
