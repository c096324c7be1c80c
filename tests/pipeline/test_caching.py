"""Caches: what they keep, what they drop, and when they compute again."""

import threading

import pytest

from segue.pipeline.recommender import caching
from segue.pipeline.recommender.caching import (
    Memo,
    SizedCache,
    StaleWhileRevalidate,
    VersionedCache,
)


def test_sized_cache_drops_the_least_recently_used():
    cache = SizedCache(10)
    cache.put("a", 1, 4)
    cache.put("b", 2, 4)
    assert cache.get("a") == 1
    assert "b" in cache  # not a use
    cache.put("c", 3, 4)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_sized_cache_counts_a_replaced_value_once():
    cache = SizedCache(10)
    cache.put("a", 1, 8)
    cache.put("a", 2, 3)
    cache.put("b", 3, 7)
    assert [cache.get(key) for key in "ab"] == [2, 3]
    cache.drop("b")
    cache.drop("b")
    cache.put("c", 4, 7)
    assert [cache.get(key) for key in "abc"] == [2, None, 4]


def test_sized_cache_keeps_a_value_larger_than_itself_alone():
    cache = SizedCache(10)
    cache.put("a", 1, 4)
    cache.put("b", 2, 40)
    assert [cache.get(key) for key in "ab"] == [None, 2]
    cache.put("c", 3, 4)
    assert [cache.get(key) for key in "bc"] == [None, 3]


def test_versioned_cache_returns_values_of_their_version_only():
    cache = VersionedCache(10)
    cache.put("ann", 1, "one", 4)
    assert (cache.get("ann", 1), cache.get("ann", 2), cache.get("bob", 1)) == ("one", None, None)
    cache.put("ann", 2, "two", 4)
    assert (cache.get("ann", 1), cache.get("ann", 2)) == (None, "two")
    assert "ann" in cache
    assert "bob" not in cache


def test_memo_compares_strings_by_value_and_others_by_identity():
    memo = Memo()
    one, other = [], []
    assert memo.get(str(12), lambda: 1) == 1
    assert memo.get("12", lambda: 2) == 1
    assert memo.get(one, lambda: 3) == 3
    assert memo.get(one, lambda: 4) == 3
    assert memo.get(other, lambda: 5) == 5


def test_stale_value_is_returned_while_another_is_computed(monkeypatch):
    monkeypatch.setattr(caching, "MAX_IMMEDIATE", 0)
    begun, go_on = threading.Event(), threading.Event()
    n_computed = []

    def make(source):
        n_computed.append(source)
        if len(n_computed) > 1:
            begun.set()
            assert go_on.wait(30)
        return len(source)

    cache = StaleWhileRevalidate(make)
    assert cache.get("abc") == 3
    assert cache.get("abc") == 3
    assert cache.get("abcde") == 3  # the value before
    assert begun.wait(30)
    assert cache.get("abcde") == 3
    go_on.set()
    for source in ("abcde", "abcdefg"):
        for _ in range(1_000):
            if cache.get(source) == len(source):
                break
            threading.Event().wait(0.01)
        assert cache.get(source) == len(source)
    assert n_computed == ["abc", "abcde", "abcdefg"]


def test_stale_value_of_a_small_source_is_not_returned():
    cache = StaleWhileRevalidate(len)
    assert cache.get("abc") == 3
    assert cache.get("abcde") == 5


def test_stale_value_after_an_error_is_computed_again():
    outcomes = iter([ValueError("first"), 7])

    def make(source):
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    cache = StaleWhileRevalidate(make)
    with pytest.raises(ValueError, match="first"):
        cache.get("abc")
    assert cache.get("abc") == 7
