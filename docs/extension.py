"""What these pages need beside Sphinx.

The role ``check`` names a test, the directive ``command-help`` shows the help of a command. In docstrings bars are no
substitutions, and "docs/theory/lerch.md" is a link. Pages may link to Markdown files outside docs/. Members that a
class has from another package are left out.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from equation_index import located, places


def _check(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Any = ()
) -> Any:
    """{check}`test_x` is the test test_x, with its file; a warning if there is none."""
    try:
        file, test = located(text, places("tests"))
    except LookupError as error:
        return [], [inliner.reporter.warning(str(error), line=lineno)]
    return [nodes.literal(rawtext, f"{file}::{test}")], []


class CommandHelp(Directive):
    """What ``rmtjac ARGUMENTS --help`` prints."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the text as a literal block."""
        from rmtjac.cli import main

        arguments = self.arguments[0].split()
        if arguments[0] != "rmtjac":
            raise self.error("the argument begins with rmtjac")
        text = io.StringIO()
        os.environ["COLUMNS"] = "110"  # the width that argparse takes for that of the terminal
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text), contextlib.suppress(SystemExit):
            main([*arguments[1:], "--help"])
        if not text.getvalue().startswith("usage"):
            raise self.error(f"{' '.join(arguments)} --help: {text.getvalue().strip()}")
        block = nodes.literal_block(text.getvalue(), text.getvalue())
        block["language"] = "text"
        return [block]


_LITERAL = re.compile(r"(``.*?``|:\w+:`[^`]*`|`[^`]*`)", re.DOTALL)


def _link(text: str) -> str:
    """Make links of the names of pages."""
    return re.sub(r"\bdocs/([\w/]+)\.md\b", r":doc:`docs/\1.md </\1>`", text)


def _outside(app: Any, page: str, source: list[str]) -> None:
    """Make downloads of links to Markdown files outside docs/, which Sphinx takes for pages."""

    def download(match: re.Match[str]) -> str:
        path = (Path(app.srcdir) / page).parent.joinpath(match[2]).resolve()
        inside = path.is_relative_to(Path(app.srcdir).resolve())
        return match[0] if inside else f"{{download}}`{match[1]} <{match[2]}>`"

    if page == "index" and not (Path(app.srcdir) / "guide").is_dir():
        source[0] = source[0].replace("guide/*\n", "")  # a pattern that matches nothing is a warning
    source[0] = re.sub(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+\.md)\)", download, source[0])


def _docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    r"""Write \| for the bars of |x|, and link the pages that are named; not in formulas, literals and examples."""
    within, plain = -1, []  # indentation of the directive whose content is left as it is; the lines to change
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent <= within:
            within = -1
        if within < 0 and re.match(r"\s*\.\. (math|code-block)::", line):
            within = indent
        elif within < 0 and not line.lstrip().startswith((">>>", "...")):
            plain.append(i)
    parts = _LITERAL.split("\n".join(lines[i] for i in plain))
    parts[::2] = [_link(re.sub(r"(?<!\\)\|", r"\\|", part)) for part in parts[::2]]
    for i, line in zip(plain, "".join(parts).split("\n"), strict=bool(plain)):
        lines[i] = line


def _skip_foreign(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out functions that another package gave a class, as scikit-learn does."""
    module = getattr(obj, "__module__", None) or ""
    return True if callable(obj) and module and not module.startswith("rmtjac") else None


def setup(app: Any) -> dict[str, Any]:
    """Register all of it with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _docstring, priority=900)  # after numpydoc
    app.connect("source-read", _outside)
    app.connect("autodoc-skip-member", _skip_foreign)
    app.add_role("check", _check)
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
