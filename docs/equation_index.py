"""The index "equation of a source, where the package uses it, where it is tested".

``python docs/equation_index.py`` writes ``docs/theory/index_of_equations.md`` anew. ``--missing`` lists functions that
`sources.toml` names for an equation and that do not cite it yet; ``--irregular`` lists citations in another form than

    BS (14)    BS (18)-(23)    BS Section IV    BS Fig. 3    NN Theorem 2    DEQ Lemma 4.2

Citations are read from docstrings, comments and messages. Where one stands is told by the name of its function, so
that no line number goes stale.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PAGE = DOCS / "theory" / "index_of_equations.md"
COMMAND = "python docs/equation_index.py"
SOURCES = ("BS", "NN", "DEQ", "PSG", "PS")

_KINDS = {
    "§": "Section", "sec": "Section", "section": "Section", "fig": "Fig.", "figure": "Fig.", "theorem": "Theorem",
    "lemma": "Lemma", "proposition": "Proposition", "definition": "Definition", "corollary": "Corollary",
    "remark": "Remark", "table": "Table",
}  # fmt: skip
_JOIN = r"\s*(?:,\s*(?:and\s+)?|and\s+|--?|–|/|to\s+)\s*"
_NUMBER = r"(?:\d+(?:\.\d+)*|[IVX]+(?:\.\d+)*)"
_CITATION = re.compile(
    rf"""(?<![\w'"\-/.]) \[?(?P<source>{"|".join(sorted(SOURCES, key=len, reverse=True))})(?:'s)?\]?_?,?\s+
    (?: (?P<kind>§|Sections?|Secs?\.|Figures?|Figs?\.|Theorems?|Lemmas?|Propositions?|Definitions?|Corollary|Remarks?
                |Tables?)\s*(?P<places>{_NUMBER}(?:{_JOIN}{_NUMBER})*)(?:[a-z])?(?![\w(])
      | (?:[Ee]qs?\.\s*|[Ee]quations?\s+)?(?P<equations>\(\d{{1,3}}(?:\.\d+)?\)(?:{_JOIN}\(\d{{1,3}}(?:\.\d+)?\))*)
      | (?:[Ee]qs?\.\s*|[Ee]quations?\s+)?(?P<bare>\d{{1,3}}(?:\.\d+)?(?:{_JOIN}\d{{1,3}}(?:\.\d+)?)*)(?![\w.]*\d)(?!\w)
    )""",
    re.VERBOSE,
)
# "(14) of BS": read as well, and reported as irregular.
_REVERSED = re.compile(
    rf"(?P<what>\(\d+(?:\.\d+)?\)|[A-Z][a-z]+\.?\s+{_NUMBER})\s+(?:of|in)\s+(?P<source>{'|'.join(SOURCES)})\b"
)


@dataclass(frozen=True)
class Citation:
    """One item of a source, cited in one place."""

    source: str
    item: str
    file: str
    name: str
    text: str

    @property
    def canonical(self) -> bool:
        """Whether the text has the one form that the docstrings agree on."""
        equations = rf"{self.source} \(\d+(\.\d+)?\)(-\(\d+(\.\d+)?\)|(, \(\d+(\.\d+)?\))*)"
        places = rf"{self.source} ({'|'.join(map(re.escape, set(_KINDS.values())))}) {_NUMBER}"
        return re.fullmatch(f"{equations}|{places}", self.text) is not None


def cited(text: str) -> list[tuple[str, str, str]]:
    """Return (source, item, as written) of all citations in a text."""
    found = []
    for match in _REVERSED.finditer(text):
        found += [(*one[:2], " ".join(match[0].split())) for one in cited(f"{match['source']} {match['what']}")]
    for match in _CITATION.finditer(text):
        written = " ".join(match[0].split())
        if match["bare"] and match["source"] != "BS":  # numbers without brackets were a habit with BS only
            continue
        if match["kind"]:
            kind = _KINDS[match["kind"].rstrip(".").lower().removesuffix("s")]
            items = [f"{kind} {place}" for place in re.findall(_NUMBER, match["places"])]
        else:
            items = list(_numbers(match["equations"] or match["bare"]))
        found += [(match["source"], item, written) for item in items]
    return found


def _numbers(text: str) -> Iterator[str]:
    """The equations of "(18)-(23)", "20, 21" and the like, each as "(20)"."""
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    joins = re.split(r"\(?\d+(?:\.\d+)?\)?", text)[1:-1]
    for i, number in enumerate(numbers):
        if i and re.fullmatch(r"\s*(--?|–|to\s)\s*", joins[i - 1]) and "." not in number:
            yield from (f"({k})" for k in range(int(numbers[i - 1]) + 1, int(number)))
        yield f"({number})"


def _texts(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string and each block of comments."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    start, block = 0, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            start, block = start if block else token.start[0], f"{block} {token.string.lstrip('#')}"
        elif token.type not in (tokenize.NL, tokenize.NEWLINE) and block:
            yield start, block
            block = ""


def definitions(source: str) -> list[tuple[int, int, str]]:
    """First line, last line and name ("Class.method") of everything that a file defines."""
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append((child.lineno, child.end_lineno or child.lineno, prefix + child.name))
                visit(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.Assign | ast.AnnAssign) and isinstance(node, ast.Module):
                targets = child.targets if isinstance(child, ast.Assign) else [child.target]
                found.extend((child.lineno, child.end_lineno or 0, t.id) for t in targets if isinstance(t, ast.Name))

    visit(ast.parse(source), "")
    return found


@dataclass(frozen=True)
class Source:
    """What is read of one file: its definitions and its texts, with their lines."""

    spans: list[tuple[int, int, str]]
    texts: list[tuple[int, str]]


@cache
def read(path: Path) -> Source:
    """Parse a file, once."""
    source = path.read_text(encoding="utf-8")
    return Source(definitions(source), list(_texts(source)))


def files(folder: str) -> list[Path]:
    """Python files of the package or the tests, in order."""
    return sorted((ROOT / folder).rglob("*.py"))


def citations(folder: str) -> list[Citation]:
    """All citations below ``rmtjac`` or ``tests``."""
    found = []
    for path in files(folder):
        if path.name == "test_docs.py":  # it tries the parser on made-up citations
            continue
        for line, text in read(path).texts:
            for origin, item, written in cited(text):
                name = max((span for span in read(path).spans if span[0] <= line <= span[1]), default=(0, 0, ""))[2]
                found.append(Citation(origin, item, path.relative_to(ROOT).as_posix(), name, written))
    return found


def places(folder: str) -> dict[str, list[str]]:
    """Where each name is defined: "Network.jacobian" -> ["rmtjac/network.py"]."""
    found: dict[str, list[str]] = {}
    for path in files(folder):
        for _, _, name in read(path).spans:
            where = found.setdefault(name, [])
            if path.relative_to(ROOT).as_posix() not in where:
                where.append(path.relative_to(ROOT).as_posix())
    return found


class Missing(LookupError):
    """A name of `sources.toml` that the package or the tests do not have, or have more than once."""


def located(name: str, known: dict[str, list[str]]) -> tuple[str, str]:
    """Return (file, name) of a name of `sources.toml`, "file.py::name" where several files have it."""
    file, _, name = name.rpartition("::")
    where = [path for path in known.get(name, []) if not file or path.endswith(f"/{file}")]
    if len(where) != 1:
        hint = "; write file.py::name" if where else f"; similar: {get_close_matches(name, known)}"
        raise Missing(f"docs/ names {name!r}, which stands in {where or 'no file'}{hint}")
    return where[0], name


def entries() -> dict[str, list[dict[str, Any]]]:
    """The table `sources.toml`."""
    return tomllib.loads((DOCS / "sources.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Row:
    """One line of the index."""

    source: str
    item: str
    what: str
    unused: str
    code: tuple[tuple[str, str], ...]
    tests: tuple[tuple[str, str], ...]


def rows() -> list[Row]:
    """The whole index: what `sources.toml` lists, then whatever else is cited."""
    package, tests = citations("rmtjac"), citations("tests")
    in_package, in_tests = places("rmtjac"), places("tests")

    def of(found: list[Citation], source: str, item: str) -> set[tuple[str, str]]:
        return {(one.file, one.name) for one in found if (one.source, one.item) == (source, item)}

    table, listed = [], set()
    for source, lines in entries().items():
        for line in lines:
            item = line["item"]
            listed.add((source, item))
            code = of(package, source, item) | {located(name, in_package) for name in line.get("code", ())}
            checks = of(tests, source, item) | {located(name, in_tests) for name in line.get("tests", ())}
            unused = line.get("unused", "")
            table.append(Row(source, item, line["what"], unused, tuple(sorted(code)), tuple(sorted(checks))))
    others = {(one.source, one.item) for one in package} - listed
    for source, item in sorted(others, key=lambda o: (SOURCES.index(o[0]), o[1])):
        code, checks = of(package, source, item), of(tests, source, item)
        table.append(Row(source, item, "", "", tuple(sorted(code)), tuple(sorted(checks))))
    return sorted(table, key=lambda row: SOURCES.index(row.source))


def labels() -> list[tuple[str, str]]:
    """(page, label) of all labelled equations of these pages."""
    found = []
    for path in sorted((DOCS / "theory").glob("*.md")):
        for label in re.findall(r"^\s*\$\$ \((eq-[\w-]+)\)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.append((path.stem, label))
    return found


def _joined(where: tuple[tuple[str, str], ...]) -> str:
    names: dict[str, list[str]] = {}
    for file, name in where:
        names.setdefault(file, []).append(name)
    return "<br>".join(
        f"`{file}`" + (": " + ", ".join(f"`{name}`" for name in inside if name) if any(inside) else "")
        for file, inside in names.items()
    )


_HEAD = """\
<!-- Generated by `python docs/equation_index.py`. Do not edit. -->

# Index of equations

Where the package uses an equation or a statement of a [source](../references.md), and where it is tested. A row gathers
the functions that cite it and those that `docs/sources.toml` names. After a change of the package,
`python docs/equation_index.py` writes this page anew; a test fails while it is stale.
"""


def page() -> str:
    """The text of the page."""
    text, source = [_HEAD], ""
    for row in rows():
        if row.source != source:
            source = row.source
            text.append(f"\n## {source}\n\n| of {source} | what | in the package | in the tests |\n|---|---|---|---|")
        code = f"not used: {row.unused}" if row.unused else _joined(row.code)
        text.append(f"| {row.item} | {row.what} | {code} | {_joined(row.tests)} |")
    text.append("\n## Labels of these pages\n\n| page | equation |\n|---|---|")
    text += [f"| [{page}]({page}.md) | {{eq}}`{label}` {label.removeprefix('eq-')} |" for page, label in labels()]
    return "\n".join(text) + "\n"


def missing() -> list[str]:
    """What `sources.toml` names and does not cite the equation itself."""
    known, package = places("rmtjac"), citations("rmtjac")
    found = []
    for source, lines in entries().items():
        for line in lines:
            files_that_cite = {one.file for one in package if (one.source, one.item) == (source, line["item"])}
            for name in line.get("code", ()):
                file, name = located(name, known)
                if file not in files_that_cite and line["item"].startswith("("):
                    found.append(f"{file}: {name}: {source} {line['item']}")
    return found


def main() -> None:
    """Write the page, or print what the options ask for."""
    if "--missing" in sys.argv:
        print(*missing(), sep="\n")
    elif "--irregular" in sys.argv:
        irregular = {(c.file, c.name, c.text) for c in citations("rmtjac") + citations("tests") if not c.canonical}
        print(*(f"{file}: {name or 'module'}: {text}" for file, name, text in sorted(irregular)), sep="\n")
    else:
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
