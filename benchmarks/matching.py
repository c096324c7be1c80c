"""Measure how often a listen is matched to the right track, on real names that were corrupted.

Run: ``python benchmarks/matching.py DATASET... [--among DATASET] [--choose] [--wrong]``. Each is a
dataset directory; their tracks with an artist and a title are pooled. Every fifth name is removed
from the catalogue: names made of it must match nothing. All others are looked up under names that
were corrupted, kind by kind; for another recording (live, remix) or another piece (No. 2, one word
changed) the right answer is none as well. With ``--among``, the catalogue is larger: every artist
of that dataset, real names too, gets five titles of the pool, so that each title has many artists.

The names are split in halves at random, by artist, once. The thresholds are chosen on the first
half: of those with which at most one in a hundred of the removed names is matched, and 99 % of the
matches of each kind are right, those with the most right answers. The second half is reported.
*Precision* is the share of right matches among all matches, *recall* the share of names that were
matched right among those in the catalogue; the intervals are Wilson's, at 95 %.
"""

import argparse
import itertools
import math
import random
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from segue.artist_names import comparison_key
from segue.sources import read_dataset
from segue.sources.cleaning.recordings import title_key
from segue.sources.history_import.matching import DEFAULT_THRESHOLDS, Matcher, MatchThresholds
from segue.types import Track, TrackReference

TARGET = 0.99
MAX_FALSE = 0.01
GUESTS = ("Nobody Else", "The Others", "MC Example", "Jane Roe & John Doe")
OTHER_RECORDINGS = (
    *(" (Live)", " - Live at Wembley Stadium", " (Acoustic Version)", " (Some DJ Remix)"),
    *(" [Demo]", " - Instrumental", " (Karaoke Version)", " - Radio Edit", " (Reprise)"),
)
OTHER_PIECES = (" II", " No. 2", ", Part 3", " 2", " (Pt. 4)", " in D minor", " Interlude", " VII")
REMASTERS = (
    *(" - Remastered 2011", " (2009 Remaster)", " [Remastered]", " - 2015 Remastered Version"),
    *(" (Album Version)", " (Deluxe Edition)", " - Bonus Track", " (Digitally Remastered)"),
)

WORDS: list[str] = []  # of all titles of the pool

Corrupt = Callable[[random.Random, str, str], tuple[str, str]]


def typo(draw: random.Random, text: str) -> str:
    """Leave out, double, swap or replace one letter."""
    places = [place for place, sign in enumerate(text) if sign.isalpha()]
    if len(places) < 2:
        return text
    place = draw.choice(places[:-1])
    one = text[place]
    kind = draw.choice(("drop", "double", "swap", "replace"))
    if kind == "drop":
        return text[:place] + text[place + 1 :]
    if kind == "double":
        return text[:place] + one + text[place:]
    if kind == "swap":
        return text[:place] + text[place + 1 : place + 2] + one + text[place + 2 :]
    return text[:place] + draw.choice("aeiorstln") + text[place + 1 :]


