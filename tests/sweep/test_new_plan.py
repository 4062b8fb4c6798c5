import pytest

import rmtjac as rj
from rmtjac.sweep.new_plan import plan, plan_from_toml


def test_blocks_are_timed(tmp_path):
    new = plan(
        tmp_path / "a", widths=[3], depths=[2], seeds=60, measures={"tests.sweep.measures:slow": {"seconds": 0.1}}
    )
    assert 10 <= new.cells[0].block <= 20  # two seconds of 0.1 s each
    same = plan(
        tmp_path / "a", widths=[3], depths=[2], seeds=60, measures={"tests.sweep.measures:slow": {"seconds": 0.1}}
    )
    assert same.digest == new.digest  # not timed again


def test_conventions(tmp_path):
    conventions = {
        "literal": {},
        "variance": {"weights": "gaussian:1.0:0.5", "biases": "gaussian:1.0:0.5", "activation": "tanh"},
        "three": {"weights": "cauchy:1.0", "inputs": 3},
    }
    new = plan(tmp_path / "a", 6, 2, conventions, ensembles=[rj.Ensemble([2, 4, 2], "relu")], seeds=1, block=1)
    ensembles = [rj.Ensemble.from_dict(cell.ensemble) for cell in new.cells]
    assert [one.widths for one in ensembles] == [(2, 6, 2), (2, 6, 2), (3, 6, 3), (2, 4, 2)]
    assert repr(ensembles[0]) == repr(rj.Ensemble.berlyand_slavin(6, 2))
    assert ensembles[1].layer_numbers()[1]["bias_variance"] == pytest.approx(1 / 6)
    assert new.cells[3].convention == "ensemble 0"


def test_toml(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text('widths = [4, 5]\ndepths = 2\nseeds = 6\nblock = 3\nlaw = ["cauchy", "gaussian"]\nbiases = false\n')
    new = plan_from_toml(tmp_path / "a", path)
    assert [cell.convention for cell in new.cells] == ["cauchy, False"] * 2 + ["gaussian, False"] * 2
    path.write_text('widths = 4\ndepths = 2\nblock = 3\n[conventions.a]\nfan = "width"\n[measures.grid]\nstep = 0.5\n')
    new = plan_from_toml(tmp_path / "b", path)
    assert (new.seeds, new.measures) == (200, {"grid": {"step": 0.5}})
    for text, message in (
        ("widths = ", "is not TOML"),
        ("width = 3", r"unknown keys \['width'\]; known: widths"),
        ('law = "cauchy"\n[conventions.a]\n', "exclude each other"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            plan_from_toml(tmp_path / "c", path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": []}, r"widths=\[\] must list at least one positive whole number"),
        ({"widths": [0]}, r"widths\[0\]=0 must be a positive whole number"),
        ({"depths": [1.5]}, r"depths\[0\]=1.5 must be a positive whole number"),
        ({"seeds": 0}, "seeds=0 must be a positive whole number"),
        ({"rng": -1}, "rng=-1 must be a non-negative int"),
        ({"measures": "none"}, "measure='none' must be one of"),
        ({"measures": ()}, "must name at least one measurement"),
        ({"conventions": {"a": {"lawn": 1}}}, r"conventions\['a'\]=\{'lawn': 1\} takes law, fan, biases"),
        ({"conventions": {"a": {"law": "levy"}}}, "law='levy' must be one of 'cauchy', 'gaussian'"),
        ({"conventions": {"a": {"weights": "levy"}}}, "weights='levy' is not a known law"),
        ({"conventions": []}, "must map names to settings"),
    ],
)
def test_bad_plans(tmp_path, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        plan(tmp_path / "a", **{"widths": [3], "depths": [1], "seeds": 2, "block": 1, **arguments})
    assert not (tmp_path / "a").exists()


def test_bad_folders(tmp_path):
    (tmp_path / "other.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty, and holds no plan"):
        plan(tmp_path, widths=3, depths=1, seeds=2, block=1)
    plan(tmp_path / "a", widths=3, depths=1, seeds=2, block=1)
    with pytest.raises(ValueError, match="holds another plan; choose a new folder"):
        plan(tmp_path / "a", widths=4, depths=1, seeds=2, block=1)
