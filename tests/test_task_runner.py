"""The contract of `TaskRunner`, for the runners of one machine; test_ray.py has the others."""

import pickle

import pytest

from segue.errors import ModelError
from segue.pipeline.analysis.workers import Workers
from segue.task_runner import IN_PROCESS, InProcess


def power(number: int, exponent: int, offset: int) -> int:
    return number**exponent + offset


def fail(number: int) -> int:
    if number == 2:
        raise ModelError("The number is 2: give another.")
    return number


@pytest.fixture(params=[InProcess, Workers])
def runner(request):
    with_context = request.param()
    return with_context if request.param is InProcess else with_context.__enter__()


def test_map_returns_results_in_the_order_of_tasks(runner):
    offset = runner.share(100)
    assert list(runner.map(power, [(3, 2), (1, 5), (2, 3)], (offset,))) == [109, 101, 108]
    assert list(runner.map(power, [(2,), (3,)], (2, offset), threads=True)) == [104, 109]
    assert list(runner.map(power, [], (offset,))) == []


def test_map_raises_what_a_task_raises(runner):
    with pytest.raises(ModelError, match="The number is 2"):
        list(runner.map(fail, [(1,), (2,), (3,)]))


def test_map_in_process_runs_a_task_when_it_is_wanted():
    assert next(IN_PROCESS.map(fail, [(1,), (2,)])) == 1


def test_runner_in_a_task_runs_in_its_process(runner):
    assert type(pickle.loads(pickle.dumps(runner))) is InProcess  # noqa: S301  # our own
    assert runner.n_parallel == 1
