"""Accessibility of the page: keyboard, screen readers, phones, themes, and hostile metadata."""

import pytest

pytestmark = pytest.mark.slow

PAGES = ("listen", "steer", "map", "playlists", "quality", "library")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def go(page, server, name: str) -> None:
    page.goto(f"{server.url}#/{name}")
    page.locator(f".page-{name}").wait_for()
    page.locator("main h1").wait_for()
    page.wait_for_timeout(400)


def test_page_with_keyboard_alone_does_all_actions(server, visit):
    page = visit(server)
    keys = page.keyboard
    keys.press("j")
    first = page.locator("track-row .row-title").first.inner_text()
    assert page.evaluate("document.activeElement.closest('track-row') !== null")
    keys.press("w")
    page.get_by_role("heading", name="Score breakdown").wait_for()
    keys.press("w")
    keys.press("Shift+Tab")
    keys.press("Enter")
    page.locator("track-row.is-playing").wait_for()
    keys.press("l")
    page.locator(".notification", has_text=f"Liked {first}.").wait_for()
    keys.press("5")
    page.get_by_role("heading", name="Steer").wait_for()
    slider = page.get_by_label("Popularity", exact=True)
    slider.focus()
    was = slider.input_value()
    keys.press("ArrowRight")
    assert slider.input_value() != was
    page.get_by_role("heading", name="Steer").focus()
    keys.press("?")
    page.get_by_role("dialog").get_by_text("Play or pause").wait_for()
    shown = page.locator("dialog kbd").all_inner_texts()
    assert {"x", "Ctrl+A", "Delete"} <= set(shown)
    keys.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_list_update_keeps_focus_in_list(server, visit):
    page = visit(server)
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.locator(".notification", has_text="Disliked").wait_for()
    page.get_by_role("button", name="Update list").click()
    page.wait_for_timeout(600)
    assert page.evaluate("document.activeElement.closest('track-row') !== null")


def test_shortcuts_switched_off_do_nothing(shared, visit):
    page = visit(shared)
    page.keyboard.press("?")
    page.get_by_label("Use keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    assert page.get_by_role("heading", name="For you").is_visible()


def test_feedback_is_announced_to_screen_readers(server, visit, until):
    page = visit(server)
    page.locator("track-row .act-like").first.click()
    until(page, "document.querySelector('#announcements').textContent.includes('Liked')")
    page.get_by_role("status").filter(has_text="Update list").wait_for()
    for role, name in (("navigation", "Pages"), ("region", "Player"), ("search", None)):
        assert page.get_by_role(role, **({"name": name} if name else {})).count() == 1
    assert page.get_by_role("main").count() == 1


def test_controls_have_accessible_names(shared, visit):
    page = visit(shared)
    for name in PAGES:
        go(page, shared, name)
        nameless = page.evaluate(
            "[...document.querySelectorAll('button, a, input, select')].filter(e =>"
            " e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.labels?.length"
            " || e.title)).map(e => e.outerHTML)"
        )
        assert nameless == []


@pytest.mark.parametrize("name", PAGES)
def test_phone_layout_has_no_horizontal_overflow(shared, visit, name):
    page = visit(shared, **PHONE)
    go(page, shared, name)
    wide = page.evaluate(
        "[document.documentElement, document.querySelector('main')]"
        ".filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert wide == 0


def test_phone_touch_targets_are_large_enough(shared, visit):
    page = visit(shared, **PHONE)
    small = page.evaluate(
        "[...document.querySelectorAll('track-row button, .pages a')]"
        ".filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect())"
        ".filter(box => box.width < 39.9 || box.height < 39.9).length"  # 40, but for rounding
    )
    assert small == 0


def test_theme_follows_system_until_chosen(shared, visit):
    page = visit(shared, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Dark or light theme").click()
    light = page.evaluate(ground)
    page.reload()
    assert dark != light == page.evaluate(ground)


def test_reduced_motion_runs_no_animations(server, visit):
    page = visit(server, reduced_motion="reduce")
    page.locator("track-row .act-dislike").first.click()
    page.get_by_role("button", name="Update list").click()
    moving = "document.getAnimations().filter(a => a.playState === 'running').length"
    assert page.evaluate(moving) == 0


def test_script_in_metadata_is_shown_as_text(server, visit, hostile):
    page = visit(server)
    page.fill("#search", "zebra")
    row = page.locator("#found track-row").first
    row.wait_for()
    assert row.locator(".row-title").inner_text() == f"Zebra {hostile}"
    row.locator(".row-main").click()
    page.locator("track-row.is-playing").wait_for()  # its id contains slashes, quotes and tags
    row.locator(".act-like").click()
    row.locator(".act-menu").click()
    page.get_by_role("menuitem", name="More like this").click()
    page.get_by_role("heading", name="More like Zebra").wait_for()
    for name in PAGES:
        go(page, server, name)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[onerror], img[src=x], main script").count() == 0


def test_script_in_listener_name_is_shown_as_text(shared, visit, hostile):
    page = visit(shared, hostile)
    assert page.evaluate("window.hacked") is None
    assert hostile in page.locator(".listener-button").inner_text()
