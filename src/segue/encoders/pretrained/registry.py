"""Registry of pretrained encoders: name, weights, network, embedding and tags of each.

All come from one wheel, musicnn 0.1.0 (ISC license), which segue only reads: none of its code runs.
Each maps patches of a log-mel spectrogram (`segue.audio.patches`) to an embedding and to the
probabilities of 50 tags, which are independent (they do not sum to 1).

Source: Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging,
2019. The tags are those of its two data sets, in lower case.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

PACKAGE: Final = "musicnn"
VERSION: Final = "0.1.0"
WHEEL_SHA256: Final = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
LICENCE: Final = "ISC"


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelSource:
    """A wheel that segue reads files from: it is neither installed nor run."""

    package: str
    version: str
    sha256: str
    megabytes: float

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


MUSICNN_WHEEL: Final = WheelSource(
    package=PACKAGE, version=VERSION, sha256=WHEEL_SHA256, megabytes=29
)
NOTES_WHEEL: Final = WheelSource(
    package="basic-pitch",
    version="0.4.0",
    sha256="738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0",
    megabytes=0.8,
)
NOTES_LICENCE: Final = "Apache-2.0"

CONVERSION: Final = 1
"""Raise it when the same weights give other embeddings: every track is then embedded again."""

OUTPUTS: Final = ("embedding", "probabilities", "max_pool", "mean_pool")
"""Outputs of a network, in order; segue 0.1 installed networks with the first two only."""


def _tags(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


LISTENERS_TAGS: Final = _tags(
    "rock,pop,alternative,indie,electronic,female vocalists,dance,00s,alternative rock,jazz,"
    "beautiful,metal,chillout,male vocalists,classic rock,soul,indie rock,mellow,electronica,"
    "80s,folk,90s,chill,instrumental,punk,oldies,blues,hard rock,ambient,acoustic,experimental,"
    "female vocalist,guitar,hip-hop,70s,party,country,easy listening,sexy,catchy,funk,electro,"
    "heavy metal,progressive rock,60s,rnb,indie pop,sad,house,happy"
)
"""Tags that listeners gave to tracks of the Million Song Dataset, in the order of the networks."""

INSTRUMENTS_TAGS: Final = _tags(
    "guitar,classical,slow,techno,strings,drums,electronic,rock,fast,piano,ambient,beat,violin,"
    "vocal,synth,female,indian,opera,male,singing,vocals,no vocals,harpsichord,loud,quiet,"
    "flute,woman,male vocal,no vocal,pop,soft,sitar,solo,man,classic,choir,voice,new age,dance,"
    "male voice,female vocal,beats,harp,cello,no voice,weird,country,metal,female voice,choral"
)
"""Tags that players of a game gave to clips of MagnaTagATune."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainedEncoder:
    """One pretrained network: its name in segue, its checkpoint in the wheel, and its outputs.

    The fingerprint hashes these fields with their names: stored embeddings depend on it.
    """

    name: str
    checkpoint: str
    network: Literal["musicnn", "vgg"]
    embedding_size: int
    tags: tuple[str, ...]
    about: str

    @property
    def fingerprint(self) -> str:
        """Hash of weights, conversion and description: embeddings of the same hash compare."""
        facts = json.dumps([WHEEL_SHA256, CONVERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()[:16]


PRETRAINED_ENCODERS: Final = {
    encoder.name: encoder
    for encoder in (
        PretrainedEncoder(
            name="musicnn",
            checkpoint="MSD_musicnn",
            network="musicnn",
            embedding_size=200,
            tags=LISTENERS_TAGS,
            about="genres, decades, moods (filters of timbre and tempo)",
        ),
        PretrainedEncoder(
            name="vgg",
            checkpoint="MSD_vgg",
            network="vgg",
            embedding_size=256,
            tags=LISTENERS_TAGS,
            about="genres, decades, moods (plain convolutions)",
        ),
        PretrainedEncoder(
            name="instruments",
            checkpoint="MTT_musicnn",
            network="musicnn",
            embedding_size=200,
            tags=INSTRUMENTS_TAGS,
            about="instruments, voices, tempo (as musicnn)",
        ),
    )
}
