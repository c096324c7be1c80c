"""The first minutes with one's own music: from an empty directory to a playing recommendation."""

import re

import pytest

pytestmark = pytest.mark.slow

COMMANDS = re.compile(r"\bsegue (train|preprocess|import|serve)\b|--[a-z]")


def jobs_of(page):
    code = "fetch('/api/v1/jobs').then(answer => answer.json())"
    return page.evaluate(code)["items"]


def check_no_commands(page):
    assert not COMMANDS.search(page.locator("body").inner_text())


def test_own_music_gives_a_playing_recommendation(home_server, visit, until):
    page = visit(home_server, None)
    page.set_default_timeout(60_000)  # the analysis uses all cores
    page.get_by_label("Name").fill("anna")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Add your music").wait_for()
    check_no_commands(page)

    page.get_by_role("button", name="Choose a music folder").click()
    dialog = page.get_by_role("dialog", name="Choose a music folder")
    dialog.locator(".folder").first.click()
    dialog.get_by_role("button", name="My Music").click()
    assert not dialog.get_by_text(".private").count()
    dialog.get_by_role("button", name="Scan this folder (24 audio files)").click()

    # a list without any history, while the music is analyzed or just afterwards
    page.get_by_role("heading", name="For you").wait_for(timeout=60_000)
    page.locator("track-row").first.wait_for()
    assert page.locator("track-row").count() >= 10
    check_no_commands(page)

    picks = page.locator("first-picks")
    for name in ("Band 0", "Band 3"):
        picks.get_by_role("button", name=name).click()
    picks.get_by_text("2 of 5 picked").wait_for()
    picks.get_by_role("button", name="Show my list").click()
    page.get_by_role("button", name="Undo").first.wait_for()
    picks.wait_for(state="detached")
    page.locator("#for-you why-bar").first.wait_for()

    def trained():
        return [job for job in jobs_of(page) if job["verb"] == "train" and job["finished"]]

    while not trained():
        page.wait_for_timeout(300)
    (job,) = trained()
    assert (job["state"], job["reason"]) == ("done", "new-music"), job["error"]

    page.get_by_role("button", name="Play", exact=True).first.click()
    until(page, "document.querySelector('now-playing .seek input').value > 0")
    check_no_commands(page)


def test_history_import_by_file_makes_a_list(server, visit, tmp_path):
    page = visit(server, "dora")
    history = tmp_path / "history.csv"
    rows = [f"low band {i},Piece {3 * i:02},{1_700_000_000 + i}" for i in range(3)]
    history.write_text("\n".join(["artist,title,timestamp", *rows, "Nobody,Nothing,1700000009"]))
    page.locator("history-import input").set_input_files(history)
    page.get_by_text("3 of 4 plays are of tracks in this library.").first.wait_for()
    page.get_by_text("1 play is kept until its track is added.").first.wait_for()
    page.locator("history-import input").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    )
    page.locator(".import-results .is-failed", has_text="unknown format").wait_for()
