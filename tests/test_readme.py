"""The README: its code runs and prints what it shows, its commands stand where .ci/run looks for them."""

import re
import tomllib
from pathlib import Path

import pytest

from rmtjac import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Language, content, and what stands between this fenced block and the one before.
BLOCKS = [
    (m["language"], m["body"], m["before"])
    for m in re.finditer(r"(?P<before>.*?)^```(?P<language>\w*)\n(?P<body>.*?)^```$", README, re.M | re.S)
]


def _shown_after(i):
    """The text block that follows block i with nothing in between: the output that the README shows."""
    language, body, before = (*BLOCKS, ("", "", ""))[i + 1]
    return body if language == "text" and not before.strip() else None


PYTHON = [(body, _shown_after(i)) for i, (language, body, _) in enumerate(BLOCKS) if language == "python"]


def _command(marker):
    assert README.count(f"<!-- {marker} -->") == 1
    (block,) = [(lang, body) for lang, body, before in BLOCKS if before.endswith(f"\n<!-- {marker} -->\n")]
    assert block[0] == "bash"
    return block[1]


def test_there_is_an_example_of_each_use():
    assert len(PYTHON) == 7
    assert [shown is not None for _, shown in PYTHON] == [False, *6 * [True]]


@pytest.mark.parametrize(
    ("code", "shown"), PYTHON, ids=["compare", "sweep", "solver", "layers", "samples", "fixed points", "certificates"]
)
def test_python_blocks_run_and_print_what_they_show(code, shown, tmp_path, monkeypatch, capsys):
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    try:
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    finally:
        plt.close("all")
    # To the letter: the seed is fixed, and rounding differs by far less than the last digit printed.
    assert capsys.readouterr().out == (shown or "")
    written = set(re.findall(r'savefig\("([^"]+)"', code))
    assert {path.name for path in tmp_path.iterdir()} == written
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in written)


def test_numbers_in_the_solver_example_by_hand():
    shown = PYTHON[2][1]
    assert f"{6**6 / 5**5:.6g}]" in shown  # Fuss-Catalan edge (L + 1)^{L + 1} / L^L
    first = float(re.search(r"atom 0\.2\) \[\s*([\d.]+)", shown)[1])
    # m_1 = (E D^2)^5 with E D^2 = 0.8 / 0.8^2; eight digits are shown.
    assert first == pytest.approx(1.25**5, abs=0.5e-8)


@pytest.mark.parametrize(
    ("marker", "extra", "job"),
    [("run", ".", "rmtjac compare"), ("test", "-e '.[test]'", "python -m pytest -n auto --dist loadfile")],
)
def test_commands(marker, extra, job):
    command = f"python3 -m venv .venv && .venv/bin/pip install -q {extra} && .venv/bin/{job}\n"
    assert _command(marker) == command
    assert README.count(command) == 1


def test_the_run_command_prints_the_table_shown(tmp_path, monkeypatch, capsys):
    (shown,) = [body for lang, body, _ in BLOCKS if lang == "text" and body.startswith("Ensemble(")]
    monkeypatch.chdir(tmp_path)
    assert cli.main(_command("run").split(".venv/bin/rmtjac ")[1].split()) == 0
    assert capsys.readouterr().out == shown
    assert [path.name for path in tmp_path.iterdir()] == ["rmtjac-compare.png"]


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", README)
    inside = [link for link in links if not link.startswith("https://")]
    assert {"data/compare.png", "LICENSE", "CITATION.cff"} <= set(inside)
    assert [link for link in inside if not (ROOT / link).is_file()] == []


def test_versions_agree():
    version = PROJECT["version"]
    assert re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)[1] == version
    assert re.search(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)[1] == version
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} to" in README