def without_accents(text: str) -> str:
    """Remove the accents, or add some if there are none."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)
    )
    if plain != text:
        return plain
    return unicodedata.normalize("NFC", plain.replace("e", "e\u0301", 1).replace("o", "o\u0308", 1))


def case(draw: random.Random, text: str) -> str:
    """Change the case."""
    return draw.choice((str.upper, str.lower, str.title, str.swapcase))(text)


def punctuation(draw: random.Random, text: str) -> str:
    """Remove or change punctuation."""
    ways = (
        lambda t: t.replace("'", "\u2019").replace("-", "\u2010"),
        lambda t: "".join(sign for sign in t if sign.isalnum() or sign == " "),
        lambda t: t.replace(" and ", " & ").replace(" And ", " & "),
        lambda t: t + "!",
        lambda t: t.replace(" ", "  ").strip() + " ",
    )
    return draw.choice(ways)(text)


def another_word(draw: random.Random, title: str) -> str:
    """Replace a word by another of about its length, as titles of one album differ."""
    words = title.split()
    place = draw.randrange(len(words))
    own = words[place].casefold()
    near = [
        word for word in WORDS if abs(len(word) - len(own)) <= 1 and word.casefold() != own
    ] or ["Else"]
    return " ".join([*words[:place], draw.choice(near), *words[place + 1 :]])


SAME: dict[str, Corrupt] = {
    "unchanged": lambda _, artist, title: (artist, title),
    "case": lambda draw, artist, title: (case(draw, artist), case(draw, title)),
    "accents": lambda _, artist, title: (without_accents(artist), without_accents(title)),
    "punctuation": lambda draw, artist, title: (artist, punctuation(draw, title)),
    "feat. in the title": lambda draw, artist, title: (
        artist,
        title + draw.choice((" (feat. {})", " feat. {}", " [ft. {}]")).format(draw.choice(GUESTS)),
    ),
    "feat. in the artist": lambda draw, artist, title: (
        artist
        + draw.choice((" feat. {}", " ft. {}", " (featuring {})")).format(draw.choice(GUESTS)),
        title,
    ),
    "remaster suffix": lambda draw, artist, title: (artist, title + draw.choice(REMASTERS)),
    "typo in the title": lambda draw, artist, title: (artist, typo(draw, title)),
    "typo in the artist": lambda draw, artist, title: (typo(draw, artist), title),
    "typo in both": lambda draw, artist, title: (typo(draw, artist), typo(draw, title)),
    "two typos in the title": lambda draw, artist, title: (artist, typo(draw, typo(draw, title))),
    "swapped fields": lambda _, artist, title: (title, artist),
    "artist in the title": lambda _, artist, title: ("", f"{artist} - {title}"),
}
OTHER: dict[str, Corrupt] = {
    "another word": lambda draw, artist, title: (artist, another_word(draw, title)),
    "another piece": lambda draw, artist, title: (artist, title + draw.choice(OTHER_PIECES)),
    "another recording": lambda draw, artist, title: (
        artist,
        title + draw.choice(OTHER_RECORDINGS),
    ),
}


class Question(NamedTuple):
    """A name to look up, its kind, and the rows that are right answers (empty: no track)."""

    kind: str
    wanted: TrackReference
    right: frozenset[int]


class Score(NamedTuple):
    """The counts of one kind of question."""

    asked: int = 0
    answerable: int = 0
    matched: int = 0
    right: int = 0

    def __add__(self, other: "Score") -> "Score":  # type: ignore[override]
        return Score(*(a + b for a, b in zip(self, other, strict=True)))


def pool(datasets: list[Path]) -> list[Track]:
    """Return the tracks of all datasets that have an artist and a title."""
    tracks = []
    for place, directory in enumerate(datasets):
        for track in read_dataset(directory).tracks:
            if track.artist and track.title:
                name = f"{place}/{track.track_id}"
                tracks.append(Track(track_id=name, artist=track.artist, title=track.title))
    return tracks


def halves(tracks: list[Track], seed: int) -> tuple[list[Track], list[Track]]:
    """Divide the tracks at random so that no artist is in both halves."""
    artists = sorted({comparison_key(track.artist or "") for track in tracks})
    random.Random(seed).shuffle(artists)  # noqa: S311  # no secret
    first = set(artists[::2])
    return (
        [track for track in tracks if comparison_key(track.artist or "") in first],
        [track for track in tracks if comparison_key(track.artist or "") not in first],
    )


def crowd(artists: list[str], tracks: list[Track], seed: int) -> list[tuple[int, Track]]:
    """Return tracks of each artist with five titles of others; none is a right answer."""
    draw = random.Random(seed)  # noqa: S311  # no secret
    own = {comparison_key(track.artist or "") for track in tracks}
    titles = [track.title for track in tracks]
    other_artists = (artist for artist in artists if comparison_key(artist) not in own)
    return [
        (len(tracks) + number, Track(track_id=f"crowd/{number}", artist=artist, title=title))
        for number, (artist, title) in enumerate(
            (artist, title) for artist in other_artists for title in draw.sample(titles, 5)
        )
    ]


def label(
    tracks: list[Track], seed: int, times: int, artists: list[str]
) -> tuple[list[tuple[int, Track]], list[Question]]:
    """Return a catalogue and the questions to it."""
    draw = random.Random(seed)  # noqa: S311  # no secret
    named: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, track in enumerate(tracks):
        named[comparison_key(track.artist or ""), title_key(track.title or "")].append(row)
    names = sorted(named)
    draw.shuffle(names)
    out = set(names[::5])
    catalogue = [(row, tracks[row]) for name in names if name not in out for row in named[name]]
    catalogue += crowd(artists, tracks, seed)
    questions = []
    for name in names:
        track = tracks[named[name][0]]
        artist, title = track.artist or "", track.title or ""
        for kind, corrupt in {**SAME, **OTHER}.items():
            for _ in range(times):
                new_artist, new_title = corrupt(draw, artist, title)
                answers = () if name in out or kind in OTHER else named[name]
                name_kind = f"removed, {kind}" if name in out else kind
                wanted = TrackReference(artist=new_artist or None, title=new_title)
                questions.append(Question(name_kind, wanted, frozenset(answers)))
    return catalogue, questions


def judge(
    catalogue: list[tuple[int, Track]], questions: list[Question], thresholds: MatchThresholds
) -> dict[str, Score]:
    """Return the counts of each kind."""
    matcher = Matcher(catalogue, thresholds=thresholds)
    scores: dict[str, Score] = defaultdict(Score)
    for one in questions:
        match = matcher.match(one.wanted)
        right = match is not None and match.row in one.right
        scores[one.kind] += Score(1, bool(one.right), match is not None, right)
    return scores


def wrong(
    catalogue: list[tuple[int, Track]], questions: list[Question], thresholds: MatchThresholds
) -> Iterator[str]:
    """Yield the wrong matches."""
    matcher = Matcher(catalogue, thresholds=thresholds)
    tracks = dict(catalogue)
    for one in questions:
        match = matcher.match(one.wanted)
        if match is not None and match.row not in one.right:
            track = tracks[match.row]
            wanted = f"{one.wanted.artist} / {one.wanted.title}"
            yield f"{one.kind}: {wanted}  ->  {track.artist} / {track.title}  ({match.by})"


def interval(n: int, of: int) -> str:
    """Return a share with Wilson's interval."""
    if of == 0:
        return "-"
    z = 1.96
    share = n / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    spread = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return f"{share:.4f} [{max(0.0, middle - spread):.4f}, {min(1.0, middle + spread):.4f}]"


