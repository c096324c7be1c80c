"""Find the tracks that an account must not see, by its folders."""

import numpy as np
from numpy.typing import NDArray

from segue.engine import Exclusions
from segue.library import FolderAccess
from segue.pipeline.filters.exclusion_index import ExclusionIndex


def hidden_tracks(index: ExclusionIndex, access: FolderAccess) -> NDArray[np.bool_]:
    """Return which tracks an account with these folders must not see, ``[n_tracks]``.

    A track without a file is in no folder, so it is hidden where only some folders are shown.
    """
    hidden = index.mask(Exclusions(folders=access.hidden))
    if access.only:
        hidden |= ~index.mask(Exclusions(folders=access.only))
    return hidden


def folder_hints(index: ExclusionIndex, access: FolderAccess) -> list[str]:
    """Return sentences about folders without tracks."""
    return index.hints(Exclusions(folders=(*access.only, *access.hidden)))
