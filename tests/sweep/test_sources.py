import importlib
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.sweep.sources import changes, describe

ROOT = Path(__file__).parents[2]
PACKAGE = {
    "lab/__init__.py": "",
    "lab/measures.py": """
        import math
        import numpy as np
        import rmtjac as rj
        from rmtjac.sweep import measurement
        from . import helpers
        from .deep import inner as other
        SCALE = 1.0
        def near(net):
            return SCALE * net.weights[0][0, 0]
        @measurement(value="float", more="int")
        def here(net, rng):
            from sibling import far
            return {"value": near(net) + far(0.0) + helpers.add(0.0), "more": 1}
        short = measurement(value="float")(lambda net, rng: {"value": near(net)})
        from lab.elsewhere import there
        """,
    "lab/helpers.py": "def add(x):\n    return x + 0.0\n",
    "lab/deep/__init__.py": "from lab.deep.inner import f\n",
    "lab/deep/inner.py": "def f():\n    import lab.late\n    return 1\n",
    "lab/late.py": "X = 1\n",
    "lab/elsewhere.py": """
        from rmtjac.sweep import measurement
        @measurement(value="float")
        def there(net, rng):
            return {"value": 1.0}
        """,
    "lab/unrelated.py": "X = 1\n",
    "sibling.py": "def far(x):\n    return x\n",
}
MEASURES = ("lab.measures:here", "lab.measures:short", "lab.measures:there")


def _write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = text.split("\n")
    indent = 8 if lines[0] == "" else 0
    path.write_text("\n".join(line[indent:] for line in lines))


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A package of the user's own, and how to load it anew."""
    folder = tmp_path / "code"
    for name, text in PACKAGE.items():
        _write(folder, name, text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield folder
    _forget()


def _forget():
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("lab", "sibling")]:
        del sys.modules[name]


def _plan(folder, measure=MEASURES[0]):
    return rj.sweep.plan(folder, widths=3, depths=2, seeds=6, measures=measure, block=1)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_measurement_is_its_own_code_and_what_it_imports_of_the_users(code, measure):
    assert list(describe(measure)["modules"]) == [
        "lab", "lab.deep", "lab.deep.inner", "lab.elsewhere", "lab.helpers", "lab.late", "lab.measures", "sibling",
    ]  # fmt: skip
    assert describe("lab.elsewhere:there")["modules"].keys() == {"lab", "lab.elsewhere"}
    assert describe("fixed_points") == {}


@pytest.mark.parametrize(
    ("name", "before", "after", "module"),
    [
        ("lab/measures.py", "+ helpers", "- helpers", "lab.measures"),
        ("lab/measures.py", "SCALE = 1.0", "SCALE = 2.0", "lab.measures"),
        ("lab/measures.py", "import math", "import math  # why", "lab.measures"),
        ("lab/helpers.py", "x + 0.0", "x + 1.0", "lab.helpers"),
        ("lab/__init__.py", "", "import math", "lab"),
        ("lab/deep/inner.py", "return 1", "return 2", "lab.deep.inner"),
        ("lab/late.py", "1", "2", "lab.late"),
        ("sibling.py", "return x", "return -x", "sibling"),
        ("lab/elsewhere.py", "1.0", "2.0", "lab.elsewhere"),
    ],
)
def test_an_edit_between_two_runs_is_an_error(code, tmp_path, name, before, after, module):
    folder = tmp_path / "sweep"
    first = _plan(folder)
    rj.sweep.run(folder, "serial", max_units=3)
    text = (code / name).read_text()
    (code / name).write_text(text.replace(before, after, 1))
    for forget in (lambda: None, _forget):
        forget()
        for engine in ("serial", "processes"):
            with pytest.raises(ValueError, match="edited after the plan was made") as error:
                rj.sweep.run(folder, engine, workers=1)
            assert f"measure='lab.measures:here' was edited after the plan was made ({module} changed)" in str(
                error.value
            )
            assert "make a new plan in a new folder" in str(error.value)
            assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=rf"holds another plan.*which was edited since: {module} changed"):
        _plan(folder)
    # What is done can be read all the same, and a new plan is another one.
    assert len(rj.sweep.load(folder)) == 3
    other = _plan(tmp_path / "other")
    assert other.digest != first.digest
    assert not set(other.keys.tolist()) & set(first.keys.tolist())
    assert rj.sweep.run(tmp_path / "other", "serial").complete
    # Put back as it was, the first goes on.
    (code / name).write_text(text)
    _forget()
    assert rj.sweep.run(folder, "serial").complete


@pytest.mark.parametrize(
    ("after", "now"),
    [
        ('@measurement(value="float")', "value:float"),
        ('@measurement(value="int", more="int")', "value:int, more:int"),
        ('@measurement(more="int", value="float")', "more:int, value:float"),
        ('@measurement(value="float", more="int", third="int")', "value:float, more:int, third:int"),
    ],
)
def test_changed_columns_are_an_error(code, tmp_path, after, now):
    folder = tmp_path / "sweep"
    _plan(folder)
    rj.sweep.run(folder, "serial", max_units=3)
    path = code / "lab" / "measures.py"
    path.write_text(path.read_text().replace('@measurement(value="float", more="int")', after))
    _forget()
    with pytest.raises(ValueError, match=f"its columns were value:float, more:int, and are {now}"):
        rj.sweep.run(folder, "serial")
    table = rj.sweep.load(folder)  # with the columns that it was planned with, by no code but ours
    assert list(table.kinds) == ["network", "value", "more"]
    path.unlink()
    _forget()
    assert len(rj.sweep.load(folder)) == 3
    with pytest.raises(ValueError, match="cannot be imported"):
        rj.sweep.run(folder, "serial")


