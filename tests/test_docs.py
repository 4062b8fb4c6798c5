"""The pages in docs/: the index of equations is fresh, names and anchors exist, examples run."""

import importlib
import inspect
import re
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import rmtjac as rj

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
MODULES = ("rmtjac", *(f"rmtjac.{name}" for name in rj.__all__ if inspect.ismodule(getattr(rj, name))))


sys.path.insert(0, str(DOCS))  # where the generator of the index stands
INDEX = importlib.import_module("equation_index")
NAMES = importlib.import_module("names")
BS = INDEX.entries()["BS"]
CITED = INDEX.citations("rmtjac")
KNOWN = NAMES.modules(ROOT)


# The index of equations


def test_the_index_is_fresh():
    assert PAGES["theory/index_of_equations.md"] == INDEX.page(), f"run: {INDEX.COMMAND}"


def test_every_equation_of_bs_is_used_and_tested_or_says_why_not():
    assert [line["item"] for line in BS[:24]] == [f"({k})" for k in range(1, 25)]
    for row in INDEX.rows():
        if row.source != "BS" or not row.item.startswith(("(", "after", "Proposition")):
            continue
        assert row.what, f"BS {row.item} is cited in {row.code} and does not exist"
        if row.unused:
            assert not row.code, f"BS {row.item} is used in {row.code}: docs/sources.toml says it is not"
        else:
            assert row.code, f"no file of the package uses BS {row.item}"
            assert row.tests, f"no test of BS {row.item}"


def test_what_the_parser_reads():
    def items(text):
        return [(source, item) for source, item, _ in INDEX.cited(text)]

    assert items("as BS (14) says") == [("BS", "(14)")]
    assert items("BS (18)-(20)") == items("BS 18-20") == items("BS (18), (19) and (20)") == items("(BS eq. 18-20)")
    assert items("BS (18)-(20)") == [("BS", f"({k})") for k in (18, 19, 20)]
    assert items("BS\n    (20)-(22) is followed") == [("BS", f"({k})") for k in (20, 21, 22)]
    assert items("BS, Section IV") == items("BS Section IV") == items("BS Sec. IV.") == [("BS", "Section IV")]
    assert items("DEQ Fig. 2 and 3") == [("DEQ", "Fig. 2"), ("DEQ", "Fig. 3")]
    assert items("NN Theorem 2; DEQ Lemma 4.2") == [("NN", "Theorem 2"), ("DEQ", "Lemma 4.2")]
    assert items("PS (1.24), PSG Sec. 2") == [("PS", "(1.24)"), ("PSG", "Section 2")]
    assert items("BS (12)-(14), (19)") == [("BS", f"({k})") for k in (12, 13, 14, 19)] == items("BS (12)--(14)/(19)")
    assert items("Theorem 2 of NN; (14) of BS") == [("NN", "Theorem 2"), ("BS", "(14)")]
    assert items("BS's (14) and BS Section V") == [("BS", "(14)"), ("BS", "Section V")]
    assert items("BS, Fig. 3a; BS §IV; [BS]_ (7)") == [("BS", "Fig. 3"), ("BS", "Section IV"), ("BS", "(7)")]
    assert items("in BS. 3 layers, BS (2024), BS 2024") == []
    assert items("BS print sqrt(2 pi q); BS's formulas; BS start from w = 0") == []
    assert items('"Tanh NN", units=32; DEQ\'s 5e-4; NN 784-200-784; PBS (3)') == []
    canonical = [
        INDEX.Citation("BS", "", "", "", text).canonical for text in ("BS (14)", "BS (18)-(23)", "BS (1), (2)")
    ]
    assert canonical == [True] * 3
    assert not any(INDEX.Citation("BS", "", "", "", text).canonical for text in ("BS 14", "BS, Section IV", "BS eq. 2"))


