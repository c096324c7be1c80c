"""`segue search`."""

from typing import Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say
from segue.cli.recommend import CountOption


def search(
    words: Annotated[
        list[str], typer.Argument(help='Search words: "sad piano", jazz, words of a title.')
    ],
    k: CountOption = 10,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Search artists, albums and tracks by name, tag, genre, or words for their sound."""
    from segue.library import Library
    from segue.pipeline.catalogue.search import search as run
    from segue.pipeline.catalogue.shown_files import shown_files

    query = " ".join(words)
    if not query.strip():
        raise typer.BadParameter("give at least one search word")
    opened = Library(library, create=False)
    found = run(opened, query, k)
    if json:
        print_json(found.to_dict())
        return
    for title, entities in (("Artists", found.artists), ("Albums", found.albums)):
        if entities:
            say(f"{title}: {', '.join(one.name for one in entities)}")
    names = shown_files(opened, [match.track_id for match in found.tracks])
    rows = [
        (
            str(match.rank),
            " - ".join(part for part in (match.artist, match.title) if part) or "(untitled)",
            names.get(match.track_id, match.track_id),
            "; ".join(f"{term}: {', '.join(by)}" for term, by in match.matched.items() if by),
            f"{match.score:.2f}",
        )
        for match in found.tracks
    ]
    print_table(f"Results for {query}", ("", "track", "file", "matched by", "score"), rows, right=1)
    if found.unknown:
        say(f"No track matches: {', '.join(found.unknown)}.")
