"""Test batching of concurrent requests, and the idle task."""

import asyncio
import threading
from functools import partial

import pytest
from tests.serve.running import run

from segue.serve.batching import BatchingExecutor


def squares(asked):
    return enumerate(partial(pow, number, 2) for number in asked)


class HeldUp:
    """Something that takes until it is let go."""

    def __init__(self):
        self._began, self._go = threading.Event(), threading.Event()

    def wait(self):
        self._began.set()
        assert self._go.wait(10)

    async def begun(self):
        assert await asyncio.to_thread(self._began.wait, 10)

    def go(self):
        self._go.set()


@pytest.fixture
def desk_of():
    desks = []

    def make(answer, most=4, **more):
        desks.append(BatchingExecutor(answer, most, **more))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


def ask(desk, *questions):
    async def all_of_them():
        asked = (desk.ask(question) for question in questions)
        return await asyncio.gather(*asked, return_exceptions=True)

    return run(all_of_them())


def ask_meanwhile(desk, held_up, first, *rest):
    """Ask the rest while the first is held up."""

    async def all_of_them():
        asked = [asyncio.create_task(desk.ask(first))]
        await held_up.begun()
        asked += [asyncio.create_task(desk.ask(question)) for question in rest]
        await asyncio.sleep(0)  # all of them have asked
        held_up.go()
        return await asyncio.gather(*asked, return_exceptions=True)

    return run(all_of_them())


def test_single_request_is_answered_at_once(desk_of):
    assert ask(desk_of(squares), 7) == [49]


def test_waiting_requests_form_one_batch(desk_of):
    sizes, held_up = [], HeldUp()

    def answer(asked):
        sizes.append(len(asked))
        held_up.wait()
        return squares(asked)

    found = ask_meanwhile(desk_of(answer), held_up, 0, *range(1, 10))
    assert found == [number**2 for number in range(10)]
    assert sizes == [1, 4, 4, 1]


def test_failed_result_fails_its_request_only(desk_of):
    def answer(asked):
        return enumerate(partial(float, one) for one in asked)

    found = ask(desk_of(answer), "1.5", "no number", "2.5")
    assert found[0] == 1.5
    assert isinstance(found[1], ValueError)
    assert found[2] == 2.5


def test_failed_batch_fails_its_requests_only(desk_of):
    def answer(asked):
        if "bad" in asked:
            raise ValueError("no")
        return enumerate(partial(str, one) for one in asked)

    desk = desk_of(answer, most=1)
    assert isinstance(ask(desk, "bad")[0], ValueError)
    assert ask(desk, "good") == ["good"]


def test_cancelled_request_is_not_computed(desk_of):
    seen, held_up = [], HeldUp()

    def answer(asked):
        seen.extend(asked)
        held_up.wait()
        return squares(asked)

    desk = desk_of(answer)

    async def one_goes():
        first = asyncio.create_task(desk.ask(1))
        await held_up.begun()
        gone, stays = asyncio.create_task(desk.ask(2)), asyncio.create_task(desk.ask(3))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        held_up.go()
        return await first, await stays

    assert run(one_goes()) == (1, 9)
    assert seen == [1, 3]


def test_results_arrive_in_yielded_order(desk_of):
    order, held_up = [], HeldUp()

    def answer(asked):
        held_up.wait()
        for place in reversed(range(len(asked))):
            order.append(asked[place])
            yield place, partial(pow, asked[place], 2)

    assert ask_meanwhile(desk_of(answer), held_up, 1, 2, 3, 4) == [1, 4, 9, 16]
    assert order == [1, 4, 3, 2]


def test_many_requests_are_all_answered(desk_of):
    assert ask(desk_of(squares), *range(2_000)) == [number**2 for number in range(2_000)]


def test_idle_task_runs_until_no_work_is_left(desk_of):
    pieces, done = [3, 2, 1], threading.Event()

    def beside():
        if not pieces:
            done.set()
            return False
        pieces.pop()
        return True

    desk_of(squares, idle_task=beside).schedule_idle_task()
    assert done.wait(10)
    assert not pieces


def test_request_runs_before_next_idle_task(desk_of):
    order, held_up, ended = [], HeldUp(), threading.Event()

    def beside():
        order.append("beside")
        held_up.wait()
        if order.count("beside") == 3:
            ended.set()
        return not ended.is_set()

    def answer(asked):
        order.append("answer")
        return squares(asked)

    desk = desk_of(answer, idle_task=beside)

    desk.schedule_idle_task()
    run(held_up.begun())
    assert ask_meanwhile(desk, held_up, 4) == [16]
    assert ended.wait(10)
    assert order == ["beside", "answer", "beside", "beside"]


def test_close_stops_idle_task(desk_of):
    pieces, held_up = [], HeldUp()

    def beside():
        pieces.append(1)
        held_up.wait()
        return True

    desk = desk_of(squares, idle_task=beside)
    desk.schedule_idle_task()
    run(held_up.begun())
    threading.Timer(0.1, held_up.go).start()
    desk.close()
    desk.schedule_idle_task()
    assert pieces == [1]
    assert ask(desk, 3) == [9]


def test_results_before_a_failure_are_delivered(desk_of):
    held_up = HeldUp()

    def answer(asked):
        held_up.wait()
        yield 0, partial(pow, asked[0], 2)
        if len(asked) > 1:
            raise ValueError("no")

    first, second, *rest = ask_meanwhile(desk_of(answer), held_up, 1, 2, 3, 4)
    assert (first, second) == (1, 4)
    assert [type(one) for one in rest] == [ValueError, ValueError]


def test_request_without_result_fails(desk_of):
    (found,) = ask(desk_of(lambda asked: ()), 1)
    assert isinstance(found, RuntimeError)


def test_failed_idle_task_fails_no_request(desk_of, caplog):
    failed = threading.Event()

    def beside():
        failed.set()
        raise ValueError("no")

    desk = desk_of(squares, idle_task=beside)
    desk.schedule_idle_task()
    assert failed.wait(10)
    assert ask(desk, 7) == [49]
    assert "idle task failed" in caplog.text


def test_closed_executor_starts_again(desk_of):
    desk = desk_of(squares)
    assert ask(desk, 2) == [4]
    desk.close()
    assert ask(desk, 3) == [9]