def test_citations_are_found_where_they_stand(tmp_path, monkeypatch):
    (tmp_path / "rmtjac").mkdir()
    lines = ['"""Solve BS', '(19)."""', "class A:", "    def f(self):", "        # By BS", "        # (20) one has"]
    source = "\n".join([*lines, "        raise E('BS (14)')"])
    (tmp_path / "rmtjac" / "x.py").write_text(source)
    monkeypatch.setattr(INDEX, "ROOT", tmp_path)
    found = {(one.item, one.file, one.name) for one in INDEX.citations("rmtjac")}
    assert found == {("(19)", "rmtjac/x.py", ""), ("(20)", "rmtjac/x.py", "A.f"), ("(14)", "rmtjac/x.py", "A.f")}
    assert INDEX.located("A.f", INDEX.places("rmtjac")) == ("rmtjac/x.py", "A.f")
    (tmp_path / "rmtjac" / "y.py").write_text("class B(x.A):\n    pass\n\n\nclass C(B, Generic[T]):\n    pass\n")
    assert INDEX.located("C.f", INDEX.places("rmtjac")) == ("rmtjac/x.py", "A.f")
    with pytest.raises(INDEX.Missing, match="no file"):
        INDEX.located("C.g", INDEX.places("rmtjac"))
    with pytest.raises(INDEX.Missing, match="no file"):
        INDEX.located("A.g", INDEX.places("rmtjac"))


# Names, anchors, labels


def test_pages_follow_modules_that_have_moved(tmp_path):
    for path in ("docs/theory", "rmtjac/new", "rmtjac/old"):
        (tmp_path / path).mkdir(parents=True)
    for path, text in (
        ("rmtjac/__init__.py", "solve = 1"),
        ("rmtjac/new/__init__.py", ""),
        ("rmtjac/new/roots.py", ""),
        ("rmtjac/new/solve.py", ""),
        ("rmtjac/new/twice.py", ""),
        ("rmtjac/old/twice.py", ""),
        ("docs/theory/a.md", "`rmtjac.old.roots`, `rmtjac.solve`, `rmtjac.twice`, `rmtjac.gone`, `rmtjac.new.roots`"),
    ):
        (tmp_path / path).write_text(text)
    assert NAMES.follow(tmp_path) == ["docs/theory/a.md: rmtjac.old.roots -> rmtjac.new.roots"]
    text = (tmp_path / "docs/theory/a.md").read_text()
    assert text == "`rmtjac.new.roots`, `rmtjac.solve`, `rmtjac.twice`, `rmtjac.gone`, `rmtjac.new.roots`"
    assert NAMES.follow(tmp_path) == []


def _anchors():
    return re.findall(r"^\(([\w-]+)\)=$", PAGES["references.md"], re.M)


def test_sources_are_defined_once():
    anchors = _anchors()
    assert len(set(anchors)) == len(anchors)
    assert {"bs", "nn", "deq", "psg", "ps"} <= set(anchors)
    assert {one.source.lower() for one in CITED} <= set(anchors)


# "Golub & Meurant 2010", "Poole et al. 2016", "Hill (1975)": the first name and the year. Not the months of dates.
_NAME = r"[A-Z][a-zżńé]+(?:-[A-Z][a-z]+)*"
_AUTHORS = re.compile(rf"\b({_NAME})(?:(?:,| &| and)(?: de)? {_NAME})*(?: et al\.)?,? \(?((?:19|20)\d\d)\b")


def test_authors_that_the_package_cites_are_listed():
    anchors = set(_anchors())
    for path in INDEX.files("rmtjac"):
        for _, text in INDEX.read(path).texts:
            for name, year in _AUTHORS.findall(" ".join(text.split())):
                assert f"{name.lower()}-{year}" in anchors, f"{path}: {name} {year} is not in docs/references.md"


