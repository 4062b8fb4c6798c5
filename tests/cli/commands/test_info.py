import os
from importlib import metadata

import numpy as np

from tests.cli.running import run, strict


def test_info_json(capsys):
    facts = strict(run(capsys, "info", "--json"))
    for name in ("rmtjac", "numpy", "scipy", "numba"):
        assert facts["versions"][name] == metadata.version(name)
    assert facts["cores"] == os.cpu_count()
    assert facts["blas"]
    assert facts["cpu"]


def test_table(capsys):
    assert f"numpy       {np.__version__}\n" in run(capsys, "info")
