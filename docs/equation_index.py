"""The index "equation of a source, where the package uses it, where it is tested".

``python docs/equation_index.py`` writes ``docs/theory/index_of_equations.md`` anew, and gives the pages the new names
of modules that have moved. ``--missing`` lists functions that `sources.toml` names for an equation and that do not cite
it yet; ``--irregular`` lists citations in another form than

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

from citations import SOURCES, Citation, cited
from names import follow

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PAGE = DOCS / "theory" / "index_of_equations.md"
COMMAND = "python docs/equation_index.py"


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
    """What is read of one file: its definitions and its texts, with their lines; its classes and their bases."""

    spans: list[tuple[int, int, str]]
    texts: list[tuple[int, str]]
    bases: list[tuple[str, list[str]]]


@cache
def read(path: Path) -> Source:
    """Parse a file, once."""
    source = path.read_text(encoding="utf-8")
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    bases = [(node.name, [ast.unparse(base).rpartition(".")[2] for base in node.bases]) for node in classes]
    return Source(definitions(source), list(_texts(source)), bases)


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


def parents() -> dict[str, list[str]]:
    """Return the names of the classes from which each class of the package inherits."""
    found: dict[str, list[str]] = {}
    for path in files("rmtjac"):
        for name, bases in read(path).bases:
            found.setdefault(name, []).extend(bases)
    return found


def located(name: str, known: dict[str, list[str]]) -> tuple[str, str]:
    """Return (file, name) of a name; "part/of/path::name" where several files have it. A method may be inherited."""
    file, _, name = name.rpartition("::")
    where = [path for path in known.get(name, []) if not file or f"/{file}" in f"/{path}"]
    owner, _, method = name.rpartition(".")
    if not where and owner:
        for parent in parents().get(owner, ()):
            if f"{parent}.{method}" in known or parents().get(parent):
                return located(f"{parent}.{method}", known)
    if len(where) != 1:
        near = "" if known.get(name) else f"; similar: {get_close_matches(name, known)}"
        raise Missing(f"docs/ names {name!r}; part/of/path::name is one of {known.get(name) or 'no file'}{near}")
    return where[0], name


def entries() -> dict[str, list[dict[str, Any]]]:
    """Return the table `sources.toml`."""
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
    """Return the whole index: what `sources.toml` lists, then whatever else is cited."""
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
    """Return the text of the page."""
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
    """Return what `sources.toml` names and does not cite the equation itself."""
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
        for line in follow(ROOT):
            print(line)
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
