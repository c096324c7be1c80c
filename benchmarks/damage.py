"""Damage copies of a library in many ways, and count what is found, survived and repaired.

    python benchmarks/damage.py LIBRARY [--tries 8] [--seed 0] [--database-flips 200]

LIBRARY is a small library with models, listens, feedback and playlists, for example that of `make
demo`; it is not changed. Each kind of file is damaged `--tries` times in each way: one bit flipped
at a random place, cut at a random place, emptied, deleted. Prints for each kind:

- tried: damaged copies
- found: `segue library check` reports it
- used: `segue recommend` still answers, without an unexpected error
- repaired: `segue library repair`, or for the database `restore`, leaves a library that passes the
  check
- lost: listens, feedback or playlists that are missing afterwards (must be 0)

The database is repaired from a backup made before. One-bit flips of the database are counted apart.
"""

import argparse
import logging
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from segue import recommend
from segue.errors import SegueError
from segue.library import Library, back_up, restore
from segue.pipeline.maintenance.repair import check, repair

KINDS = {
    "feature data": "features/*/data*.bin",
    "feature index": "features/*/index.bin",
    "feature settings": "features/*/settings.json",
    "model manifest": "models/[!.]*/manifest.json",
    "model weights": "models/[!.]*/*.np[yz]",
    "model checksums": "models/[!.]*/SHA256SUMS",
    "snapshot": "models/.snapshot/*",
    "report": "reports/[!.]*/*.*",
    "database": "library.db",
}
WAYS = ("flip", "cut", "empty", "delete")
PARTS = ("copy", "original", "backup")
COLUMNS = ("tried", "found", "used", "repaired", "lost")


def damage(path: Path, way: str, rng: np.random.Generator) -> None:
    """Damage a file."""
    data = bytearray(path.read_bytes())
    place = int(rng.integers(len(data))) if data else 0
    if way == "delete":
        path.unlink()
    elif way == "empty":
        path.write_bytes(b"")
    elif way == "cut":
        path.write_bytes(data[:place])
    else:
        data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)


def precious(directory: Path) -> Counter[str]:
    """Return everything that cannot be computed again."""
    library = Library(directory)
    listens = library.listens().to_csv(index=False).splitlines()
    found = Counter(listens)
    for user in library.listeners():
        for playlist in library.playlists.of(user):
            found[f"{user} {playlist.name} {list(playlist.tracks)}"] += 1
    library.close()
    return found


def try_once(directory: Path, kind: str, way: str, rng: np.random.Generator) -> Counter[str]:
    """Damage a copy of the library, repair it, and count what happened."""
    place, library, backup = (directory / part for part in PARTS)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(library, place)
    files = [path for path in sorted(place.glob(KINDS[kind])) if path.is_file()]
    if not files:
        return Counter()
    path = files[int(rng.integers(len(files)))]
    before = path.read_bytes()
    damage(path, way, rng)
    if path.exists() and path.read_bytes() == before:
        return Counter()  # an empty file was emptied
    count = Counter(tried=1)
    count["found"] += not check(place).ok
    try:
        user = next(iter(Library(place).listeners()), None)
        recommend(place, user=user)
        count["used"] += 1
    except SegueError:
        count["used"] += kind == "database"  # refused in one sentence
    try:
        repair(place)
    except SegueError:
        restore(place, backup)
    count["repaired"] += check(place).ok
    count["lost"] += sum((precious(library) - precious(place)).values())
    return count


def main() -> None:
    """Run all tries and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--tries", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database-flips", type=int, default=200)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    rng = np.random.default_rng(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        place, original, backup = (Path(name) / part for part in PARTS)
        shutil.copytree(asked.library, original)
        opened = Library(original)
        recommend(opened, user=next(iter(opened.listeners()), None))
        back_up(opened, backup)
        opened.close()
        print(f"{'kind':18} {'way':7}" + "".join(f"{column:>9}" for column in COLUMNS))
        total: Counter[str] = Counter()
        for kind in KINDS:
            for way in WAYS:
                if (kind, way) == ("database", "flip"):
                    continue
                count: Counter[str] = Counter()
                for _ in range(asked.tries):
                    count += try_once(Path(name), kind, way, rng)
                total += count
                row = "".join(f"{count[column]:>9}" for column in COLUMNS)
                print(f"{kind:18} {way:7}{row}", flush=True)
        print(f"{'all':26}" + "".join(f"{total[column]:>9}" for column in COLUMNS))
        found = 0
        for _ in range(asked.database_flips):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for part in original.glob("library.db*"):
                shutil.copy(part, place)
            damage(place / "library.db", "flip", rng)
            found += any(one.kind == "database" for one in check(place).damage)
        print(f"database, one bit flipped: {found} of {asked.database_flips} found")


if __name__ == "__main__":
    main()
