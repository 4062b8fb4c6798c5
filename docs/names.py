"""Names of modules in the pages, and what became of those that have moved."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"`(rmtjac(?:\.\w+)+)`")


def modules(root: Path) -> set[str]:
    """All modules and packages below ``rmtjac``, dotted."""
    found = (path.relative_to(root).with_suffix("").as_posix() for path in (root / "rmtjac").rglob("*.py"))
    return {name.removesuffix("/__init__").replace("/", ".") for name in found}


def namesakes(name: str, known: set[str]) -> list[str]:
    """Modules with the same last name."""
    return sorted(module for module in known if module.rpartition(".")[2] == name.rpartition(".")[2])


def follow(root: Path) -> list[str]:
    """Give the pages the new names of modules that have moved; what has no namesake, or several, is left."""
    known, done = modules(root), []
    for page in sorted((root / "docs").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for name in sorted(set(_NAME.findall(text)) - known):
            parent, _, last = name.rpartition(".")
            face = root / parent.replace(".", "/") / "__init__.py"
            if face.is_file() and re.search(rf"\b{last}\b", face.read_text(encoding="utf-8")):
                continue  # a public name of the parent, not a module
            if len(new := namesakes(name, known)) == 1:
                text = text.replace(f"`{name}`", f"`{new[0]}`")
                done.append(f"{page.relative_to(root)}: {name} -> {new[0]}")
        page.write_text(text, encoding="utf-8")
    return done