def choose(catalogue: list[tuple[int, Track]], questions: list[Question]) -> MatchThresholds:
    """Return the thresholds with the most right answers of those that are right often enough."""
    levels = (0.76, 0.8, 0.83, 0.86, 0.9)
    best, most = DEFAULT_THRESHOLDS, -1
    print("title artist both, recall, share of missing names matched, precision of the worst kind")
    for title, artist in itertools.product(levels, levels):
        for both in (level for level in levels if level >= max(title, artist)):
            thresholds = MatchThresholds(title, artist, both)
            scores = judge(catalogue, questions, thresholds).values()
            total = sum(scores, Score())
            missing = sum((score for score in scores if not score.answerable), Score())
            worst = min(score.right / score.matched for score in scores if score.right)
            good = missing.matched <= MAX_FALSE * missing.asked and worst >= TARGET
            if good and total.right > most:
                best, most = thresholds, total.right
            figures = (total.right / total.answerable, missing.matched / missing.asked, worst)
            print(*thresholds, *(f"{figure:.4f}" for figure in figures), "*" * good, flush=True)
    return best


def main() -> None:
    """Print precision and recall by kind of corruption."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("datasets", nargs="+", type=Path)
    parser.add_argument("--among", type=Path, help="add these artists to the catalogue")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=2, help="questions of each kind and name")
    parser.add_argument("--choose", action="store_true", help="choose the thresholds again")
    parser.add_argument("--wrong", action="store_true", help="print the wrong matches")
    options = parser.parse_args()
    tracks = pool(options.datasets)
    WORDS.extend(sorted({word for track in tracks for word in (track.title or "").split()}))
    first, second = halves(tracks, options.seed)
    print(f"{len(first)} tracks to choose on, {len(second)} to report on")
    artists: list[str] = []
    if options.among:
        there = read_dataset(options.among).tracks
        artists = sorted({track.artist for track in there if track.artist})
    thresholds = DEFAULT_THRESHOLDS
    if options.choose:
        thresholds = choose(*label(first, options.seed, options.times, artists))
    print(f"{thresholds}")
    for name, half in (("to choose on", first), ("reported", second)):
        catalogue, questions = label(half, options.seed, options.times, artists)
        scores = judge(catalogue, questions, thresholds)
        total = sum(scores.values(), Score())
        print(f"\n{name}: {len(catalogue)} tracks in the catalogue, {len(questions)} questions")
        print(f"{'':34} {'asked':>6} {'precision':>26} {'recall':>26}")
        out = [score for kind, score in scores.items() if kind.startswith("removed")]
        shown = {kind: score for kind, score in scores.items() if not kind.startswith("removed")}
        shown["removed from the catalogue"] = sum(out, Score())
        for kind, score in {**shown, "all": total}.items():
            if not score.answerable:
                false = interval(score.matched, score.asked)
                print(f"{kind:34} {score.asked:6} {'matched wrongly: ' + false:>53}")
                continue
            precision, recall = (
                interval(score.right, n) for n in (score.matched, score.answerable)
            )
            print(f"{kind:34} {score.asked:6} {precision:>26} {recall:>26}")
        if options.wrong and name == "to choose on":
            print(*wrong(catalogue, questions, thresholds), sep="\n")


if __name__ == "__main__":
    main()
