import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.sweep import slurm as slurm_module
from rmtjac.sweep.engines import remaining
from rmtjac.sweep.store import scan
from tests.sweep.cluster import Slurm, missing

ROOT = Path(__file__).parents[2]


def _plan(folder, seconds=0.02, seeds=50):
    """200 units of one network."""
    return rj.sweep.plan(
        folder, widths=[3, 5], depths=[1, 2], seeds=seeds, measures={"tests.sweep.measures:slow": {"seconds": seconds}},
        rng=7, block=1,
    )  # fmt: skip


def _collected(folder):
    return rj.sweep.collect(folder, folder.parent / f"{folder.name}.csv").read_bytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the serial engine collects."""
    folder = tmp_path_factory.mktemp("serial") / "sweep"
    _plan(folder, 0.0)
    assert rj.sweep.run(folder, "serial").complete
    return rj.sweep.load(folder), folder


def _same(folder, expected, twice=0):
    """The content is that of the serial run, byte for byte; only the pause differs; `twice`: units done twice."""
    state = rj.sweep.status(folder)
    assert state.complete
    assert state.contents.duplicates <= twice
    assert (state.contents.differing, state.contents.damaged) == ([], [])
    found = rj.sweep.load(folder)
    for name, values in expected[0].columns.items():
        if values.dtype == object:
            assert all(np.array_equal(a, b) for a, b in zip(values, found[name], strict=True))
        else:
            np.testing.assert_array_equal(found[name], values)
    assert _collected(folder) == _collected(expected[1])


def _cli(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "rmtjac.cli", "sweep", *map(str, words)], cwd=ROOT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _wait_for(folder, count, seconds=120):
    end = time.monotonic() + seconds
    while rj.sweep.status(folder).done < count:
        assert time.monotonic() < end, f"no {count} units within {seconds} s"
        time.sleep(0.05)


def _with_a_killed_worker(folder, *words):
    """Run a plan, kill one of the workers on the way, and return what is printed."""
    _plan(folder)
    process = _cli("run", folder, "-j", 2, *words)
    _wait_for(folder, 20)
    pids = {w["pid"] for w in rj.sweep.status(folder).contents.writers}
    os.kill(pids.pop(), signal.SIGKILL)
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    return out


def test_processes_killed_twice(tmp_path, expected):
    folder = tmp_path / "sweep"
    plan = _plan(folder)
    assert len(plan) == 200
    for count in (20, 90):
        process = _cli("run", folder, "-j", 2)
        _wait_for(folder, count)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(0.2)  # for orphans to be gone
        assert not rj.sweep.status(folder).complete
    assert rj.sweep.run(folder, "processes", workers=2).complete
    _same(folder, expected)
    # A torn last record costs that unit and no other.
    contents = scan(plan)
    biggest = max(contents.files, key=lambda path: path.stat().st_size)
    os.truncate(biggest, biggest.stat().st_size - 20)
    assert remaining(folder).size == 1
    assert "end in part of a record" in " ".join(rj.sweep.status(folder).problems)
    rj.sweep.run(folder, "serial")
    _same(folder, expected)


def test_one_killed_worker_of_a_pool(tmp_path, expected):
    folder = tmp_path / "sweep"
    assert "200 of 200 units done" in _with_a_killed_worker(folder)
    _same(folder, expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_end_cleanly(number, tmp_path):
    folder = tmp_path / "sweep"
    _plan(folder)
    process = _cli("run", folder, "-j", 2)
    _wait_for(folder, 10)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "units done" in err
    assert "run again to go on" in err
    assert "Traceback" not in err
    state = rj.sweep.status(folder)
    assert 10 <= state.done < 200
    assert not state.problems  # the units in hand were finished


def test_dask_with_a_killed_worker(tmp_path, expected):
    pytest.importorskip("distributed")
    folder = tmp_path / "sweep"
    assert "200 of 200 units done" in _with_a_killed_worker(folder, "--engine", "dask")
    # Dask does again what the worker had written but not reported.
    _same(folder, expected, twice=5)


def test_dask_schedulers_that_run_already(tmp_path, expected):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=3, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        for name, engine in (("address", f"dask:{cluster.scheduler_address}"), ("cluster", cluster)):
            _plan(tmp_path / name, 0.0)
            assert rj.sweep.run(tmp_path / name, engine).complete
            _same(tmp_path / name, expected)
        with distributed.Client(cluster, set_as_default=False) as client:
            _plan(tmp_path / "client", 0.0)
            assert rj.sweep.run(tmp_path / "client", client, max_units=7).done == 7


def test_two_runs_at_once(tmp_path, expected):
    folder = tmp_path / "sweep"
    _plan(folder, 0.005)
    both = [_cli("run", folder, "--engine", "serial") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    state = rj.sweep.status(folder)
    assert state.complete
    assert state.contents.differing == []
    assert _collected(folder) == _collected(expected[1])


def test_unknown_engines_and_dead_addresses(tmp_path):
    folder = tmp_path / "sweep"
    _plan(folder)
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
    _plan(folder)
    path = folder / "plan.json"
    path.write_text(path.read_text().replace('"code": "', '"code": "x'))
    with pytest.raises(ValueError, match="its plan was made with rmtjac x"):
        rj.sweep.run(folder, "serial")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    why = missing()
    if why:
        pytest.skip(f"no SLURM here: {why}")
    folder = tmp_path_factory.mktemp("slurm")
    patch = pytest.MonkeyPatch()
    with Slurm(folder) as cluster:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", str(ROOT))
        yield cluster
    patch.undo()


def test_a_job_array_with_a_cancelled_task(tmp_path, expected, slurm):
    folder = tmp_path / "a sweep"  # with a space
    _plan(folder, 0.1)
    first = rj.sweep.submit(folder, 2)
    assert (first.tasks, first.units) == (2, 200)
    _wait_for(folder, 10)
    slurm.cancel(f"{first.job}_1")
    slurm.wait(lambda: "1" not in slurm.queue(first.job), 60, "the task does not end")
    # Task 0 still holds its units; those of the cancelled one are free, and then in the second array.
    second = rj.sweep.submit(folder, 5)
    assert second.units <= 100
    with pytest.raises(ValueError, match="wait or run in earlier job arrays"):
        rj.sweep.submit(folder, 1)
    for job in (first.job, second.job):
        slurm.wait(lambda job=job: not slurm.queue(job), 60, "the array does not end")
    _same(folder, expected)
    jobs = {w["job"] for w in rj.sweep.status(folder).contents.writers}
    assert len(jobs) >= 2
    log = (first.folder / "0.log").read_text()
    assert "units done" in log
    with pytest.raises(ValueError, match="all 200 units are done; nothing to submit"):
        rj.sweep.submit(folder, 2)
    rj.sweep.plan(tmp_path / "other", widths=3, depths=1, seeds=2, block=1)
    with pytest.raises(OSError, match=r"sbatch: .*Invalid partition"):
        rj.sweep.submit(tmp_path / "other", 1, ["--partition=nowhere"])


def test_a_part_of_a_job_array_by_hand(tmp_path, slurm):
    folder = tmp_path / "sweep"
    plan = _plan(folder, 0.0)
    first = rj.sweep.submit(folder, 5, ["--hold"])
    slurm.cancel(first.job)
    slurm.wait(lambda: not slurm.queue(first.job), 60, "the array does not end")
    # In the meantime others do some of the units of all tasks.
    rj.sweep.run(folder, "serial", max_units=30)
    before = scan(plan).done
    again = slurm.sbatch("--array=1,3", first.folder / "script.sh")
    slurm.wait(lambda: not slurm.queue(again), 120, "the array does not end")
    units = np.load(first.folder / "units.npy")
    done = scan(plan).done
    for task in range(5):
        share = units[task::5]
        assert (done[share] == (True if task in (1, 3) else before[share])).all()
    assert scan(plan).duplicates == 0


def test_dask_on_slurm(tmp_path, expected, slurm):
    jobqueue = pytest.importorskip("dask_jobqueue")
    folder = tmp_path / "sweep"
    _plan(folder, 0.0)
    with jobqueue.SLURMCluster(
        cores=1, memory="500MB", processes=1, n_workers=1, interface="lo", log_directory=str(tmp_path),
        local_directory=str(tmp_path), scheduler_options={"dashboard_address": ":0"},
        job_script_prologue=[f"export PYTHONPATH={ROOT}"], python=sys.executable,
    ) as cluster:  # fmt: skip
        assert rj.sweep.run(folder, cluster).complete
    _same(folder, expected)


@pytest.fixture
def submitted(tmp_path, monkeypatch):
    """Submit without a SLURM: what sbatch was called with, and the plan."""
    calls = []

    def command(*words):
        calls.append(words)
        return "7\n" if words[0] == "sbatch" else ""

    monkeypatch.setattr(slurm_module, "_command", command)
    folder = tmp_path / "sweep"
    return _plan(folder, 0.0, seeds=5), calls  # 20 units


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], [0, 1, 2]),
        (["--array=0-4%2"], [0, 1, 2, 3, 4]),
        (["--arr", "1,3"], [1, 3]),
        (["-a", "2-8:3,1"], [1, 2, 5, 8]),
        (["-a7"], [7]),
        (["--array=0-29"], list(range(30))),  # more tasks than units
    ],
)
def test_tasks_keep_their_units(submitted, monkeypatch, options, numbers):
    plan, calls = submitted
    done = rj.sweep.submit(plan.folder, 3, options)
    assert (done.tasks, done.units) == (len(numbers), 20)
    array = (done.folder / "script.sh").read_text().split("--array=")[1].split()[0]
    assert calls[-1][2:-1] == tuple(options or [f"--array={array}"])
    seen = []
    for task in reversed(numbers):  # in any order, with any number of tasks in the array of the day
        monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", str(1 + task % 2))
        before = scan(plan).done
        slurm_module.run_task(plan.folder, 1, task)
        seen.append(np.flatnonzero(scan(plan).done & ~before))
    assert sorted(np.concatenate(seen).tolist()) == list(range(20))
    assert max(map(len, seen)) - min(map(len, seen)) <= 1
    with pytest.raises(ValueError, match=f"task=99: the submission has {len(numbers)} tasks, {numbers[0]} to"):
        slurm_module.run_task(plan.folder, 1, 99)


def test_submissions_of_an_earlier_version_and_damaged_ones(submitted):
    plan, _ = submitted
    place = rj.sweep.submit(plan.folder, 3).folder
    (place / "array.json").unlink()
    assert slurm_module.run_task(plan.folder, 1, 2).done == 6  # 2, 5, ... of 20, by the number in job.json
    for name, content in (
        ("job.json", b"{}"), ("job.json", b'{"tasks": 0}'), ("array.json", b"[1]"), ("array.json", b'"3-1"'),
        ("array.json", b'"0-99999999999"'), ("units.npy", b"\x93NUMPY"), ("units.npy", b""),
    ):  # fmt: skip
        (place / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}' is missing or damaged .*; submit again"):
            slurm_module.run_task(plan.folder, 1, 1)
    with pytest.raises(ValueError, match=r"job.json' is damaged \(KeyError\('job'\)\); remove it"):
        rj.sweep.submit(plan.folder, 3)
    (place / "job.json").write_text('{"job": 7}')
    with pytest.raises(ValueError, match=r"options: --array='1;3' must list tasks as in 0-9"):
        rj.sweep.submit(plan.folder, 3, ["--array=1;3"])


def test_without_slurm(tmp_path, monkeypatch):
    folder = tmp_path / "sweep"
    _plan(folder)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="sbatch is not installed here: submit on a login node"):
        rj.sweep.submit(folder, 2)
