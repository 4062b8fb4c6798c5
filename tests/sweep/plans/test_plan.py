import hashlib
import json

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.rng import stream
from rmtjac.sweep.code_version import code_version
from rmtjac.sweep.new_plan import plan
from rmtjac.sweep.plans import read_plan


def test_units_cover_each_network_once(tmp_path):
    new = plan(tmp_path / "a", widths=[5, 6], depths=[1, 3], seeds=17, block=5)
    assert len(new) == 16
    seen = [(u.cell.width, u.cell.depth, i) for u in map(new.unit, range(16)) for i in range(u.start, u.stop)]
    assert len(seen) == len(set(seen)) == 4 * 17
    with pytest.raises(ValueError, match="number=16 must be the number of a unit, 0 to 15"):
        new.unit(16)


def test_cells_grow_together(tmp_path):
    new = plan(tmp_path / "a", widths=[5, 6], depths=[1, 3], seeds=6, block=2)
    order = new.spread(np.arange(12))
    assert order.tolist() == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
    assert new.spread(np.array([8, 2, 9])).tolist() == [9, 2, 8]


def test_keys_are_digests_of_canonical_json(tmp_path):
    new = plan(tmp_path / "a", widths=[5], depths=[1, 2], seeds=7, block=3, rng=11)
    for number in range(len(new)):
        unit = new.unit(number)
        facts = {
            "cell": [unit.cell.convention, unit.cell.width, unit.cell.depth],
            "code": code_version(),
            "ensemble": unit.cell.ensemble,
            "entropy": 11,
            "measures": {"fixed_points": {}},
            "networks": [unit.start, unit.stop],
        }
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        assert unit.key == hashlib.sha256(text.encode()).hexdigest() == bytes(new.keys[number]).hex()
    # one ensemble in two cells (L = 1 knows no N), two keys
    both = plan(tmp_path / "b", widths=[5, 6], depths=1, seeds=7, block=7)
    assert both.cells[0].ensemble == both.cells[1].ensemble
    assert both.unit(0).key != both.unit(1).key


def test_networks_do_not_depend_on_the_plan(tmp_path):
    small = plan(tmp_path / "a", widths=[5], depths=[2], seeds=3, block=1, rng=4)
    large = plan(tmp_path / "b", widths=[4, 5], depths=[1, 2], seeds=9, block=4, rng=4, measures=("grid", "lyapunov"))
    one, other = small.cells[0], large.cells[-1]
    a = rj.Ensemble.from_dict(one.ensemble).draw(stream(one.root(4), 2))
    b = rj.Ensemble.from_dict(other.ensemble).draw(stream(other.root(4), 2))
    assert all(np.array_equal(x, y) for x, y in zip(a.weights, b.weights, strict=True))
    counts = rj.count_fixed_points(rj.Ensemble.berlyand_slavin(5, 2), 9, rng=other.root(4))
    folder = tmp_path / "c"
    plan(folder, widths=5, depths=2, seeds=9, block=4, rng=4)
    rj.sweep.run(folder, "serial")
    assert rj.sweep.load(folder)["stable"].tolist() == counts.stable.tolist()


def test_seeds_that_differ_make_sweeps_that_differ(tmp_path):
    parent = np.random.SeedSequence(5)
    seeds = [
        5,
        np.int64(6),
        *parent.spawn(2),
        np.random.SeedSequence([5, 1]),
        np.random.SeedSequence(np.array([5, 2])),
        np.random.SeedSequence(5, pool_size=8),
        np.random.default_rng(np.random.SeedSequence(5).spawn(2)[0]),
        np.random.default_rng(np.random.SeedSequence(5).spawn(2)[1]),
    ]
    plans, laws, units = [], [], []
    for i, seed in enumerate(seeds):
        new = plan(
            tmp_path / str(i), widths=4, depths=2, seeds=4, block=2, rng=seed,
            measures={"tests.sweep.measures:slow": {"seconds": 0.0}},
        )  # fmt: skip
        again = read_plan(tmp_path / str(i))
        assert (again.digest, again.keys.tobytes()) == (new.digest, new.keys.tobytes())
        assert again.unit(1).key == bytes(new.keys[1]).hex()
        rj.sweep.run(tmp_path / str(i), "serial")
        plans.append(new.digest)
        units.append(new.unit(0).key)
        laws.append(tuple(rj.sweep.load(tmp_path / str(i))["entry"]))
        assert repr(again).count("\n") == 0
    for values in (plans, units, laws):
        assert len(set(values)) == len(seeds)
    # The same seed, said in another way, is the same sweep.
    same = plan(tmp_path / "0", widths=4, depths=2, seeds=4, block=2, rng=np.random.SeedSequence(np.uint8(5)),
                measures={"tests.sweep.measures:slow": {"seconds": 0.0}})  # fmt: skip
    assert same.digest == plans[0]
    text = json.dumps(same.cells[0].ensemble, sort_keys=True, separators=(",", ":"))
    word = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    first = np.random.SeedSequence(5, spawn_key=(0, word, 2))  # network 2 below the first child
    net = rj.Ensemble.from_dict(same.cells[0].ensemble).draw(np.random.Generator(np.random.PCG64(first)))
    assert net.weights[0][0, 0] == laws[2][2]
