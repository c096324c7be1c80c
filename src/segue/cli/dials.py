"""Options for dials and exclusions, shared by the commands that make lists.

`options` replaces one argument of a command by the options of a function that builds it.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from segue.engine import Dials, Exclusions

_EXCLUSIONS = "Exclusions"
_DIALS = "Dials"


def options(
    argument: str, make: Callable[..., Any], **defaults: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command the options of `make`, whose result is `argument`.

    `defaults` are defaults of these options that differ for this command.
    """
    taken = {
        name: each.replace(default=defaults.get(name, each.default))
        for name, each in signature(make).parameters.items()
    }

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:

        @wraps(command)
        def run(**given: Any) -> Any:
            own = {name: given.pop(name) for name in taken}
            try:
                made = make(**own)
            except ValueError as error:
                raise typer.BadParameter(str(error)) from None
            return command(**given, **{argument: made})

        kept = [each for each in signature(command).parameters.values() if each.name != argument]
        parameters = [
            each.replace(kind=Parameter.KEYWORD_ONLY) for each in (*kept, *taken.values())
        ]
        run.__signature__ = signature(command).replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def _name_option(kind: str) -> Any:
    return typer.Option(
        f"--exclude-{kind}",
        help=f"Exclude tracks of this {kind}. May be repeated."
        if kind != "folder"
        else "Exclude tracks in this folder: a path or a folder name. May be repeated.",
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
    min_duration: Annotated[
        float | None, _limit_option("Exclude tracks shorter than this, in seconds.")
    ] = None,
    max_duration: Annotated[
        float | None, _limit_option("Exclude tracks longer than this, in seconds.")
    ] = None,
    from_year: Annotated[
        int | None, _limit_option("Exclude tracks released before this year.")
    ] = None,
    to_year: Annotated[
        int | None, _limit_option("Exclude tracks released after this year.")
    ] = None,
    min_energy: Annotated[
        float | None, _limit_option("0 to 1: exclude calmer tracks than this.")
    ] = None,
    max_energy: Annotated[
        float | None, _limit_option("0 to 1: exclude more energetic tracks than this.")
    ] = None,
    min_valence: Annotated[
        float | None, _limit_option("0 to 1: exclude sadder tracks than this.")
    ] = None,
    max_valence: Annotated[
        float | None, _limit_option("0 to 1: exclude happier tracks than this.")
    ] = None,
) -> "Exclusions":
    """Return the exclusions that the options set."""
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
        min_energy=min_energy,
        max_energy=max_energy,
        min_valence=min_valence,
        max_valence=max_valence,
    )


def _dial_option(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_DIALS)


def dials(
    context: typer.Context,
    weight: Annotated[
        list[str] | None,
        _dial_option(
            "SIGNAL=VALUE: weight of a signal instead of the learned one. May be repeated."
        ),
    ] = None,
    diversity: Annotated[
        float, _dial_option("0 to 1: how different from each other the tracks are.")
    ] = 0.0,
    calibrate: Annotated[
        float, _dial_option("0 to 1: how closely to keep to the listener's mix of genres.")
    ] = 0.0,
    popularity: Annotated[float, _dial_option("-1 for little-known tracks to 1 for hits.")] = 0.0,
    energy: Annotated[
        float, _dial_option("-1 for calmer tracks to 1 for more energetic ones.")
    ] = 0.0,
    valence: Annotated[float, _dial_option("-1 for sadder tracks to 1 for happier ones.")] = 0.0,
    max_known_share: Annotated[
        float, _dial_option("0 to 1: largest share of tracks that the listener knows already.")
    ] = 0.0,
    new_only: Annotated[
        bool,
        _dial_option(
            "Only tracks that are new to the listener; same as --max-known-share 0.", "--new-only"
        ),
    ] = False,
    include_known: Annotated[
        bool,
        _dial_option(
            "No limit on known tracks; same as --max-known-share 1.",
            "--include-known",
        ),
    ] = False,
    artist_cap: Annotated[
        int | None,
        _dial_option(
            "Largest number of tracks of one artist; 0 for no limit. By default two of every ten,"
            " as far as there are other artists."
        ),
    ] = None,
    album_cap: Annotated[
        int | None, _dial_option("Largest number of tracks of one album; 0 for no limit.")
    ] = None,
    seed_share: Annotated[
        float,
        _dial_option("0 to 1: from my taste alone to the named tracks alone."),
    ] = 0.8,
    interests: Annotated[
        bool,
        _dial_option(
            "Cover all interests of the listener in proportion: see segue user interests.",
            "--interests",
        ),
    ] = False,
    versions: Annotated[
        bool,
        _dial_option(
            "Allow several versions of a song (live, remaster, demo), also of songs that the"
            " listener knows.",
            "--versions",
        ),
    ] = False,
    randomness: Annotated[float, _dial_option("0 to 1: how random the list is.")] = 0.0,
    seed: Annotated[
        int | None,
        _dial_option(
            "Seed of --randomness: the same seed gives the same list. By default a random seed,"
            " which is printed."
        ),
    ] = None,
) -> "Dials":
    """Return the dials that the options set.

    Raises
    ------
    ValueError
        If a value is out of range, or several options limit known tracks.
    """
    from segue.engine import Dials, drawn_seed

    given = _given_options(context, "new_only", "include_known", "max_known_share")
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} contradict each other: give one of them.")
    max_known_share = 0.0 if new_only else 1.0 if include_known else max_known_share
    return Dials(
        artist_cap=artist_cap,
        album_cap=album_cap,
        diversity=diversity,
        calibration=calibrate,
        popularity=popularity,
        energy=energy,
        valence=valence,
        max_known_share=max_known_share,
        seed_share=seed_share,
        interests=interests,
        versions=versions,
        randomness=randomness,
        seed=drawn_seed() if seed is None and randomness else seed or 0,
        weights=_weights(weight or ()),
    )


def _given_options(context: typer.Context, *names: str) -> list[str]:
    """Return those of some options that were given on the command line."""
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
            raise ValueError(
                f"--weight {setting} is not of the form SIGNAL=VALUE, such as timbre=0.5."
            ) from None
    return weights
