import json
import platform
from importlib import metadata

import numpy as np

import rmtjac as rj
from rmtjac.provenance import cpu_class, provenance, versions


def test_a_record_is_json():
    record = json.loads(json.dumps(provenance(seed=1)))
    assert record == {"seed": 1, "versions": versions(), "cpu": cpu_class()}


def test_versions_are_those_of_the_modules():
    found = versions()
    assert found["python"] == platform.python_version()
    assert (found["rmtjac"], found["numpy"]) == (rj.__version__, np.__version__)
    for name in set(found) - {"python"}:
        assert found[name] == metadata.version(name)
    found["numpy"] = "changed"  # a copy: the record of the next result is not touched
    assert versions()["numpy"] == np.__version__


def test_the_class_of_the_processor_names_what_numpy_may_use():
    assert cpu_class().split("+")[0] == platform.machine()
    assert len(set(cpu_class().split("+"))) == len(cpu_class().split("+"))
