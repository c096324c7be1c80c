"""Calls that come at one time are answered together, each with its own answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from segue.pipeline.live.together import Together


def test_a_call_on_its_own_is_answered_at_once():
    assert Together(lambda asked: [2 * one for one in asked], most=8)(21) == 42


def test_those_who_come_meanwhile_are_answered_together_and_each_gets_its_own():
    sizes, first, go = [], threading.Event(), threading.Event()

    def answer(asked):
        sizes.append(len(asked))
        first.set()
        go.wait(10)
        return [one * one for one in asked]

    together = Together(answer, most=4)
    with ThreadPoolExecutor(10) as pool:
        calls = [pool.submit(together, 0)]
        first.wait(10)
        calls += [pool.submit(together, number) for number in range(1, 10)]
        while len(together._waiting) < 9:
            pass
        go.set()
        assert [call.result(10) for call in calls] == [number**2 for number in range(10)]
    assert sizes == [1, 4, 4, 1]


def test_a_failure_is_told_to_those_it_concerns_and_to_nobody_after():
    def answer(asked):
        if "bad" in asked:
            raise ValueError("no")
        return list(asked)

    together = Together(answer, most=1)
    with pytest.raises(ValueError, match="no"):
        together("bad")
    assert together("good") == "good"


def test_many_threads_all_get_their_answers():
    together = Together(lambda asked: [-one for one in asked], most=3)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(together, range(2_000))) == [-one for one in range(2_000)]
