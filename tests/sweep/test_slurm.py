"""Job arrays: without a cluster, and (slow) on a real SLURM on this machine."""

import sys

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.sweep import slurm as slurm_module
from rmtjac.sweep.store import scan
from tests.sweep.cluster import Slurm, missing
from tests.sweep.whole import ROOT, new_plan, same, wait_for


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


@pytest.mark.slow
def test_a_job_array_with_a_cancelled_task(tmp_path, expected, slurm):
    folder = tmp_path / "a sweep"  # with a space
    new_plan(folder, 0.1)
    first = rj.sweep.submit(folder, 2)
    assert (first.tasks, first.units) == (2, 200)
    wait_for(folder, 10)
    slurm.cancel(f"{first.job}_1")
    slurm.wait(lambda: "1" not in slurm.queue(first.job), 60, "the task does not end")
    # Task 0 still holds its units; those of the cancelled one are free, and then in the second array.
    second = rj.sweep.submit(folder, 5)
    assert second.units <= 100
    with pytest.raises(ValueError, match="wait or run in earlier job arrays"):
        rj.sweep.submit(folder, 1)
    for job in (first.job, second.job):
        slurm.wait(lambda job=job: not slurm.queue(job), 60, "the array does not end")
    same(folder, expected)
    jobs = {w["job"] for w in rj.sweep.status(folder).contents.writers}
    assert len(jobs) >= 2
    log = (first.folder / "0.log").read_text()
    assert "units done" in log
    with pytest.raises(ValueError, match="all 200 units are done; nothing to submit"):
        rj.sweep.submit(folder, 2)
    rj.sweep.plan(tmp_path / "other", widths=3, depths=1, seeds=2, block=1)
    with pytest.raises(OSError, match=r"sbatch: .*Invalid partition"):
        rj.sweep.submit(tmp_path / "other", 1, ["--partition=nowhere"])


@pytest.mark.slow
def test_a_part_of_a_job_array_by_hand(tmp_path, slurm):
    folder = tmp_path / "sweep"
    plan = new_plan(folder, 0.0)
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


@pytest.mark.slow
def test_dask_on_slurm(tmp_path, expected, slurm):
    jobqueue = pytest.importorskip("dask_jobqueue")
    folder = tmp_path / "sweep"
    new_plan(folder, 0.0)
    with jobqueue.SLURMCluster(
        cores=1, memory="500MB", processes=1, n_workers=1, interface="lo", log_directory=str(tmp_path),
        local_directory=str(tmp_path), scheduler_options={"dashboard_address": ":0"},
        job_script_prologue=[f"export PYTHONPATH={ROOT}"], python=sys.executable,
    ) as cluster:  # fmt: skip
        assert rj.sweep.run(folder, cluster).complete
    same(folder, expected)


@pytest.fixture
def submitted(tmp_path, monkeypatch):
    """Submit without a SLURM: what sbatch was called with, and the plan."""
    calls = []

    def command(*words):
        calls.append(words)
        return "7\n" if words[0] == "sbatch" else ""

    monkeypatch.setattr(slurm_module, "_command", command)
    folder = tmp_path / "sweep"
    return new_plan(folder, 0.0, seeds=5), calls  # 20 units


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
    new_plan(folder)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="sbatch is not installed here: submit on a login node"):
        rj.sweep.submit(folder, 2)
