"""The names of published protocols, and which evaluations they are for.

`segue.pipeline.experiments.protocols` describes and measures them.
"""

from typing import Final

from segue.errors import ModelError

RECOMMENDATIONS: Final = "recommendations"
GLOBAL_TEMPORAL: Final = "global-temporal"
PLAYLIST_CONTINUATION: Final = "playlist-continuation"
PROTOCOLS: Final = (GLOBAL_TEMPORAL, PLAYLIST_CONTINUATION)


def check_protocol(protocol: str | None, subject: str, *, organic_only: bool) -> None:
    """Check that a protocol is known, and that the subject of the evaluation has it.

    Raises
    ------
    ModelError
        If it is not.
    """
    if protocol is not None and protocol not in PROTOCOLS:
        known = " or ".join(PROTOCOLS)
        raise ModelError(f"{protocol!r} is no protocol of segue: choose {known}.")
    if protocol is not None and subject != RECOMMENDATIONS:
        raise ModelError(
            "A protocol is for recommendations: run segue evaluate recommendations --protocol"
            f" {protocol}."
        )
    if organic_only and protocol != GLOBAL_TEMPORAL:
        raise ModelError(f"--organic-only is an option of --protocol {GLOBAL_TEMPORAL}.")
