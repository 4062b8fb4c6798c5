import os
import signal
import subprocess
import sys
import time

import pytest

import rmtjac as rj
from rmtjac.sweep.engines import remaining
from rmtjac.sweep.store import scan
from tests.sweep.whole import ROOT, collected, new_plan, same, wait_for


def _cli(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "rmtjac.cli", "sweep", *map(str, words)], cwd=ROOT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_heed_interrupts,
    )  # fmt: skip


def _heed_interrupts():
    """Undo what a shell does to jobs in the background: they, and all that they start, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _with_a_killed_worker(folder, *words):
    """Run a plan, kill one of the workers on the way, and return what is printed."""
    new_plan(folder)
    process = _cli("run", folder, "-j", 2, *words)
    wait_for(folder, 20)
    pids = {w["pid"] for w in rj.sweep.status(folder).contents.writers}
    os.kill(pids.pop(), signal.SIGKILL)
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    return out


def test_processes_killed_twice(tmp_path, expected):
    folder = tmp_path / "sweep"
    plan = new_plan(folder)
    assert len(plan) == 200
    for count in (20, 90):
        process = _cli("run", folder, "-j", 2)
        wait_for(folder, count)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(0.2)  # for orphans to be gone
        assert not rj.sweep.status(folder).complete
    assert rj.sweep.run(folder, "processes", workers=2).complete
    same(folder, expected)
    # A torn last record costs that unit and no other.
    contents = scan(plan)
    biggest = max(contents.files, key=lambda path: path.stat().st_size)
    os.truncate(biggest, biggest.stat().st_size - 20)
    assert remaining(folder).size == 1
    assert "end in part of a record" in " ".join(rj.sweep.status(folder).problems)
    rj.sweep.run(folder, "serial")
    same(folder, expected)


def test_one_killed_worker_of_a_pool(tmp_path, expected):
    folder = tmp_path / "sweep"
    assert "200 of 200 units done" in _with_a_killed_worker(folder)
    same(folder, expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_end_cleanly(number, tmp_path):
    folder = tmp_path / "sweep"
    new_plan(folder)
    process = _cli("run", folder, "-j", 1)
    wait_for(folder, 10)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "units done" in err
    assert "run again to go on" in err
    assert "Traceback" not in err
    state = rj.sweep.status(folder)
    assert 10 <= state.done < 200
    assert not state.problems  # the units in hand were finished


@pytest.mark.slow  # a cluster of Dask and its workers: 8 s of CPU time
def test_dask_with_a_killed_worker(tmp_path, expected):
    pytest.importorskip("distributed")
    folder = tmp_path / "sweep"
    assert "200 of 200 units done" in _with_a_killed_worker(folder, "--engine", "dask")
    # Dask does again what the worker had written but not reported.
    same(folder, expected, twice=5)


def test_dask_schedulers_that_run_already(tmp_path, expected):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=3, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        for name, engine in (("address", f"dask:{cluster.scheduler_address}"), ("cluster", cluster)):
            new_plan(tmp_path / name, 0.0)
            assert rj.sweep.run(tmp_path / name, engine).complete
            same(tmp_path / name, expected)
        with distributed.Client(cluster, set_as_default=False) as client:
            new_plan(tmp_path / "client", 0.0)
            assert rj.sweep.run(tmp_path / "client", client, max_units=7).done == 7


def test_two_runs_at_once(tmp_path, expected):
    folder = tmp_path / "sweep"
    new_plan(folder, 0.005)
    both = [_cli("run", folder, "--engine", "serial") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    state = rj.sweep.status(folder)
    assert state.complete
    assert state.contents.differing == []
    assert collected(folder) == collected(expected[1])


def test_unknown_engines_and_dead_addresses(tmp_path):
    folder = tmp_path / "sweep"
    new_plan(folder)
    with pytest.raises(ValueError, match=r"engine='mpi' must be 'serial', 'processes', 'dask'"):
        rj.sweep.run(folder, "mpi")
    pytest.importorskip("distributed")
    start = time.monotonic()
    process = _cli("run", folder, "--engine", "dask:tcp://127.0.0.1:9")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "no scheduler answers there" in err
    assert err.strip().count("\n") == 0
    assert time.monotonic() - start < 30


def test_a_mistake_in_a_measurement_is_shown(tmp_path):
    for engine in ("serial", "processes"):
        folder = tmp_path / engine
        rj.sweep.plan(folder, widths=3, depths=2, seeds=4, measures="tests.sweep.measures:fails", block=1)
        with pytest.raises(ZeroDivisionError, match="a mistake in the measurement"):
            rj.sweep.run(folder, engine, workers=1)


def test_other_code_is_refused(tmp_path):
    folder = tmp_path / "sweep"
    new_plan(folder)
    path = folder / "plan.json"
    path.write_text(path.read_text().replace('"code": "', '"code": "x'))
    with pytest.raises(ValueError, match="its plan was made with rmtjac x"):
        rj.sweep.run(folder, "serial")
