"""Internet radio stations: all listeners see them, admins change them."""

from typing import Any, Final

from segue.library import InternetRadioStation
from segue.serve.subsonic.calls import Call, whole_number
from segue.serve.subsonic.responses import FORBIDDEN, GENERIC, NOT_FOUND, SubsonicError
from segue.sources.web_requests import web_address

_MAX_NAME: Final = 200


def get_radio_stations(call: Call) -> dict[str, Any]:
    """List the internet radio stations."""
    return {
        "internetRadioStations": {
            "internetRadioStation": [
                {
                    "id": str(one.row),
                    "name": one.name,
                    "streamUrl": one.stream_url,
                    "homePageUrl": one.home_page_url,
                }
                for one in call.app_state.library.players.stations()
            ]
        }
    }


def create_radio_station(call: Call) -> dict[str, Any]:
    """Add an internet radio station."""
    _check_admin(call)
    call.app_state.library.players.add_station(*_stated(call))
    return {}


def update_radio_station(call: Call) -> dict[str, Any]:
    """Change an internet radio station."""
    _check_admin(call)
    name, stream_url, home_page_url = _stated(call)
    station = InternetRadioStation(
        row=whole_number("id", call.wanted("id")),
        name=name,
        stream_url=stream_url,
        home_page_url=home_page_url,
    )
    if not call.app_state.library.players.change_station(station):
        raise _unknown()
    return {}


def delete_radio_station(call: Call) -> dict[str, Any]:
    """Delete an internet radio station."""
    _check_admin(call)
    row = whole_number("id", call.wanted("id"))
    if not call.app_state.library.players.delete_station(row):
        raise _unknown()
    return {}


def _check_admin(call: Call) -> None:
    if not call.principal.admin:
        raise SubsonicError(FORBIDDEN, "Only admins may change radio stations.")


def _stated(call: Call) -> tuple[str, str, str | None]:
    """Return name, address of the stream and of the home page."""
    stream_url, name = call.wanted("streamUrl"), call.wanted("name")
    home_page_url = call.text("homepageUrl") or call.text("homePageUrl")
    if len(name) > _MAX_NAME or not name.isprintable():
        raise SubsonicError(GENERIC, f"name must have at most {_MAX_NAME} characters.")
    for parameter, url in (("streamUrl", stream_url), ("homepageUrl", home_page_url)):
        if url is not None and web_address(url) is None:
            raise SubsonicError(GENERIC, f"{parameter} must be a http or https address.")
    return name, stream_url, home_page_url


def _unknown() -> SubsonicError:
    return SubsonicError(NOT_FOUND, "There is no such radio station.")
