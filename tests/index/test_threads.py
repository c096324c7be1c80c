"""One BLAS thread while inside, and the former limit afterwards."""

from threading import Barrier, Event, Thread

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from segue.index import for_each, one_blas_thread
from segue.index.threads import _allow_other_threads


def n_threads():
    np.eye(2) @ np.eye(2)
    return max(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")


@pytest.fixture
def three():
    """A BLAS of three threads."""
    with threadpool_limits(3, user_api="blas"):
        _allow_other_threads()  # else no other thread may set it
        assert n_threads() == 3
        yield


@pytest.mark.usefixtures("three")
def test_first_caller_to_leave_keeps_the_limit_for_others():
    one_is_in, other_is_in, one_is_out = Event(), Event(), Event()
    seen = []

    def other():
        one_is_in.wait(10)
        with one_blas_thread():
            other_is_in.set()
            one_is_out.wait(10)
            seen.append(n_threads())

    thread = Thread(target=other)
    thread.start()
    with one_blas_thread():
        one_is_in.set()
        other_is_in.wait(10)
        seen.append(n_threads())
    one_is_out.set()
    thread.join(10)
    assert seen == [1, 1]
    assert n_threads() == 3
    with one_blas_thread():
        assert n_threads() == 1
    assert n_threads() == 3


@pytest.mark.usefixtures("three")
def test_parallel_work_restores_the_limit():
    start = Barrier(4)
    seen = set()

    def work(_part):
        seen.add(n_threads())

    def call():
        start.wait(10)
        for _ in range(5):
            for_each(work, range(4))

    threads = [Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == {1}
    assert n_threads() == 3


@pytest.mark.usefixtures("three")
def test_failure_restores_the_limit():
    def work(part):
        raise ValueError(f"no {part}")

    with pytest.raises(ValueError, match="no 0"):
        for_each(work, [0, 1])
    assert n_threads() == 3