@pytest.mark.parametrize("page", PAGES)
def test_names_of_the_package_exist(page):
    for name in set(re.findall(r"`(rmtjac(?:\.\w+)+)`", PAGES[page])):
        assert _exists(name), f"docs/{page} names {name}; now {NAMES.namesakes(name, KNOWN)}? run: {INDEX.COMMAND}"
    public = {
        name: getattr(importlib.import_module(m), name) for m in MODULES for name in importlib.import_module(m).__all__
    }
    for name, attribute in re.findall(r"`([A-Z]\w+)\.(\w+)`", PAGES[page]):
        if name in public and page != "theory/index_of_equations.md":
            thing = public[name]
            known = {one.name for one in fields(thing)} if is_dataclass(thing) else set()
            assert attribute in known or hasattr(thing, attribute), f"{page}: {name}.{attribute}"


def _exists(name):
    """Whether a dotted name is a module, or an attribute of what is left of it."""
    if name == "rmtjac" or (ROOT / (path := name.replace(".", "/"))).is_dir() or (ROOT / f"{path}.py").is_file():
        return True
    module, _, last = name.rpartition(".")
    if not _exists(module):
        return False
    try:
        thing = importlib.import_module(module)
    except ModuleNotFoundError:
        thing = _object(module)
    return hasattr(thing, last) or (is_dataclass(thing) and last in {one.name for one in fields(thing)})


@pytest.mark.parametrize("page", PAGES)
def test_tests_and_tables_that_are_named_exist(page):
    known = INDEX.places("tests")
    for name in re.findall(r"\{check\}`([^`]+)`", PAGES[page]):
        INDEX.located(name, known)
    for path in re.findall(r"\bdata/\w+\.\w+", PAGES[page]):
        assert (ROOT / path).is_file(), f"{page}: {path}"


def test_labels_are_unique_and_code_names_existing_ones():
    labels = INDEX.labels()
    assert len({label for _, label in labels}) == len(labels)
    for folder in ("rmtjac", "tests"):
        for path in INDEX.files(folder):
            if path != Path(__file__):
                text = " ".join(path.read_text(encoding="utf-8").replace("#", " ").split())
                for page, _, name in re.findall(r"docs/theory/(\w+)(\.md)?(?:, eq\. ([\w -]+))?", text):
                    assert f"theory/{page}.md" in PAGES, f"{path}: docs/theory/{page}"
                    starts = [label for where, label in labels if where == page]
                    words = "eq-" + name.strip().replace(" ", "-")
                    assert not name or any(words.startswith(label) for label in starts), f"{path}: eq. {name}"


def test_the_reference_has_every_public_name_once():
    listed = []
    for page, text in PAGES.items():
        if page.startswith("reference/"):
            listed += re.findall(r"^\.\. auto(?:class|function|data):: ([\w.]+)$", text, re.M)
    assert len(set(listed)) == len(listed)
    gone = [name for name in listed if not _exists(name)]
    assert not gone, f"docs/reference has {gone}, which the package has not"
    shown, wrong = [_object(name) for name in listed], {}
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            thing = _object(f"{module}.{name}")
            if not inspect.ismodule(thing):
                times = listed.count(f"{module}.{name}") if not callable(thing) else sum(one is thing for one in shown)
                if times != 1:
                    wrong[f"{module}.{name}"] = times
    assert not wrong, f"how often docs/reference has public names: {wrong}"


def _object(name):
    module, _, name = name.rpartition(".")
    return getattr(importlib.import_module(module), name)


BLOCKS = [
    (page, body)
    for page, text in PAGES.items()
    if not page.startswith("guide/")
    for body in re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
]


def test_there_are_examples():
    assert {page for page, _ in BLOCKS} >= {
        "theory/limit_equation.md",
        "theory/proved_limits.md",
        "theory/nonnegative.md",
    }


@pytest.mark.parametrize(("page", "code"), BLOCKS, ids=[f"{page}-{i}" for i, (page, _) in enumerate(BLOCKS)])
def test_examples_run_and_print_what_they_say(page, code, capsys):
    if "certify=True" in code:
        pytest.importorskip("flint")
    exec(compile(code, page, "exec"), {"__name__": "docs"})
    assert capsys.readouterr().out.splitlines() == re.findall(r"^print\(.*\)  # (.*)$", code, re.M)
