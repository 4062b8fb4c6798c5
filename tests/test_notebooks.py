"""Every notebook runs at small size and draws its pictures; its stored .ipynb is of the same source."""

import ast
import asyncio
import warnings
from importlib import import_module
from pathlib import Path

import pytest

import rmtjac as rj

jupytext = pytest.importorskip("jupytext")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

_SCRIPTS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))
_PICTURES = {
    "01_spectra": 4,
    "02_limits": 4,
    "03_fixed_points": 4,
    "04_sweep": 5,
    "05_nonnegative": 3,
    "06_stability": 8,
}  # at least this many; any other notebook has one


def _outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def _pictures(notebook):
    return [o for o in _outputs(notebook) if "image/png" in o.get("data", {})]


def _dotted(node):
    """The names of ``rj.a.b``, from the left; empty for anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return names[::-1] if isinstance(node, ast.Name) and node.id == "rj" else []


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda path: path.stem)
def test_public_names_exist(script):
    seen = 0
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rmtjac"):
            for alias in node.names:
                getattr(import_module(node.module), alias.name)
        thing = rj
        for name in _dotted(node):
            thing, seen = getattr(thing, name), seen + 1
    assert seen > 3


@pytest.mark.slow  # each starts a kernel and draws pictures: 5 to 15 s
@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda path: path.stem)
def test_runs_at_small_size(script, tmp_path, monkeypatch):
    monkeypatch.setenv("RMTJAC_SMALL", "1")
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel must draw inline
    notebook = jupytext.read(script)
    client = nbclient.NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    with warnings.catch_warnings():
        # The client's own: sockets and event loops left to the collector, old asyncio names.
        for category in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        asyncio.run(client.async_execute())
    errors = [f"{o.ename}: {o.evalue}" for o in _outputs(notebook) if o.output_type == "error"]
    assert errors == []
    # A warning of the package in the kernel would show on its stderr.
    assert [o.text for o in _outputs(notebook) if o.output_type == "stream" and o.name == "stderr"] == []
    assert len(_pictures(notebook)) >= _PICTURES.get(script.stem, 1)
    assert list(tmp_path.iterdir()) == []  # nothing was left behind


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda path: path.stem)
def test_stored_notebook_is_of_the_same_source(script):
    stored = script.with_suffix(".ipynb")
    source, notebook = jupytext.read(script), jupytext.read(stored)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [(c.cell_type, c.source) for c in source.cells]
    assert notebook.metadata.jupytext["formats"] == source.metadata.jupytext["formats"] == "ipynb,py:percent"


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda path: path.stem)
def test_stored_notebook_holds_a_whole_run(script):
    stored = script.with_suffix(".ipynb")
    notebook = jupytext.read(stored)
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert all(o.output_type != "error" for o in _outputs(notebook))
    assert len(_pictures(notebook)) >= _PICTURES.get(script.stem, 1)
    assert stored.stat().st_size < 1_500_000
