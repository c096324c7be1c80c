"""Load precomputed frames: NumPy arrays and the segments of Million Song Dataset files.

Conventions
-----------
- Frames are time-major, ``[n_frames, n_bands]``: uint8 where the file has that, else float32.
- Of an MSD file the bands are `segments_timbre` (12, unscaled) then `segments_pitches` (12, 0..1),
  one row a segment; segments last from about 0.1 to 0.5 s, so rows are not evenly spaced in time.
- Pickled arrays are refused, because loading one would run code from the file.

Source: Bertin-Mahieux et al., The Million Song Dataset, ISMIR 2011.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.errors import FramesError

Frames = NDArray[np.uint8] | NDArray[np.float32]


def load_frames(path: Path) -> Frames:
    """Load the frames of one track.

    Parameters
    ----------
    path : Path
        A ``.npy`` file or an MSD ``.h5`` file.

    Returns
    -------
    NDArray[np.uint8] or NDArray[np.float32], shape ``[n_frames, n_bands]``, C order

    Raises
    ------
    FramesError
        The file is missing or damaged, has objects, no frames, NaN or infinite numbers, or
        has another shape.
    """
    path = Path(path)
    try:
        frames = _load_msd(path) if path.suffix.lower() in {".h5", ".hdf5"} else _load_npy(path)
    except FileNotFoundError as error:
        raise FramesError(
            f"The frames {path.name} are missing: put the file back or correct its name in "
            "metadata.csv."
        ) from error
    except (OSError, ValueError, EOFError, KeyError, TypeError, SyntaxError) as error:
        raise FramesError(
            f"The frames {path.name} cannot be read ({error}): write them again, with numpy.save "
            "or as a Million Song Dataset file."
        ) from error
    if frames.ndim != 2 or 0 in frames.shape:
        raise FramesError(
            f"The frames {path.name} have shape {list(frames.shape)} and need [n_frames, n_bands], "
            "neither of them 0: save them time-major, one row a frame."
        )
    if frames.dtype == np.uint8:
        return np.ascontiguousarray(frames)
    if frames.dtype.kind not in "fiu":
        raise FramesError(
            f"The frames {path.name} are {frames.dtype} and must be real numbers: save them as "
            "float32 or uint8."
        )
    with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, and is refused
        numbers = np.ascontiguousarray(frames, dtype=np.float32)
    if not np.isfinite(numbers).all():
        raise FramesError(
            f"The frames {path.name} have NaN or infinite numbers: compute them again or remove "
            "the track."
        )
    return numbers


def _load_npy(path: Path) -> NDArray[np.generic]:
    # Mapped first: a header that promises more than the file has is refused before memory is
    # allocated. numpy.load would open archives as well, and leave damaged ones open.
    return np.array(np.lib.format.open_memmap(path, mode="r"))


def _load_msd(path: Path) -> NDArray[np.generic]:
    import h5py

    with h5py.File(path, "r") as file:
        timbre, pitches = file["analysis/segments_timbre"], file["analysis/segments_pitches"]
        return np.concatenate([timbre[:], pitches[:]], axis=1)
