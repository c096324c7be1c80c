"""Only scores that reserve no rights are used."""

from pathlib import Path

import pytest

from segue.demo_data.credits import read_credits
from segue.demo_data.scores import (
    find_scores,
    is_free,
    package_directory,
    read_score,
)
from segue.demo_data.styles import STYLES
from segue.errors import MissingExtraError


@pytest.mark.parametrize(
    "notice",
    [
        "!!!YEM: Rights to all derivative electronic formats reserved.",
        "!!!YEC: Copyright 1994, Center for Computer Assisted Research in the Humanities",
        "PDF © 2004 Margaret Greentree - used by permission",
        "<rights>UTORPHEUS EDIZIONI 2(KJ3 EDIZIONI 2003</rights>",
        "has given permission for non-commercial distribution",
        "<rights>All Rights Reserved</rights>",
    ],
)
def test_is_free_recognizes_the_notices_of_the_corpus(notice: str) -> None:
    assert not is_free(notice)


@pytest.mark.parametrize(
    "text", ["<rights>Copyright © </rights>", "<rights></rights>", "T: A reel"]
)
def test_is_free_accepts_a_notice_without_holder(text: str) -> None:
    assert is_free(text)


def test_package_directory_names_the_extra_to_install() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'segue\[demo\]'"):
        package_directory("a_package_that_nobody_has")


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.genre)
def test_find_scores_each_genre_has_enough_with_credits(corpus: Path, style) -> None:
    scores = find_scores(corpus, style.genre)
    assert len(scores) >= 30
    assert len(set(scores)) == len(scores)
    for score in scores[:: max(1, len(scores) // 12)]:
        text = read_score(corpus, score)
        assert is_free(text)
        made_by = read_credits(corpus, score, style, text)
        assert made_by.title == made_by.title.strip() != ""
        assert "@" not in (made_by.encoder or "")


@pytest.mark.slow
def test_find_scores_leaves_out_restricted_collections(corpus: Path) -> None:
    used = {score.path for style in STYLES for score in find_scores(corpus, style.genre)}
    folders = {path.split("/")[0] for path in used}
    assert not folders & {"palestrina", "essenFolksong", "airdsAirs", "miscFolk", "josquin"}
    assert not any(path.startswith("monteverdi/madrigal.5") for path in used)
    assert not any(path.endswith(".krn") for path in used)


def test_read_score_takes_one_tune_of_many(corpus: Path) -> None:
    score = next(s for s in find_scores(corpus, "Harp Tune") if s.tune == 636)
    text = read_score(corpus, score)
    assert text.count("X:") == 1
    assert text.startswith(("X: 636", "X:636"))
