"""`segue preprocess`."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, LOCAL_RUNNER, JsonOption, LibraryOption, RunnerOption
from segue.cli.output import print_json, say
from segue.cli.progress import terminal_progress
from segue.text import plural

if TYPE_CHECKING:
    from segue.pipeline.preprocess import PreprocessResult


class OfferedEncoder(StrEnum):
    """Pretrained encoders that a library can choose."""

    musicnn = "musicnn"
    none = "none"


def offer_encoders(library: Path) -> bool:
    """Ask once on a terminal whether to install pretrained encoders; return whether they are not.

    Nothing is asked without a terminal, or if they are installed already. If they cannot be
    installed, the reason is printed and the library is analyzed without them.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from segue.errors import ModelError
    from segue.pipeline.encoder_choice import OFFER, apply_choice, should_offer

    if not should_offer(library):
        return False
    if not typer.confirm(OFFER, default=True, err=True):
        return True
    try:
        apply_choice("musicnn", progress=terminal_progress())
    except ModelError as error:
        say(f"Continuing without the pretrained encoders: {error}")
    return False


def remember_answer(library: Path, *, declined: bool) -> None:
    """Remember in a library that the offer was declined."""
    if declined:
        from segue.library import Library
        from segue.pipeline.encoder_choice import remember_choice

        remember_choice(Library(library), None)


def preprocess(
    dataset: Annotated[
        Path,
        typer.Argument(
            help="Music folder, or a directory with metadata.csv, features or listens.csv."
        ),
    ],
    library: LibraryOption = DEFAULT_LIBRARY,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of processes; by default one for each processor core."),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Analyze one minute of each new track, in pieces from the whole track. A later run"
            " without --fast analyzes the rest.",
        ),
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Skip files and folders with this name, or with a path that matches this pattern"
            " (*, ?). May be repeated. A folder with a file named .notmusic or .nomedia is always"
            " skipped; the patterns in .ndignore, .plexignore, .mpdignore and .ignore are followed."
        ),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(
            min=1,
            help="Time limit for one file, in seconds; files that failed are tried again"
            " with a higher limit.",
        ),
    ] = 300,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try files again that failed before.")
    ] = False,
    windows: Annotated[
        bool,
        typer.Option("--windows", help="Restore the data that segue library drop-windows removed."),
    ] = False,
    reread_tags: Annotated[
        bool,
        typer.Option("--reread-tags", help="Read the tags of unchanged files again, too."),
    ] = False,
    tag_encoding: Annotated[
        str | None,
        typer.Option(
            help="Text encoding of old tags that do not state theirs (cp1251, shift-jis, gbk, ...),"
            " where segue detects a wrong one; auto detects it. Kept for later runs.",
        ),
    ] = None,
    runner: RunnerOption = LOCAL_RUNNER,
    encoder: Annotated[
        OfferedEncoder | None,
        typer.Option(
            help="musicnn: install and use the pretrained encoders (29 MB, ISC license); none: do"
            " without. The library remembers it. By default installed ones are used, and a terminal"
            " asks once."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Scan and analyze music. Run it again to add new files only."""
    from segue.pipeline.preprocess import preprocess as run

    declined = False
    if encoder is None and not json and dataset.is_dir():
        declined = offer_encoders(library)
    result = run(
        library,
        dataset,
        workers=workers,
        exclude=exclude or [],
        fast=fast,
        retry=retry,
        windows=windows,
        reread_tags=reread_tags,
        tag_encoding=tag_encoding,
        encoder=encoder.value if encoder else None,
        time_limit=time_limit,
        runner=runner,
        progress=terminal_progress(),
    )
    remember_answer(library, declined=declined)
    if json:
        print_json(result.to_dict())
        return
    _print_result(result, library)


def _print_result(result: "PreprocessResult", library: Path) -> None:
    """Print numbers of tracks, then everything that a user may want to act on."""
    listens = (
        f", {plural(result.listens, 'listen')} by {plural(result.listeners, 'listener')}"
        if result.listens
        else ""
    )
    speed = (
        f" ({result.analyzed / result.seconds:.1f} a second)"
        if result.analyzed and result.seconds > 0 and not result.embedded
        else ""
    )
    say(
        f"{plural(result.tracks, 'track')}{listens} in {library}.",
        f"Analyzed {plural(result.analyzed, 'track')}{speed} in {result.seconds:.1f} s.",
    )
    models = "model {} was" if len(result.outdated) == 1 else "models {} were"
    notes = {
        _files(result.files, result.passed_over): result.passed_over or len(result.files) > 1,
        f"Analyzed {plural(result.embedded, 'track')} with pretrained encoders.": result.embedded,
        "The installed pretrained encoders are of an earlier segue, which reads less of them: run"
        " segue encoders add musicnn, then segue preprocess again.": result.outdated_encoders,
        f"Matched {plural(result.arrived, 'imported listen')} to new tracks.": result.arrived,
        f"Recognized {plural(result.moved, 'moved or renamed file')}.": result.moved,
        f"Replaced, found again: {plural(result.replaced, 'track')}. The new files are the same"
        " recordings; the tracks keep their ids, plays, likes and playlists.": result.replaced,
        f"Missing: {plural(result.missing, 'track')}. Missing tracks stay in the library and are"
        " not recommended.": result.missing,
        f"Excluded by --exclude or an ignore file: {plural(result.left_out, 'track')}. Excluded"
        " tracks stay in the library and are not recommended.": result.left_out,
        f"Duplicates of other tracks: {plural(result.duplicates, 'file')}. See segue library"
        " duplicates.": result.duplicates,
        f"The {models.format(', '.join(result.outdated))} trained on an earlier analysis: run segue"
        " train all.": result.outdated,
        f"{plural(result.problems, 'problem')} with files or rows: see segue library"
        " problems.": result.problems,
        "Next: segue similar TRACK, segue recommend --like TRACK, or segue serve. segue train all"
        " also learns from genres and listens.": result.untrained,
    }
    for note, applies in notes.items():
        if applies:
            say(note)


def _files(read: Mapping[str, int], passed_over: Mapping[str, int]) -> str:
    """Return the line that counts files by suffix."""
    from segue.sources.datasets.walk import counted_suffixes

    parts = [f"Files read: {counted_suffixes(read)}."] if read else []
    if passed_over:
        parts.append(f"Passed over, no audio: {counted_suffixes(passed_over)}.")
    return " ".join(parts)
