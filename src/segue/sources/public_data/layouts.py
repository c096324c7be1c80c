"""Recognize the layouts in which public datasets are published."""

from pathlib import Path

from segue.sources.public_data import fma, playlist_slices, yambda
from segue.sources.public_data.public_dataset import PublicLayout

LAYOUTS = (
    PublicLayout(yambda.KIND, yambda.is_yambda, yambda.read_yambda),
    PublicLayout(
        playlist_slices.KIND,
        playlist_slices.is_playlist_slices,
        playlist_slices.read_playlist_slices,
    ),
    PublicLayout(fma.KIND, fma.is_fma, fma.read_fma),
)


def public_layout(directory: Path) -> PublicLayout | None:
    """Return the layout that a directory has; None if it is that of no public dataset."""
    return next((layout for layout in LAYOUTS if layout.matches(directory)), None)
