"""Docstrings of public names are complete numpydoc, and modules say where their sources are listed."""

import importlib
import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate

ROOT = Path(__file__).parents[1]
_FACES = ("", "activations", "fixed_points", "learn", "nonnegative", "plotting", "spectra", "sweep", "theory")
# Left to taste: an extended summary, how long a summary is, blank lines, descriptions of what See Also names.
_TASTE = {"ES01", "GL01", "GL02", "GL03", "SS06", "SA04", "PR05"}
# Asked of functions and classes that a user calls by name, not of each method.
_NOT_OF_METHODS = {"EX01", "SA01"}
_ABBREVIATIONS = re.compile(r"\b(BS|NN|DEQ|PSG|PS)\b(?= |\)|,|;|:|\.|$)")


def _public():
    """Every public name once, under the shortest path that has it."""
    out = {}
    for face in _FACES:
        module = importlib.import_module("rmtjac" + (f".{face}" if face else ""))
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing) and thing.__module__.startswith("rmtjac"):
                out.setdefault(thing, f"{module.__name__}.{name}")
    return out


PUBLIC = _public()
CLASSES = {thing: name for thing, name in PUBLIC.items() if inspect.isclass(thing)}
FUNCTIONS = {thing: name for thing, name in PUBLIC.items() if not inspect.isclass(thing)}


def _methods():
    """Every public method that the package defines, inherited ones too."""
    for thing, name in CLASSES.items():
        for method in dir(thing):
            owner = next((one for one in thing.__mro__ if method in vars(one)), None)
            if method.startswith("_") or owner is None or not owner.__module__.startswith("rmtjac"):
                continue
            value = vars(owner)[method]
            if isinstance(value, (staticmethod, classmethod)):
                value = value.__func__
            if inspect.isfunction(value):
                yield f"{name}.{method}", value


METHODS = dict(_methods())


def _by(things):
    return pytest.mark.parametrize("thing", list(things), ids=list(things.values()))


def _complaints(name, but=()):
    wrong = [(code, text) for code, text in validate(name)["errors"] if code not in _TASTE | set(but)]
    return "\n".join(f"{code} {text}" for code, text in wrong)


@_by(FUNCTIONS)
def test_functions(thing):
    name = FUNCTIONS[thing]
    assert not _complaints(name), f"{name}: {_complaints(name)}"
    doc = FunctionDoc(thing)
    if inspect.signature(thing).parameters:
        assert doc["Raises"], f"{name}: no section Raises"
    assert doc["References"], f"{name}: no section References"


@_by(CLASSES)
def test_classes(thing):
    name = CLASSES[thing]
    doc = ClassDoc(thing, config={"show_class_members": False})
    but = {"PR01"} if doc["Attributes"] else set()
    assert not _complaints(name, but), f"{name}: {_complaints(name, but)}"
    told = {one.name: one for section in ("Parameters", "Attributes") for one in doc[section]}
    names = {part.strip() for one in told for part in one.split(",")}
    if is_dataclass(thing):
        missing = [one.name for one in fields(thing) if not one.name.startswith("_") and one.name not in names]
        assert not missing, f"{name}: Attributes do not say what {', '.join(missing)} is"
    untyped = [one for one, entry in told.items() if not entry.type]
    assert not untyped, f"{name}: no type of {', '.join(untyped)}"


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    value = METHODS[name]
    assert value.__doc__, f"{name}: no docstring"
    arguments = [one for one in inspect.signature(value).parameters if one not in ("self", "cls")]
    but = set(_NOT_OF_METHODS)
    if not arguments:
        but |= {"RT01"}  # the summary says what comes back
    assert not _complaints(name, but), f"{name}: {_complaints(name, but)}"


MODULES = sorted((ROOT / "rmtjac").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=[path.relative_to(ROOT).as_posix() for path in MODULES])
def test_sources_are_looked_up_in_one_place(path):
    text = path.read_text()
    if _ABBREVIATIONS.search(text):
        doc = text.split('"""')[1]
        assert "docs/references.md" in doc, "an abbreviation of a source, and the docstring of the module names no list"