def test_packages_without_init_and_what_is_imported_late(code, tmp_path):
    for name in ("plain/deep/one.py", "plain/two.py"):
        _write(code, name, "X = 1\n")
    _write(code, "plain/measures.py", """
        from rmtjac.sweep import measurement
        @measurement(value="float")
        def here(net, rng):
            import plain.deep.one, json.decoder, numpy.linalg
            from spaced import two
            from . import two as other
            return {"value": 1.0}
        """)  # fmt: skip
    _write(code, "spaced/two.py", "from sibling import *\n")
    _forget()
    found = describe("plain.measures:here")["modules"]
    assert list(found) == ["plain.deep.one", "plain.measures", "plain.two", "sibling", "spaced.two"]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("plain", "spaced")]:
        del sys.modules[name]


def test_other_files_do_not_matter(code, tmp_path):
    _plan(tmp_path / "sweep")
    rj.sweep.run(tmp_path / "sweep", "serial", max_units=3)
    (code / "lab" / "unrelated.py").write_text("X = 2\n")
    (code / "new.py").write_text("")
    _forget()
    assert rj.sweep.run(tmp_path / "sweep", "serial").complete


def test_a_process_that_runs_what_no_longer_stands_there(code, tmp_path):
    """The plan is that of the edited file, the loaded module is not."""
    importlib.import_module("lab.measures")  # before anybody looked at its file

    path = code / "lab" / "measures.py"
    path.write_text(path.read_text().replace("+ helpers", "- helpers"))
    _plan(tmp_path / "a")
    with pytest.raises(ValueError, match=r"lab.measures was edited after this process had loaded it; start Python"):
        rj.sweep.run(tmp_path / "a", "serial")
    assert rj.sweep.run(tmp_path / "a", "processes", workers=1, max_units=2).done == 2  # they load it anew
    importlib.reload(sys.modules["lab.measures"])
    assert rj.sweep.run(tmp_path / "a", "serial").complete
    path.write_text(path.read_text().replace("SCALE = 1.0", "SCALE = 2.0"))  # no function
    _plan(tmp_path / "b")
    with pytest.raises(ValueError, match=r"lab.measures was edited after this process had loaded it"):
        rj.sweep.run(tmp_path / "b", "serial")
    importlib.reload(sys.modules["lab.measures"])
    assert rj.sweep.run(tmp_path / "b", "serial").complete


def test_what_has_no_file_is_said(tmp_path, monkeypatch):
    module = types.ModuleType("typed_in")
    monkeypatch.setitem(sys.modules, "typed_in", module)
    source = "from rmtjac.sweep import measurement\n@measurement(value='float')\ndef f(net, rng):\n    "
    source += "return {'value': 1.0}\n"
    exec(source, module.__dict__)
    _plan(tmp_path / "a", "typed_in:f")
    state = rj.sweep.run(tmp_path / "a", "serial", max_units=3)
    assert state.problems == ["measure='typed_in:f': it has no file: edits of what it calls cannot be noticed"]
    exec(source.replace("1.0", "2.0"), module.__dict__)
    with pytest.raises(
        ValueError, match=r"measure='typed_in:f' was edited after the plan was made \(typed_in:f changed\)"
    ):
        rj.sweep.run(tmp_path / "a", "serial")

    class Compiled:
        columns = {"value": "float"}  # noqa: RUF012
        __module__ = "typed_in"

        def __call__(self, net, rng):
            return {"value": 3.0}

    module.g = Compiled()
    _plan(tmp_path / "b", "typed_in:g")
    assert rj.sweep.run(tmp_path / "b", "serial").problems == [
        "measure='typed_in:g': it has no source: edits cannot be noticed"
    ]


def test_broken_modules_are_one_line(code, tmp_path):
    (code / "lab" / "measures.py").write_text("def broken(:\n")
    with pytest.raises(ValueError, match=r"measure='lab.measures:here' cannot be imported: SyntaxError"):
        _plan(tmp_path / "a")


def test_on_the_command_line(code, tmp_path):
    folder = tmp_path / "sweep"
    _plan(folder)
    words = [sys.executable, "-m", "rmtjac.cli", "sweep", "run", str(folder), "-j", "1"]
    subprocess.run([*words, "--max-units", "2"], check=True, capture_output=True)
    (code / "sibling.py").write_text("def far(x):\n    return x + 1\n")
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "was edited after the plan was made (sibling changed)" in done.stderr
    assert done.stderr.strip().count("\n") == 0
    assert np.array_equal(rj.sweep.load(folder)["network"], [0, 1])


def test_changes_are_texts():
    old = {"columns": [["a", "int"]], "modules": {"m": "1", "n": "2"}}
    new = {"columns": [["a", "float"]], "modules": {"m": "2", "o": "2"}}
    assert changes(old, old) == ""
    assert changes(old, new) == "m changed; o is new; n is gone; its columns were a:int, and are a:float"
