"""Worker pool: every task gets a result, even if its process dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segue.pipeline.analysis.tasks import Failed
from segue.pipeline.analysis.workers import Workers

sys.path.insert(0, str(Path(__file__).parent))  # the workers are given this path
import work


def answers(workers, function, arguments):
    return dict(workers.answers(function, [(one, (one,)) for one in arguments]))


def test_every_task_has_one_result():
    with Workers(2) as workers:
        assert answers(workers, work.double, range(50)) == {n: 2 * n for n in range(50)}
        assert answers(workers, work.double, range(3)) == {n: 2 * n for n in range(3)}
        assert answers(workers, work.double, []) == {}


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("segfault", "SIGSEGV"),
        ("killed", "SIGKILL, probably for lack of memory"),
        ("real time", "signal 40"),
        ("exit", "code 3"),
        ("memory", "memory ran out"),
        ("bug", "ValueError: a bug"),
    ],
)
def test_dying_process_fails_its_task_only(what, reason):
    tasks = ["a", "b", what, "c", "d", "e"]
    with Workers(2) as workers:
        found = answers(workers, work.misbehave, tasks)
    failed = found.pop(what)
    assert isinstance(failed, Failed)
    assert reason in failed.reason
    assert found == {task: task for task in tasks if task != what}


def test_task_over_the_time_limit_is_stopped():
    started = time.monotonic()
    with Workers(1, seconds=3) as workers:
        found = answers(workers, work.misbehave, ["a", "hang", "b"])
    assert "more than 3 s" in found["hang"].reason
    assert (found["a"], found["b"]) == ("a", "b")
    assert time.monotonic() - started < 30


def test_pool_starts_few_processes_and_ends_all():
    with Workers(8) as workers:
        pids = set(answers(workers, work.pid, [1]).values())
    assert len(pids) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pids.pop(), 0)


def test_death_of_an_idle_process_fails_no_task():
    with Workers(2) as workers:
        (pid,) = answers(workers, work.pid, [1]).values()
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert answers(workers, work.double, range(6)) == {n: 2 * n for n in range(6)}


def test_output_of_codecs_is_hidden(capfd):
    with Workers(1) as workers:
        answers(workers, work.misbehave, ["noise"])
    assert capfd.readouterr().err == ""


def test_workers_end_with_their_parent(tmp_path):
    script = tmp_path / "script.py"  # with no guard around its main part
    script.write_text(
        f"import sys, os; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import work\n"
        "from segue.pipeline.analysis.workers import Workers\n"
        "workers = Workers(1).__enter__()\n"
        "print(list(workers.answers(work.pid, [(1, (1,))]))[0][1], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker lives on")
