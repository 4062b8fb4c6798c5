import pytest

from rmtjac.sweep.new_plan import plan
from rmtjac.sweep.plans.plan_file import read_plan, write_plan


def test_a_plan_is_read_back(tmp_path):
    new = plan(tmp_path / "a", widths=[5], depths=[2], seeds=3, block=2, measures={"grid": {"follow": 10}})
    again = read_plan(tmp_path / "a")
    assert again.digest == new.digest
    assert again.measures == {"grid": {"follow": 10}}
    assert "1 cells (cauchy, fan-in) of 3 networks, 2 units, grid, seed 0" in repr(again)
    assert (
        plan(tmp_path / "a", widths=[5], depths=[2], seeds=3, block=2, measures={"grid": {"follow": 10}}).digest
        == new.digest
    )


def test_damaged_plans(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no plan.json; make a plan first"):
        read_plan(tmp_path)
    plan(tmp_path / "a", widths=3, depths=1, seeds=2, block=1)
    text = (tmp_path / "a" / "plan.json").read_text()
    (tmp_path / "a" / "plan.json").write_text(text.replace('"seeds": 2', '"seeds": "two"'))
    with pytest.raises(ValueError, match="is damaged, or no plan"):
        read_plan(tmp_path / "a")
    for text in ("", "{}", "[1]", '{"format": 1}'):
        (tmp_path / "a" / "plan.json").write_text(text)
        with pytest.raises(ValueError, match="is damaged, or no plan"):
            read_plan(tmp_path / "a")
    (tmp_path / "a" / "plan.json").write_text('{"format": 9}')
    with pytest.raises(ValueError, match="has format 9; this version reads 1"):
        read_plan(tmp_path / "a")


def test_a_plan_is_written_to_a_folder_of_its_own(tmp_path):
    new = plan(tmp_path / "a", widths=3, depths=1, seeds=2, block=1)
    before = (tmp_path / "a" / "plan.json").stat().st_mtime_ns
    write_plan(new)  # it is there
    assert (tmp_path / "a" / "plan.json").stat().st_mtime_ns == before
    other = type(new)(tmp_path / "a", new.cells, 3, 5, new.measures, new.code)
    with pytest.raises(ValueError, match=r"holds another plan; choose a new folder \(different: seeds, entropy\)"):
        write_plan(other)
    (tmp_path / "file").write_text("mine")
    for name in (".", "file"):
        with pytest.raises(ValueError, match="is not empty, and holds no plan"):
            write_plan(type(new)(tmp_path / name, new.cells, 2, 5, new.measures, new.code))
    assert (tmp_path / "file").read_text() == "mine"
