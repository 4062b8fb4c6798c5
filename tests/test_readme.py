"""The README and the guide: code runs and prints what they show, commands run, links lead somewhere."""

import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from rmtjac.cli.main import main, parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
README = TEXTS["README.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FIGURES = re.compile(r'savefig\("([^"]+)"')


def _blocks(text):
    """Language, content, and what stands between a fenced block and the one before."""
    pattern = re.compile(r"(?P<before>.*?)^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.M | re.S)
    return [(m["language"], m["body"], m["before"]) for m in pattern.finditer(text)]


def _snippets(text):
    """Each Python block with the output shown after it, a text block with nothing in between."""
    blocks = [*_blocks(text), ("", "", "")]
    for (language, body, _), (following, shown, before) in pairwise(blocks):
        if language == "python":
            yield body, shown if following == "text" and not before.strip() else ""


# In the README each block builds on those before; in the guide each runs by itself.
SNIPPETS = [("README.md", list(_snippets(README)))]
SNIPPETS += [(page, [one]) for page, text in TEXTS.items() if page != "README.md" for one in _snippets(text)]


def _names(entries):
    return [f"{page.rpartition('/')[2]} {i}" for i, (page, *_) in enumerate(entries)]


@pytest.mark.parametrize(("page", "blocks"), SNIPPETS, ids=_names(SNIPPETS))
def test_python_blocks_run_and_print_what_they_show(page, blocks, tmp_path, monkeypatch, capsys):
    import matplotlib.pyplot as plt

    if any("rmtjac.learn" in code for code, _ in blocks):
        pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    try:
        for code, shown in blocks:
            exec(compile(code, page, "exec"), names)
            # To the letter: the seed is fixed, and rounding differs by far less than the last digit printed.
            assert capsys.readouterr().out == shown
    finally:
        plt.close("all")
    written = {name for code, _ in blocks for name in FIGURES.findall(code)}
    assert {path.name for path in tmp_path.iterdir()} == written
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in written)


def test_the_readme_answers_six_questions_in_150_lines():
    assert 110 <= len(README.splitlines()) <= 150
    questions = README.split("## Six questions")[1].split("## Conventions")[0]
    assert len(re.findall(r"^\*\*.+\?\*\*", questions, re.M)) == 6
    snippets = list(_snippets(questions))
    assert len(snippets) == 6 == len(list(_snippets(README)))
    assert all(shown and len(code.splitlines()) <= 8 for code, shown in snippets)


def test_every_page_of_the_guide_is_listed():
    index = TEXTS["docs/guide/index.md"]
    for path in PAGES[1:]:
        if path.name != "index.md":
            assert f"]({path.name})" in index
            assert f"\n{path.stem}\n" in index


def test_numbers_in_the_examples_by_hand():
    shown = next(shown for _, shown in _snippets(TEXTS["docs/guide/limits.md"]))
    assert f"{6**6 / 5**5:.6g}]" in shown  # Fuss-Catalan edge (L + 1)^{L + 1} / L^L
    first = float(re.search(r"atom 0\.2\) \[\s*([\d.]+)", shown)[1])
    # m_1 = (E D^2)^5 with E D^2 = 0.8 / 0.8^2; eight digits are shown.
    assert first == pytest.approx(1.25**5, abs=0.5e-8)
    # relu keeps half of its 400 neurons in the last layer, and 200 neurons before it allow no more: atom 1/2.
    assert "atom 0.5)" in README


def _command(marker):
    assert README.count(f"<!-- {marker} -->") == 1
    (block,) = [(lang, body) for lang, body, before in _blocks(README) if before.endswith(f"\n<!-- {marker} -->\n")]
    assert block[0] == "bash"
    return block[1]


@pytest.mark.parametrize(
    ("marker", "extra", "job"),
    [("run", ".", "rmtjac compare"), ("test", "-e '.[test]'", "python -m pytest -n auto --dist worksteal")],
)
def test_commands(marker, extra, job):
    command = f"python3 -m venv .venv && .venv/bin/pip install -q {extra} && .venv/bin/{job}\n"
    assert _command(marker) == command
    assert README.count(command) == 1


def test_the_run_command_prints_the_table_shown(tmp_path, monkeypatch, capsys):
    (shown,) = [body for lang, body, _ in _blocks(README) if lang == "text" and body.startswith("Ensemble(")]
    monkeypatch.chdir(tmp_path)
    assert main(_command("run").split(".venv/bin/rmtjac ")[1].split()) == 0
    assert capsys.readouterr().out == shown
    assert [path.name for path in tmp_path.iterdir()] == ["rmtjac-compare.png"]


SHELL = [
    (page, [line for line in body.splitlines() if line.startswith("rmtjac ")])
    for page, text in TEXTS.items()
    for language, body, _ in _blocks(text)
    if language == "bash" and "rmtjac " in body and ".venv" not in body
]
# The plan of the guide, with cells that take no time.
_SMALLER = {"widths": [6], "depths": [1, 2], "seeds": "4\nblock = 2"}


@pytest.mark.parametrize(("page", "lines"), SHELL, ids=_names(SHELL))
def test_shell_blocks_run(page, lines, tmp_path, monkeypatch, capsys):
    from rmtjac.sweep import slurm

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(slurm, "_command", lambda *words: "77\n")
    for language, body, _ in _blocks(TEXTS[page]):
        if language == "toml":
            for name, value in _SMALLER.items():
                body, found = re.subn(rf"^{name} = .*$", f"{name} = {value}", body, flags=re.M)
                assert found == 1
            (tmp_path / "plan.toml").write_text(body)
    if any(line.startswith("rmtjac sweep submit") for line in lines):  # it takes what is left, so it comes first
        lines = sorted(lines, key=lambda line: line.startswith("rmtjac sweep run"))
        lines = sorted(lines, key=lambda line: not line.startswith(("rmtjac sweep plan", "rmtjac sweep submit")))
        lines = sorted(lines, key=lambda line: line.startswith(("rmtjac sweep collect", "rmtjac sweep plot")))
    assert lines
    for line in lines:
        words = shlex.split(re.sub(r"-j \d+", "--engine serial", line), comments=True)[1:]  # no processes
        assert main(words) == 0, line
        assert capsys.readouterr().out, line
        if "--out" in words:
            assert (tmp_path / words[words.index("--out") + 1]).stat().st_size > 100, line


def test_the_guide_lists_every_command():
    for name in parser().commands:
        assert f"| `rmtjac {name}` |" in TEXTS["docs/guide/command_line.md"]


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page):
    inside = [link for link in re.findall(r"\]\(([^)]+)\)", TEXTS[page]) if not link.startswith("https://")]
    folder = (ROOT / page).parent
    assert [link for link in inside if not (folder / link.partition("#")[0]).is_file()] == []
    if page == "README.md":
        assert {"data/compare.png", "LICENSE", "CITATION.cff", "docs/guide/command_line.md"} <= set(inside)


def test_versions_agree():
    version = PROJECT["version"]
    assert re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)[1] == version
    assert re.search(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)[1] == version
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} to" in README
