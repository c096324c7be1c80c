"""Stored covers: written as a whole, limited in size, and never a reason to fail."""

import os

from segue.library.cover_store import CoverStore


def test_cover_store_returns_what_was_put(tmp_path):
    store = CoverStore(tmp_path / "covers")
    assert store.get("ab-96.webp") is None
    store.put("ab-96.webp", b"one")
    store.put("ab-96.webp", b"two")
    assert store.get("ab-96.webp") == b"two"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["ab-96.webp"]


def test_cover_store_deletes_the_oldest_beyond_its_limit(tmp_path):
    store = CoverStore(tmp_path, max_bytes=100_000)
    for number in range(40):
        store.put(f"{number:02}", bytes(10_000))
        path = tmp_path / f"{number:02}" / f"{number:02}"
        if path.exists():
            os.utime(path, (1_000 + number, 1_000 + number))
    kept = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert 5 <= len(kept) <= 11
    assert kept[-1] == "39"
    assert "00" not in kept


def test_cover_store_without_its_directory_goes_on(tmp_path):
    place = tmp_path / "covers"
    place.write_text("a file is in its place")
    store = CoverStore(place)
    store.put("ab", b"one")
    assert store.get("ab") is None
