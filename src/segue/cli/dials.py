"""Options that set dials and exclusions, shared by the verbs that make lists.

A verb is decorated with a function that makes one argument of it out of options of its own; the
options take that argument's place.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from segue.engine import Dials, Exclusions

_EXCLUSIONS = "What may not come"
_DIALS = "Dials"


def options(
    argument: str, make: Callable[..., Any], **defaults: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a verb take the options of `make` for its `argument`, which is what `make` returns.

    `defaults` are those options' defaults for this verb, where they differ.
    """
    taken = {
        name: each.replace(default=defaults.get(name, each.default))
        for name, each in signature(make).parameters.items()
    }

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:

        @wraps(verb)
        def run(**given: Any) -> Any:
            own = {name: given.pop(name) for name in taken}
            try:
                made = make(**own)
            except ValueError as error:
                raise typer.BadParameter(str(error)) from None
            return verb(**given, **{argument: made})

        kept = [each for each in signature(verb).parameters.values() if each.name != argument]
        parameters = [
            each.replace(kind=Parameter.KEYWORD_ONLY) for each in (*kept, *taken.values())
        ]
        run.__signature__ = signature(verb).replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def _name_option(kind: str) -> Any:
    return typer.Option(
        f"--exclude-{kind}",
        help=f"No track of this {kind}; may be repeated."
        if kind != "folder"
        else "No track in this folder: its path, or names of folders; may be repeated.",
        rich_help_panel=_EXCLUSIONS,
    )


def _limit_option(help_text: str) -> Any:
    return typer.Option(help=help_text, rich_help_panel=_EXCLUSIONS)


def exclusions(
    exclude_artist: Annotated[list[str] | None, _name_option("artist")] = None,
    exclude_album: Annotated[list[str] | None, _name_option("album")] = None,
    exclude_genre: Annotated[list[str] | None, _name_option("genre")] = None,
    exclude_tag: Annotated[list[str] | None, _name_option("tag")] = None,
    exclude_folder: Annotated[list[str] | None, _name_option("folder")] = None,
    min_duration: Annotated[float | None, _limit_option("No shorter track, in seconds.")] = None,
    max_duration: Annotated[float | None, _limit_option("No longer track, in seconds.")] = None,
    from_year: Annotated[int | None, _limit_option("No older track.")] = None,
    to_year: Annotated[int | None, _limit_option("No newer track.")] = None,
) -> "Exclusions":
    """Return what the options exclude."""
    from segue.engine import Exclusions

    return Exclusions(
        artists=exclude_artist or (),
        albums=exclude_album or (),
        genres=exclude_genre or (),
        tags=exclude_tag or (),
        folders=exclude_folder or (),
        min_duration=min_duration,
        max_duration=max_duration,
        from_year=from_year,
        to_year=to_year,
    )


def _dial_option(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_DIALS)


def dials(
    context: typer.Context,
    weight: Annotated[
        list[str] | None,
        _dial_option("SIGNAL=VALUE in the place of its learned weight; may be repeated."),
    ] = None,
    diversity: Annotated[
        float, _dial_option("0 to 1: how much tracks may not be like each other.")
    ] = 0.0,
    calibrate: Annotated[
        float, _dial_option("0 to 1: how closely to keep to the listener's mix of genres.")
    ] = 0.0,
    popularity: Annotated[float, _dial_option("-1 for deep cuts to 1 for hits.")] = 0.0,
    max_known_share: Annotated[
        float, _dial_option("0 to 1: the share of tracks that may be known already.")
    ] = 0.0,
    new_only: Annotated[
        bool,
        _dial_option("Only what the listener has not met yet: --max-known-share 0.", "--new-only"),
    ] = False,
    include_known: Annotated[
        bool,
        _dial_option(
            "Also what the listener has met already, as it scores: --max-known-share 1.",
            "--include-known",
        ),
    ] = False,
    artist_cap: Annotated[int | None, _dial_option("At most so many tracks of one artist.")] = None,
    album_cap: Annotated[int | None, _dial_option("At most so many of one album.")] = None,
    randomness: Annotated[float, _dial_option("0 to 1: how much is left to chance.")] = 0.0,
    seed: Annotated[
        int | None,
        _dial_option(
            "Of chance: one seed, one list for a listener. By default drawn anew, and told."
        ),
    ] = None,
) -> "Dials":
    """Return the dials that the options set.

    Raises
    ------
    ValueError
        If a setting is out of its range, or several say how much may be known already.
    """
    from segue.engine import Dials, drawn_seed

    by_hand = _set_by_hand(context, "new_only", "include_known", "max_known_share")
    if len(by_hand) > 1:
        raise ValueError(f"{' and '.join(by_hand)} contradict each other: give one of them.")
    max_known_share = 0.0 if new_only else 1.0 if include_known else max_known_share
    return Dials(
        artist_cap=artist_cap,
        album_cap=album_cap,
        diversity=diversity,
        calibration=calibrate,
        popularity=popularity,
        max_known_share=max_known_share,
        randomness=randomness,
        seed=drawn_seed() if seed is None and randomness else seed or 0,
        weights=_weights(weight or ()),
    )


def _set_by_hand(context: typer.Context, *names: str) -> list[str]:
    """Return which of these options somebody set, as they are written."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return [
        f"--{name.replace('_', '-')}"
        for name, source in sources.items()
        if source is not None and source.name != "DEFAULT"
    ]


def _weights(settings: Sequence[str]) -> dict[str, float]:
    """Read ``SIGNAL=VALUE``.

    >>> _weights(["timbre=0.5", "tags=1"])
    {'timbre': 0.5, 'tags': 1.0}
    """
    weights = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            weights[name.strip()] = float(value)
        except ValueError:
            raise ValueError(f"--weight {setting} is no SIGNAL=VALUE, as in timbre=0.5.") from None
    return weights
