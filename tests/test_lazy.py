import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

LAZY = ("rmtjac", "rmtjac.learn", "rmtjac.plotting", "rmtjac.spectra", "rmtjac.theory")


def _process(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _loaded(statement):
    code = f"import json, sys\n{statement}\nprint(json.dumps([m for m in sys.modules if m.startswith('rmtjac.')]))"
    return {name.split(".")[1] for name in _process(code)}


def test_each_import_loads_what_it_needs():
    everything = {"fixed_points", "nonnegative", "learn", "sweep", "comparison"}
    for module in ("rmtjac.theory", "rmtjac.spectra", "rmtjac.plotting"):
        assert _loaded(f"import {module}") <= {"lazy", module.split(".")[1]}, module
    # The results that a picture shows are loaded by whoever made them.
    assert _loaded("from rmtjac.plotting import *") <= {"lazy", "plotting", "validate"}
    assert _loaded("import rmtjac.learn") <= {"lazy", "learn"}
    assert not everything & _loaded("from rmtjac.theory import limit_spectrum")
    assert not everything & _loaded("from rmtjac.spectra import *")
    assert not {*everything, "theory", "spectra", "kernels"} & _loaded("import rmtjac.cli")


def test_any_order_of_imports_gives_the_same_things():
    # A module must not replace a name that is written the same way.
    code = """
import importlib, json, pkgutil
import rmtjac as rj
lazy = [rj, rj.learn, rj.plotting, rj.spectra, rj.theory]
before = {(p.__name__, n): getattr(p, n) for p in lazy for n in p.__all__}
for p in lazy:
    for found in pkgutil.walk_packages(p.__path__, p.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
print(json.dumps([str(key) for key, value in before.items() if getattr(rj if key[0] == "rmtjac" else
      importlib.import_module(key[0]), key[1]) is not value]))
"""
    assert _process(code) == []


@pytest.mark.parametrize("package", LAZY)
def test_no_name_is_that_of_a_submodule_too(package):
    module = importlib.import_module(package)
    homes = _homes(module)
    submodules = {one.name for one in pkgutil.iter_modules(module.__path__)}
    assert not {name for names in homes.values() for name in names} & submodules


def _tree(module):
    return ast.parse(Path(module.__file__).read_text())


def _homes(module):
    """The table of names in the source of a package."""
    (call,) = [
        node
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lazy_names"
    ]
    return ast.literal_eval(call.args[1])


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_and_users_see_the_same_names(package):
    module = importlib.import_module(package)
    (block,) = [
        node
        for node in _tree(module).body
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    ]
    typed = {node.module: {one.name for one in node.names} for node in block.body}
    submodules = typed.pop(package, set())
    assert {home: set(names) for home, names in _homes(module).items()} == typed
    listed = {name for names in typed.values() for name in names} | submodules
    assert listed - {"__version__"} == set(module.__all__)
    assert set(dir(module)) == listed
    star: dict = {}
    exec(f"from {package} import *", star)
    assert {name for name in star if name != "__builtins__"} == set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is star[name]


@pytest.mark.parametrize(
    ("package", "wrong", "near"),
    [
        ("rmtjac", "Ensembel", "Ensemble"),
        ("rmtjac", "limit_spectrm", "limit_spectrum"),
        ("rmtjac", "theroy", "theory"),
        ("rmtjac.learn", "PcDEQClasifier", "PcDEQClassifier"),
        ("rmtjac.theory", "lerch_fi", "lerch_phi"),
        ("rmtjac.spectra", "tailindex", "tail_index or TailIndex"),
        ("rmtjac.plotting", "plot_spectra", "plot_spectrum"),
    ],
)
def test_a_misspelt_name_is_told_its_neighbours(package, wrong, near):
    module = importlib.import_module(package)
    with pytest.raises(AttributeError) as caught:
        getattr(module, wrong)
    text = str(caught.value)
    assert text.startswith(f"module {package!r} has no attribute {wrong!r}; did you mean ")
    assert near in text
    assert not hasattr(module, "__wrapped__")
    assert not hasattr(module, "nothing_like_it")
    with pytest.raises(ImportError, match="cannot import name"):
        exec(f"from {package} import {wrong}")


@pytest.mark.parametrize("name", ["", "a.b", "cli.main", "a b", "1", ".", "é", "_private"])
@pytest.mark.parametrize("package", LAZY)
def test_what_is_no_name_is_no_attribute(package, name):
    # The search for a submodule of a dotted name fails with an error of its own.
    assert not hasattr(importlib.import_module(package), name)


def test_submodules_are_found_without_an_import():
    code = "import json, rmtjac as rj\nprint(json.dumps([rj.laws.Gaussian.__name__, rj.spectra.given.__name__]))"
    assert _process(code) == ["Gaussian", "rmtjac.spectra.given"]


def test_a_module_that_fails_to_load_says_why(tmp_path, monkeypatch):
    # An error inside a module is not turned into "no such name".
    folder = tmp_path / "lazy_example"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from rmtjac.lazy import lazy_names\n__all__ = ['thing']\n"
        "__getattr__, __dir__ = lazy_names(__name__, {'lazy_example.broken': ('thing',)})\n"
    )
    (folder / "broken.py").write_text("import no_such_module_anywhere\nthing = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import lazy_example  # type: ignore[import-not-found]

    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        _ = lazy_example.thing
    (folder / "broken.py").write_text("thing = object()\n")
    importlib.invalidate_caches()
    assert lazy_example.thing is lazy_example.thing
    assert "thing" in vars(lazy_example)  # later uses do not go through __getattr__
