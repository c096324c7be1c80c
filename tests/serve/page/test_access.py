"""The page for everybody: by keys alone, on a phone, in the dark, whatever stands in names."""

import pytest

pytestmark = pytest.mark.slow

PAGES = ("listen", "steer", "map", "playlists", "quality", "library")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def go(page, server, name: str) -> None:
    page.goto(f"{server.url}#/{name}")
    page.locator(f".page-{name}").wait_for()
    page.locator("main h1").wait_for()
    page.wait_for_timeout(400)


def test_everything_is_done_by_keys_alone(server, visit):
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
    page.locator("list-changes", has_text=f"Liked {first}.").wait_for()
    keys.press("2")
    page.get_by_role("heading", name="Steer").wait_for()
    slider = page.get_by_label("Popularity", exact=True)
    slider.focus()
    was = slider.input_value()
    keys.press("ArrowRight")
    assert slider.input_value() != was
    page.get_by_role("heading", name="Steer").focus()
    keys.press("?")
    page.get_by_role("dialog").get_by_text("Play or pause").wait_for()
    keys.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_focus_stays_in_the_list_when_it_reforms(server, visit):
    page = visit(server)
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.locator("list-changes", has_text="Disliked").wait_for()
    page.wait_for_timeout(600)
    assert page.evaluate("document.activeElement.closest('track-row') !== null")


def test_single_keys_can_be_switched_off(shared, visit):
    page = visit(shared)
    page.keyboard.press("?")
    page.get_by_label("Use keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    assert page.get_by_role("heading", name="For you").is_visible()


def test_what_happens_is_said_to_screen_readers(server, visit, until):
    page = visit(server)
    page.locator("track-row .act-like").first.click()
    until(page, "document.querySelector('#announcements').textContent.includes('New: ')")
    for role, name in (("navigation", "Pages"), ("region", "Player"), ("search", None)):
        assert page.get_by_role(role, **({"name": name} if name else {})).count() == 1
    assert page.get_by_role("main").count() == 1


def test_every_control_has_a_name(shared, visit):
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
def test_a_phone_needs_no_scrolling_sideways(shared, visit, name):
    page = visit(shared, **PHONE)
    go(page, shared, name)
    wide = page.evaluate(
        "[document.documentElement, document.querySelector('main')]"
        ".filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert wide == 0


def test_fingers_find_their_targets(shared, visit):
    page = visit(shared, **PHONE)
    small = page.evaluate(
        "[...document.querySelectorAll('track-row button, .pages a')]"
        ".filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect())"
        ".filter(box => box.width < 40 || box.height < 40).length"
    )
    assert small == 0


def test_the_theme_is_that_of_the_system_until_it_is_chosen(shared, visit):
    page = visit(shared, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Dark or light theme").click()
    light = page.evaluate(ground)
    page.reload()
    assert dark != light == page.evaluate(ground)


def test_nothing_moves_for_those_who_do_not_want_it(server, visit):
    page = visit(server, reduced_motion="reduce")
    page.locator("track-row .act-dislike").first.click()
    moving = "document.getAnimations().filter(a => a.playState === 'running').length"
    assert page.evaluate(moving) == 0


def test_script_in_metadata_does_nothing(server, visit, hostile):
    page = visit(server)
    page.fill("#search", "zebra")
    row = page.locator("#found track-row").first
    row.wait_for()
    assert row.locator(".row-title").inner_text() == f"Zebra {hostile}"
    row.locator(".row-main").click()
    row.locator(".cover").click()
    page.locator("track-row.is-playing").wait_for()  # its id holds slashes, quotes and tags
    row.locator(".act-like").click()
    page.get_by_role("link", name="More like this").click()
    page.get_by_role("heading", name="More like Zebra").wait_for()
    for name in PAGES:
        go(page, server, name)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, main script").count() == 0


def test_a_listener_whose_name_is_script_does_no_harm(shared, visit, hostile):
    page = visit(shared, hostile)
    assert page.evaluate("window.hacked") is None
    assert hostile in page.locator(".listener-button").inner_text()
