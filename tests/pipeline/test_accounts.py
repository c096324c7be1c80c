"""Test accounts: logins, limits of failures, sessions, keys, player passwords."""

import hashlib
import subprocess
import sys
import threading

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import (
    AccountError,
    TooManyTriesError,
    UnknownAccountError,
    WrongPasswordError,
)
from segue.library import Library
from segue.library import audit as audit_module
from segue.pipeline.accounts import login, sessions
from segue.pipeline.accounts.login import (
    add_account,
    check_name,
    log_in,
    remove_account,
    set_password,
)
from segue.pipeline.accounts.player_passwords import (
    new_player_password,
    player_password,
    revoke_player_password,
    verify_player,
    verify_player_password,
)
from segue.pipeline.accounts.sessions import (
    close_session,
    create_key,
    find_key,
    find_session,
    is_use_recent,
    list_keys,
    note_use,
    open_session,
    revoke_key,
)

RIGHT = "four words do well"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Hashes that cost little: what argon2 itself does is not tested here."""
    monkeypatch.setattr(login, "_hasher", lambda: PasswordHasher(1, 8, 1))
    login._dummy_hash.cache_clear()


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (audit_module, sessions, login, sys.modules["segue.library.accounts"]):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def anna(library):
    add_account(library, "anna", RIGHT)
    return library


def wrong(library, name="anna", address=None, *, given="not it at all"):
    with pytest.raises(WrongPasswordError, match="Wrong user name or password"):
        log_in(library, name, given, address=address)


def test_log_in_right_password_returns_account(anna):
    assert log_in(anna, "anna", RIGHT).name == "anna"
    wrong(anna)
    wrong(anna, "nobody", given=RIGHT)
    wrong(anna, given="x" * 2_000)
    wrong(anna, given="\udcff" * 9)


def test_log_in_accepts_both_unicode_forms(library):
    add_account(library, "anna", "caf\u00e9 caf\u00e9")
    assert log_in(library, "anna", "cafe\u0301 cafe\u0301")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "0 characters"),
        ("x" * 201, "201 characters"),
        (" anna", "space"),
        ("an\nna", "control characters"),
        ("an\x00na", "control characters"),
        ("an\udcffna", "control characters"),
        ("an\u202ena", "control characters"),
        ("an\u2028na", "control characters"),
    ],
)
def test_add_account_invalid_name_fails(library, name, why):
    with pytest.raises(AccountError, match=why):
        add_account(library, name, RIGHT)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=200))
def test_add_account_keeps_unusual_names(name):
    assert check_name(name) == name


@pytest.mark.parametrize("password", ["", "short", "x" * 1_025, "\udcff" * 8])
def test_add_account_invalid_password_fails(library, password):
    with pytest.raises(AccountError, match="password"):
        add_account(library, "anna", password)
    assert not library.accounts.any()


def test_add_account_existing_name_fails(anna):
    with pytest.raises(AccountError, match="already"):
        add_account(anna, "anna", "another password")
    assert log_in(anna, "anna", RIGHT)


def test_unknown_account_error_lists_accounts(anna):
    for ask in (
        lambda: remove_account(anna, "ben"),
        lambda: set_password(anna, "ben", RIGHT),
        lambda: create_key(anna, "ben", "phone"),
        lambda: new_player_password(anna, "ben"),
        lambda: open_session(anna, account="ben"),
    ):
        with pytest.raises(UnknownAccountError, match="no account 'ben'"):
            ask()


# waiting -----------------------------------------------------------------------------------------


def test_log_in_after_five_failures_must_wait(anna, clock):
    for _ in range(5):
        wrong(anna)
        clock.now += 60
    for password in (RIGHT, "not it at all"):
        with pytest.raises(TooManyTriesError, match="try again in 10 minutes") as told:
            log_in(anna, "anna", password)
        assert told.value.seconds == 600
    assert add_account(anna, "ben", RIGHT)
    assert log_in(anna, "ben", RIGHT)
    clock.now += 600
    assert log_in(anna, "anna", RIGHT)


def test_log_in_unknown_name_must_wait_too(anna):
    for _ in range(5):
        wrong(anna, "nobody")
    with pytest.raises(TooManyTriesError):
        log_in(anna, "nobody", RIGHT)


def test_log_in_success_resets_failures(anna):
    for _ in range(3):
        for _ in range(4):
            wrong(anna)
        assert log_in(anna, "anna", RIGHT)


@pytest.mark.parametrize("back", [3_600, 90 * 86_400])
def test_clock_that_is_set_back_locks_for_a_quarter_of_an_hour_at_most(anna, clock, back):
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            log_in(anna, "anna", "wrong password")
    clock.now -= back
    assert anna.audit.must_wait("anna", None, login.LIMITS) <= 900
    clock.now += 900
    assert log_in(anna, "anna", RIGHT).name == "anna"


def test_failures_after_clock_was_set_back_count(anna, clock):
    with pytest.raises(WrongPasswordError):
        log_in(anna, "anna", "wrong password")
    clock.now -= 90 * 86_400
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            log_in(anna, "anna", "wrong password")
    with pytest.raises(TooManyTriesError):
        log_in(anna, "anna", RIGHT)


def test_log_in_address_waits_after_twenty_failures(anna, clock):
    for number in range(20):
        wrong(anna, f"name {number}", f"2001:db8::{number:x}")
    with pytest.raises(TooManyTriesError):
        log_in(anna, "anna", RIGHT, address="2001:db8::ffff")
    assert log_in(anna, "anna", RIGHT, address="192.0.2.1")
    # an own account does not help to go on with those of others
    with pytest.raises(TooManyTriesError):
        log_in(anna, "anna", RIGHT, address="2001:db8::ffff")
    clock.now += 900
    assert log_in(anna, "anna", RIGHT, address="2001:db8::ffff")


def test_parallel_log_ins_check_five_passwords(anna, monkeypatch):
    looked = []
    is_right = login._is_right
    monkeypatch.setattr(login, "_is_right", lambda *pair: looked.append(1) or is_right(*pair))
    found = []

    def ask():
        try:
            log_in(Library(anna.directory), "anna", "not it at all")
        except AccountError as error:
            found.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 100
    assert len(looked) == found.count(WrongPasswordError) == 5


def test_log_in_failures_count_across_processes(anna):
    script = (
        "import sys\nfrom segue.library import Library\n"
        "from segue.pipeline.accounts.login import log_in\n"
        "from segue.errors import WrongPasswordError\n"
        "for _ in range(3):\n"
        "    try: log_in(Library(sys.argv[1]), 'anna', 'not it at all')\n"
        "    except WrongPasswordError: pass\n"
    )
    subprocess.run([sys.executable, "-c", script, anna.directory], check=True)
    wrong(anna)
    wrong(anna)
    with pytest.raises(TooManyTriesError):
        log_in(anna, "anna", RIGHT)


def test_log_in_unknown_name_costs_the_same(anna, monkeypatch):
    hashed = []
    is_right = login._is_right
    monkeypatch.setattr(
        login, "_is_right", lambda known, given: hashed.append(known) or is_right(known, given)
    )
    wrong(anna)
    wrong(anna, "nobody")
    parameters = [one.rsplit("$", 2)[0] for one in hashed]
    assert len(parameters) == 2
    assert parameters[0] == parameters[1]


def test_log_in_replaces_old_hash(anna, monkeypatch):
    before = anna.accounts.password_hash("anna")
    monkeypatch.setattr(login, "_hasher", lambda: PasswordHasher(2, 16, 1))
    wrong(anna)
    assert anna.accounts.password_hash("anna") == before
    log_in(anna, "anna", RIGHT)
    assert "m=16,t=2" in anna.accounts.password_hash("anna")
    assert log_in(anna, "anna", RIGHT)


@pytest.mark.sqlite
def test_audit_log_has_no_secrets(anna):
    wrong(anna, given="a secret that was wrong")
    wrong(anna, "my own password as a name")
    log_in(anna, "anna", RIGHT, address="192.0.2.1")
    key = create_key(anna, "anna", "phone")
    player = new_player_password(anna, "anna")
    token, session = open_session(anna, account="anna")
    log = repr(anna.audit.entries())
    for secret in ("secret", "my own", RIGHT, key, player, token, session.csrf):
        assert secret not in log
    assert "192.0.2.1" in log
    anna.close()
    kept = b"".join(path.read_bytes() for path in anna.directory.glob("library.db*"))
    for secret in ("a secret", "my own", RIGHT, key, token):
        assert secret.encode() not in kept


# sessions and keys -------------------------------------------------------------------------------


def test_session_is_found_until_closed(anna):
    token, session = open_session(anna, account="anna")
    assert (session.listener, session.account.name) == ("anna", "anna")
    assert find_session(Library(anna.directory), token) == session
    assert find_session(anna, token + "x") is None
    assert find_session(anna, "\udcff") is None
    assert close_session(anna, token)
    assert find_session(anna, token) is None


def test_new_password_keeps_one_session(anna):
    kept, _ = open_session(anna, account="anna")
    other, _ = open_session(anna, account="anna")
    set_password(anna, "anna", "another password", keep=kept)
    assert find_session(anna, kept)
    assert find_session(anna, other) is None
    wrong(anna, given=RIGHT)
    assert log_in(anna, "anna", "another password")
    set_password(anna, "anna", RIGHT)
    assert find_session(anna, kept) is None


def test_remove_account_ends_sessions_and_keys(anna):
    token, _ = open_session(anna, account="anna")
    key = create_key(anna, "anna", "phone")
    remove_account(anna, "anna")
    add_account(anna, "anna", RIGHT)
    assert find_session(anna, token) is None
    assert find_key(anna, key) is None


def test_session_expires_unused_or_after_half_a_year(anna, clock):
    token, _ = open_session(anna, account="anna")
    for _ in range(8):
        clock.now += 29 * 86_400
        found = find_session(anna, token)
        if found is None:
            break
        if not is_use_recent(found):
            note_use(anna, token, found)
    assert clock.now == 1_000_000 + 7 * 29 * 86_400
    token, _ = open_session(anna, account="anna")
    clock.now += 31 * 86_400
    assert find_session(anna, token) is None


def test_session_without_account_ends_with_first_account(library):
    token, session = open_session(library, listener="carl")
    assert (session.account, session.listener) == (None, "carl")
    nobody, session = open_session(library)
    assert session.listener is None
    add_account(library, "anna", RIGHT)
    assert find_session(library, token) is None
    assert find_session(library, nobody) is None
    with pytest.raises(AccountError, match="log in"):
        open_session(library, listener="carl")


def test_key_finds_account_until_revoked(anna):
    key = create_key(anna, "anna", "phone")
    other = create_key(anna, "anna", "car")
    assert find_key(anna, key).name == "anna"
    assert find_key(anna, key[:-1]) is None
    assert [one.name for one in list_keys(anna, "anna")] == ["phone", "car"]
    assert list_keys(anna, "anna")[0].used
    with pytest.raises(AccountError, match="already"):
        create_key(anna, "anna", "phone")
    revoke_key(anna, "anna", "phone")
    assert find_key(anna, key) is None
    assert find_key(anna, other)
    with pytest.raises(AccountError, match="choose from 'car'"):
        revoke_key(anna, "anna", "phone")


# players -----------------------------------------------------------------------------------------


def token_of(password, salt):
    return hashlib.md5((password + salt).encode(), usedforsecurity=False).hexdigest()


def test_player_accepts_player_password_only(anna):
    password = new_player_password(anna, "anna")
    assert player_password(anna, "anna") == password
    assert verify_player(anna, "anna", token_of(password, "c19b2d"), "c19b2d").name == "anna"
    assert verify_player(anna, "anna", token_of(password, "").upper(), "").name == "anna"
    assert verify_player_password(anna, "anna", password).name == "anna"
    assert verify_player_password(anna, "anna", "enc:" + password.encode().hex()).name == "anna"
    for name, token in (
        ("anna", token_of(RIGHT, "salt")),
        ("anna", token_of(password, "pepper")),
        ("nobody", token_of("no password", "salt")),
    ):
        with pytest.raises(WrongPasswordError):
            verify_player(anna, name, token, "salt")
    with pytest.raises(WrongPasswordError):
        verify_player_password(anna, "anna", RIGHT)
    wrong(anna, given=password)


def test_player_password_revoked_is_rejected(anna):
    password = new_player_password(anna, "anna")
    again = new_player_password(anna, "anna")
    assert password != again
    assert revoke_player_password(anna, "anna")
    assert not revoke_player_password(anna, "anna")
    assert player_password(anna, "anna") is None
    for old in (password, again, "no password"):
        with pytest.raises(WrongPasswordError):
            verify_player_password(anna, "anna", old)


def test_player_failures_do_not_block_log_in(anna):
    password = new_player_password(anna, "anna")
    for _ in range(5):
        with pytest.raises(WrongPasswordError):
            verify_player(anna, "anna", "0" * 32, "salt", address="192.0.2.1")
    for _ in range(30):
        with pytest.raises(TooManyTriesError):
            verify_player(anna, "anna", "0" * 32, "salt", address="192.0.2.1")
    right = token_of(password, "salt")
    assert verify_player(anna, "anna", right, "salt", address="192.0.2.1").name == "anna"
    assert log_in(anna, "anna", RIGHT, address="192.0.2.1")


def test_sharing_lists_listeners_who_allow_it(library):
    assert login.sharing(library, None) == []
    add_account(library, "anna", RIGHT, shares_taste=True)
    add_account(library, "ben", RIGHT)
    add_account(library, "carl", RIGHT)
    assert login.sharing(library, "ben") == ["anna", "ben"]
