"""Recognize the layouts in which public datasets are published."""

from pathlib import Path

from segue.sources.public_data import (
    fma,
    lfm_2b,
    listenbrainz_dumps,
    music4all,
    playlist_slices,
    yambda,
)
from segue.sources.public_data.public_dataset import PublicLayout

LAYOUTS = (
    PublicLayout(yambda.KIND, yambda.is_yambda, yambda.read_yambda),
    PublicLayout(
        playlist_slices.KIND,
        playlist_slices.is_playlist_slices,
        playlist_slices.read_playlist_slices,
    ),
    PublicLayout(fma.KIND, fma.is_fma, fma.read_fma),
    PublicLayout(lfm_2b.KIND, lfm_2b.is_lfm_2b, lfm_2b.read_lfm_2b),
    PublicLayout(music4all.KIND, music4all.is_music4all, music4all.read_music4all),
    PublicLayout(
        listenbrainz_dumps.KIND,
        listenbrainz_dumps.is_listenbrainz_dump,
        listenbrainz_dumps.read_listenbrainz_dump,
    ),
)


def public_layout(directory: Path) -> PublicLayout | None:
    """Return the layout that a directory has; None if it is that of no public dataset."""
    return next((layout for layout in LAYOUTS if layout.matches(directory)), None)
