"""Ask FFmpeg about files: which kinds it reads, and whether a file holds a video."""

from functools import cache
from pathlib import Path

from segue.sources.datasets.tracks import AUDIO_SUFFIXES, MODULE_SUFFIXES, VIDEO_SUFFIXES


@cache
def playable_suffixes() -> frozenset[str]:
    """Return the suffixes of files that may be tracks, tracker modules where possible."""
    import av

    modules = MODULE_SUFFIXES if "libopenmpt" in av.formats_available else frozenset[str]()
    return AUDIO_SUFFIXES | VIDEO_SUFFIXES | modules


def has_video(path: Path) -> bool:
    """Return whether a file has moving pictures; cover art does not count.

    False for a file that cannot be opened: its analysis finds the reason.
    """
    import av

    try:
        with (
            path.open("rb") as file,
            av.open(file, mode="r", metadata_errors="ignore") as container,
        ):
            return any(
                not stream.disposition & av.stream.Disposition.attached_pic
                for stream in container.streams.video
            )
    except (av.FFmpegError, OSError, ValueError):
        return False
