"""The page with accounts: log in, log out, account settings."""

import pytest
from tests.factories import copy_of_library
from tests.serve.served import LocalServer, Server

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"  # noqa: S105


@pytest.fixture
def accounts(trained, tmp_path):
    """A server of a library with the account anna, who is no administrator."""
    from segue.library import Library
    from segue.pipeline.accounts.login import add_account

    directory = copy_of_library(trained, tmp_path / "my.segue")
    library = Library(directory)
    add_account(library, "anna", PASSWORD)
    library.close()
    server = LocalServer(directory).start()
    yield server
    server.stop()


def log_in(page, password: str, name: str = "anna") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_login_wrong_password_fails_then_right_one_works(accounts, visit):
    page = visit(accounts, None)
    log_in(page, "wrong wrong wrong")
    page.get_by_text("Wrong user name or password").wait_for()
    log_in(page, PASSWORD)
    page.locator("track-row").first.wait_for()
    page.reload()
    page.locator("track-row").first.wait_for()


def test_account_creates_key_and_logs_out(accounts, visit):
    page = visit(accounts, None)
    log_in(page, PASSWORD)
    page.locator("track-row").first.wait_for()
    page.get_by_role("button", name="anna", exact=True).click()
    page.get_by_text("API keys for other players").click()
    page.get_by_label("Key name").fill("phone")
    page.get_by_role("button", name="Create key").click()
    page.get_by_text("it is not shown again").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    assert page.locator("track-row").count() == 0


def test_manage_page_without_admin_has_no_job_buttons(accounts, visit):
    page = visit(accounts, None)
    log_in(page, PASSWORD)
    page.locator("track-row").first.wait_for()
    page.goto(f"{accounts.url}#/manage")
    page.locator(".stat-tile").first.wait_for()
    assert page.get_by_role("button", name="Train models").count() == 0


@pytest.fixture
def administered(trained, tmp_path):
    """A server of a library with the administrator anna, in a process of its own: it runs jobs."""
    from segue.library import Library
    from segue.pipeline.accounts.login import add_account

    directory = copy_of_library(trained, tmp_path / "my.segue")
    library = Library(directory)
    add_account(library, "anna", PASSWORD, admin=True)
    library.close()
    server = Server(directory, "--no-access-log").start()
    yield server
    server.stop()


def test_invited_person_makes_account_that_admin_deletes(administered, visit):
    page = visit(administered, None)
    log_in(page, PASSWORD)
    page.locator("track-row").first.wait_for()
    page.goto(f"{administered.url}#/manage")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.locator("account-admin code").inner_text()
    assert link.startswith(f"{administered.url}#/join?token=")
    other = visit(administered, None)
    other.goto("about:blank")
    other.goto(link)
    other.get_by_label("Name").fill("dora")
    other.get_by_label("Password").fill("a new password")
    other.get_by_role("button", name="Create account").click()
    other.get_by_role("button", name="dora", exact=True).wait_for()
    assert "token" not in other.url
    page.reload()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete account dora").click()
    page.get_by_role("button", name="Delete account dora").wait_for(state="detached")
    assert page.locator("account-admin").get_by_text("anna").count() == 1
    assert page.locator("account-admin").get_by_text("Invitation").count() == 0


def test_failed_job_is_noticed_on_any_page(administered, visit, tmp_path):
    page = visit(administered, None)
    log_in(page, PASSWORD)
    page.locator("track-row").first.wait_for()
    administered.log_in("anna", PASSWORD)
    (tmp_path / "empty").mkdir()
    job = {"verb": "preprocess", "arguments": {"path": str(tmp_path / "empty")}}
    assert administered.ask("POST", "/api/v1/jobs", job)[0] == 202
    page.get_by_role("alert").get_by_text("A job has failed").wait_for(timeout=90_000)
    page.get_by_role("button", name="Show").click()
    page.locator("job-list").get_by_role("button", name="Try again").wait_for()


def test_program_is_approved_after_login(accounts, visit):
    from segue.library import Library
    from segue.pipeline.accounts.scrobbler_approval import new_token, redeem_token

    library = Library(accounts.library)
    token = new_token(library, "a program")
    page = visit(accounts, None)
    page.goto("about:blank")
    page.goto(f"{accounts.url}api/auth/?api_key=a+program&token={token}&cb=https://music.example/x")
    log_in(page, PASSWORD)
    page.get_by_text("API key of the program: a program").wait_for()
    assert redeem_token(library, "a program", token) == (None, "waiting")
    page.get_by_role("button", name="Allow").click()
    back = page.get_by_role("link", name="Back to music.example")
    assert back.get_attribute("href") == "https://music.example/x"
    assert redeem_token(library, "a program", token) == ("anna", "waiting")
    library.close()


@pytest.fixture
def family(trained, music, tmp_path):
    """A server of a library with the administrator anna, who may choose folders, and ben."""
    from segue.library import Library
    from segue.pipeline.accounts.login import add_account

    directory = copy_of_library(trained, tmp_path / "my.segue")
    library = Library(directory)
    add_account(library, "anna", PASSWORD, admin=True)
    add_account(library, "ben", PASSWORD)
    library.close()
    server = Server(directory, "--no-access-log", "--music-root", str(music)).start()
    yield server
    server.stop()


def test_hidden_folder_is_not_found_by_the_account(family, visit, music):
    anna, ben = visit(family, None), visit(family, None)
    for page, name in ((anna, "anna"), (ben, "ben")):
        log_in(page, PASSWORD, name)
        page.locator("track-row").first.wait_for()
        page.locator("#search").fill("piece 03")
        page.locator("#found track-row", has_text="Piece 03").wait_for()
    anna.goto(f"{family.url}#/manage")
    folders = anna.locator("account-admin details", has_text="Hidden folders")
    folders.get_by_text("Folders: all music").click()
    folders.get_by_role("button", name="Add folder").nth(1).click()
    dialog = anna.locator(".folder-dialog")
    dialog.get_by_role("button", name=music.name).click()
    dialog.get_by_title("audio", exact=True).click()
    dialog.get_by_role("button", name="Add folder").click()
    folders.get_by_text(str(music / "audio")).wait_for()
    ben.reload()
    ben.locator("#search").fill("piece 03")
    ben.locator("#found").get_by_text("No results").wait_for()
