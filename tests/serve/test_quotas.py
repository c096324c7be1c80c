"""Quotas: what one listener asks for does not keep others waiting."""

import asyncio

import pytest
from tests.serve.running import run

from segue.serve.problems import ProblemError
from segue.serve.security.quotas import MAX_ALL_STREAMS, MAX_STREAMS, MAX_WAITING, PARALLEL, Quotas


def test_expensive_requests_of_one_listener_run_one_after_another():
    async def main():
        quotas, running, most = Quotas(), 0, 0

        async def one():
            nonlocal running, most
            async with quotas.expensive("anna"):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(one() for _ in range(MAX_WAITING)))
        return most

    assert run(main()) == 1


def test_listener_with_too_many_expensive_requests_is_told_to_wait():
    async def main():
        quotas = Quotas()
        done = asyncio.Event()

        async def one(who):
            async with quotas.expensive(who):
                await done.wait()

        tasks = [asyncio.create_task(one("anna")) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(ProblemError) as refused:
            await one("anna")
        other = asyncio.create_task(one("ben"))
        await asyncio.sleep(0)
        assert not other.done()
        done.set()
        await asyncio.gather(*tasks, other)
        await one("anna")
        return refused.value

    problem = run(main())
    assert problem.status == 429
    assert problem.headers["Retry-After"] == "5"


def test_listeners_take_turns():
    async def main():
        quotas, order = Quotas(), []

        async def one(who):
            async with quotas.expensive(who):
                order.append(who)
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(one("anna")) for _ in range(4)]
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(one("ben"))]
        await asyncio.gather(*tasks)
        return order

    order = run(main())
    assert order.index("ben") <= 2


def test_only_some_expensive_requests_run_together():
    async def main():
        quotas, running, most = Quotas(), 0, 0

        async def one(who):
            nonlocal running, most
            async with quotas.expensive(who):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(one(str(i)) for i in range(10)))
        return most

    assert run(main()) == PARALLEL


def test_cancelled_request_gives_its_turn_back():
    async def main():
        quotas = Quotas()

        async def forever():
            async with quotas.expensive("anna"):
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(forever()) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with quotas.expensive("anna"):
            return True

    assert run(main())


def test_streams_are_limited_by_listener_and_in_all():
    quotas = Quotas()
    from contextlib import ExitStack

    with ExitStack() as opened:
        for _ in range(MAX_STREAMS):
            opened.enter_context(quotas.stream("anna"))
        with pytest.raises(ProblemError) as refused, quotas.stream("anna"):
            pass
        assert refused.value.status == 429
        for i in range(MAX_ALL_STREAMS - MAX_STREAMS):
            opened.enter_context(quotas.stream(str(i)))
        with pytest.raises(ProblemError) as refused, quotas.stream("ben"):
            pass
        assert refused.value.status == 503
    with quotas.stream("anna"):
        pass
