"""Values that summarize a track, and their names, in the order in which they are stored."""

from collections.abc import Mapping, Sequence

from segue.audio.descriptors import (
    Descriptor,
    FrameDescriptor,
    PatternDescriptor,
    frame_descriptors,
    track_descriptors,
)
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats
from segue.audio.statistics import STATISTICS, summarise


def summarise_descriptor(
    frames: Floats, columns: Mapping[str, slice], descriptor: FrameDescriptor | PatternDescriptor
) -> Floats:
    """Return the values of one descriptor, named by `descriptor_values`.

    Parameters
    ----------
    frames : NDArray[float32] [n_frames, sum of bands]
        Frame descriptors side by side.
    columns : mapping of str to slice
        Columns of each.
    descriptor : FrameDescriptor or PatternDescriptor
    """
    if isinstance(descriptor, PatternDescriptor):
        return descriptor.measure(frames[:, columns[descriptor.source.name]])
    statistics = summarise(frames[:, columns[descriptor.name]]).reshape(len(STATISTICS), -1)
    return statistics[[STATISTICS.index(name) for name in descriptor.statistics]].ravel()


def descriptor_values(
    descriptor: Descriptor, settings: AnalysisSettings = DEFAULT_SETTINGS
) -> tuple[str, ...]:
    """Return the name of each value that summarizes one descriptor.

    Examples
    --------
    >>> from segue.audio.descriptors import DESCRIPTORS
    >>> descriptor_values(DESCRIPTORS["rms"])[:2], descriptor_values(DESCRIPTORS["tempo"])
    (('rms.mean', 'rms.std'), ('tempo',))
    """
    if isinstance(descriptor, FrameDescriptor):
        return _names(_band_names(descriptor, settings), descriptor.statistics)
    if isinstance(descriptor, PatternDescriptor):
        n_values = descriptor.n_values(descriptor.source.n_bands(settings))
        return tuple(f"{descriptor.name}[{place}]" for place in range(n_values))
    return descriptor.values


def summary_names(settings: AnalysisSettings = DEFAULT_SETTINGS) -> tuple[str, ...]:
    """Return the name of each value of `Analysis.summary`, in its order.

    Examples
    --------
    >>> names = summary_names()
    >>> names[0], names[131], names[173], names[-4]
    ('log_mel[0].mean', 'mfcc[3].mean', 'centroid.mean', 'tempo')
    """
    bands = [
        band for one in frame_descriptors() if one.in_summary for band in _band_names(one, settings)
    ]
    return (*_names(bands), *track_value_names())


def track_value_names() -> tuple[str, ...]:
    """Return the names of the last values of `Analysis.summary`: one a track, not a frame.

    Examples
    --------
    >>> track_value_names()
    ('loudness', 'tempo', 'key.cos', 'key.sin', 'key.minor')
    """
    return tuple(value for one in track_descriptors() if one.in_summary for value in one.values)


def given_summary_names(n_bands: int) -> tuple[str, ...]:
    """Return the names of the values of `summarise` for precomputed frames of `n_bands`.

    Examples
    --------
    >>> given_summary_names(2)[:3]
    ('frames[0].mean', 'frames[1].mean', 'frames[0].std')
    """
    return _names([f"frames[{band}]" for band in range(n_bands)])


def _band_names(descriptor: FrameDescriptor, settings: AnalysisSettings) -> list[str]:
    n_bands = descriptor.n_bands(settings)
    if n_bands == 1:
        return [descriptor.name]
    return [f"{descriptor.name}[{band}]" for band in range(n_bands)]


def _names(bands: Sequence[str], statistics: Sequence[str] = STATISTICS) -> tuple[str, ...]:
    return tuple(f"{band}.{statistic}" for statistic in statistics for band in bands)
