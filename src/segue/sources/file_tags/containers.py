"""Tags of an audio file by name, from every container in it.

Conventions
-----------
- The content decides what a file is, not its suffix.
- A file may hold several sets of tags; the container's own come first, then APEv2 and ID3 at its
  ends, then chunks of RIFF and AIFF.
- Names are compared without case, spaces and punctuation, and without the prefixes of freeform
  tags: ``ALBUM ARTIST``, ``TXXX:album_artist`` and ``WM/AlbumArtist`` are ``albumartist``. Freeform
  atoms of MP4 with another owner than iTunes hold what only their program reads.
- Values are lists of text; text of unknown encoding is `ByteText`.

Sources: ID3v2.4.0; mutagen; RIFF (Microsoft, 1991); AIFF (Apple, 1989).
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import mutagen

from segue.sources.file_tags.cue_sheets import tracks_by_file
from segue.sources.file_tags.encodings import ByteText

_ITUNES: Final = "----:com.apple.itunes:"
_MAX_BYTES: Final = 1 << 20
"""Size of the longest chunk of text; lyrics are shorter."""
_LOSSLESS: Final = frozenset(
    {"FLAC", "OggFLAC", "WAVE", "AIFF", "WavPack", "MonkeysAudio", "TrueAudio", "TAK", "DSF"}
    | {"DSDIFF", "OptimFROG"}
)
_OPUS_RATE: Final = 48_000  # of every Opus decoder
_LATIN_1: Final = 0  # the number of an encoding in ID3
_OGG: Final = (
    (b"OpusHead", "oggopus.OggOpus"),
    (b"\x01vorbis", "oggvorbis.OggVorbis"),
    (b"\x7fFLAC", "oggflac.OggFLAC"),
    (b"Speex   ", "oggspeex.OggSpeex"),
)
_MAGIC: Final = (
    (0, b"fLaC", "flac.FLAC"),
    (4, b"ftyp", "mp4.MP4"),
    (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf.ASF"),
    (8, b"WAVE", "wave.WAVE"),
    (8, b"AIFF", "aiff.AIFF"),
    (8, b"AIFC", "aiff.AIFF"),
    (0, b"wvpk", "wavpack.WavPack"),
    (0, b"MAC ", "monkeysaudio.MonkeysAudio"),
    (0, b"MPCK", "musepack.Musepack"),
    (0, b"MP+", "musepack.Musepack"),
    (0, b"TTA1", "trueaudio.TrueAudio"),
    (0, b"DSD ", "dsf.DSF"),
    (0, b"FRM8", "dsdiff.DSDIFF"),
    (0, b"tBaK", "tak.TAK"),
    (0, b"OFR ", "optimfrog.OptimFROG"),
    (0, b"\x0b\x77", "ac3.AC3"),
)
"""Place and bytes by which a container is recognized, and its class in mutagen."""
_AFTER_ID3: Final = frozenset({"flac.FLAC", "mp3.MP3", "aac.AAC", "trueaudio.TrueAudio"})
"""Classes that skip ID3 before their container."""
_RIFF: Final = {
    "INAM": "title",
    "IART": "artist",
    "IPRD": "album",
    "ICRD": "date",
    "IGNR": "genre",
    "ITRK": "tracknumber",
    "IPRT": "tracknumber",
    "IMUS": "composer",
    "ISRC": "",  # the source of a scan, not of a recording
}
_AIFF: Final = {"NAME": "title", "AUTH": "artist"}

Tags = dict[str, list[list[str]]]
"""Values by name; a list of them where several spellings of a name are there."""


@dataclass(slots=True)
class FileTags:
    """All sets of tags of a file, the preferred one first, and its duration in seconds.

    `n_tracks` is the number of tracks in its CUE sheet, if it holds one. `audio` are properties of
    the audio that are known: see `AUDIO_PROPERTIES` in `fields`.
    """

    sets: list[Tags] = field(default_factory=list)
    duration: float | None = None
    audio: dict[str, str] = field(default_factory=dict)
    n_tracks: int = 1

    def texts(self) -> Iterator[str]:
        """Yield the values of all tags."""
        for tags in self.sets:
            for found in tags.values():
                for values in found:
                    yield from values

    def values(self, names: Iterable[str]) -> Iterator[list[str]]:
        """Yield the values of tags with some names, in the order of the sets."""
        wanted = tuple(names)
        for tags in self.sets:
            for name in wanted:
                yield from tags.get(name, ())


def name_key(name: str) -> str:
    """Return the name of a tag by which it is compared.

    >>> name_key("TXXX:Album Artist"), name_key("----:com.apple.iTunes:ISRC"), name_key("WM/Year")
    ('albumartist', 'isrc', 'year')
    >>> name_key("----:com.mixedinkey.mixedinkey:key")
    'commixedinkeymixedinkeykey'
    """
    plain = name.casefold()
    if plain.startswith("txxx:"):
        plain = plain.rpartition(":")[2]
    plain = plain.removeprefix(_ITUNES).removeprefix("wm/")
    return "".join(sign for sign in plain if sign.isalnum() or sign == "\xa9")


def read_containers(path: Path) -> FileTags:
    """Read the tags of a file and its duration.

    Raises
    ------
    Exception
        Whatever the parsers raise on a damaged file: they promise nothing.
    """
    file = open_tags(path)
    if file is None:
        return _read_with_soundfile(path)
    found = FileTags()
    if file.tags is not None:
        found.sets.append(_tags_of(file.tags))
    kind = type(file).__name__
    if any("\ufffd" in text for text in found.texts()) and (whole := _read_with_ffmpeg(path)):
        found.sets = whole.sets + found.sets  # mutagen replaced bytes that are not UTF-8
    if kind in {"MP3", "ID3FileType", "AAC", "AC3", "FLAC", "TrueAudio"}:
        found.sets += _other_tags(path, kind)
    with path.open("rb") as opened:
        chunks = dict(_chunk_texts(opened))
    if chunks:
        found.sets.append({name: [[ByteText(text)]] for name, text in chunks.items()})
    length = getattr(file.info, "length", 0)
    found.duration = length if length > 0 else None
    found.audio = _audio_properties(file.info, kind)
    sheets = [text for values in found.values(["cuesheet"]) for text in values]
    counts = [n for sheet in sheets for n in tracks_by_file(str(sheet)).values()]
    if getattr(file, "cuesheet", None):  # a block of FLAC; its last entry is the end of the disc
        counts.append(len(file.cuesheet.tracks) - 1)
    found.n_tracks = max([1, *counts])
    return found


def _audio_properties(info: Any, kind: str) -> dict[str, str]:  # mutagen has no types
    """Return the properties of the audio that the header of a file states.

    A depth of bits is that of samples without loss; lossy codecs have none.
    """
    codec = str(getattr(info, "codec", "") or kind).casefold()
    lossless = kind in _LOSSLESS or codec == "alac"
    found = {
        "codec": codec,
        "sample_rate": _OPUS_RATE if kind == "OggOpus" else getattr(info, "sample_rate", 0),
        "bit_depth": getattr(info, "bits_per_sample", 0) if lossless else 0,
        "channels": getattr(info, "channels", 0),
        "bit_rate": getattr(info, "bitrate", 0),
    }
    return {name: str(value) for name, value in found.items() if value}


def open_tags(path: Path, **options: Any) -> Any:  # mutagen has no types
    """Open a file with mutagen by its content; None if mutagen does not know its kind."""
    kind = _kind_by_content(path)
    if kind is None:
        return mutagen.File(path)
    module, _, name = kind.partition(".")
    return getattr(__import__(f"mutagen.{module}", fromlist=[name]), name)(path, **options)


def _kind_by_content(path: Path) -> str | None:
    """Return the module and class of mutagen for a file; None where its content does not say."""
    with path.open("rb") as file:
        head = file.read(256)
        if head[:3] != b"ID3" or len(head) < 10:
            return _kind_of_bytes(head)
        # taggers put ID3 before any container
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        file.seek(10 + size)
        kind = _kind_of_bytes(file.read(256).lstrip(b"\0"))
    return kind if kind is None or kind in _AFTER_ID3 else "id3.ID3FileType"


def _kind_of_bytes(head: bytes) -> str | None:
    if head[:4] == b"OggS":
        return next((kind for magic, kind in _OGG if magic in head), None)
    for place, magic, kind in _MAGIC:
        if head[place : place + len(magic)] == magic:
            return kind
    if len(head) < 2 or head[0] != 0xFF:
        return None
    # eleven bits are set at the start of a frame; two bits for the layer, none of them in AAC
    if head[1] & 0xF6 == 0xF0:
        return "aac.AAC"
    return "mp3.MP3" if head[1] & 0xE0 == 0xE0 and head[1] & 0x06 in (2, 4) else None


def _other_tags(path: Path, kind: str) -> Iterator[Tags]:
    """Yield tags at the ends of a file that its container does not provide for."""
    from mutagen.apev2 import APEv2
    from mutagen.id3 import ID3

    for reader in (APEv2,) if kind in {"MP3", "ID3FileType"} else (ID3, APEv2):
        try:
            yield _tags_of(reader(path))
        except (mutagen.MutagenError, OSError):  # most files have none
            continue


def _read_with_soundfile(path: Path) -> FileTags:
    """Read a file of a kind that mutagen does not know; FFmpeg reads what soundfile does not."""
    import soundfile

    # Opened here: soundfile itself does not take names that are not UTF-8.
    with path.open("rb") as opened:
        try:
            file = soundfile.SoundFile(opened)
        except soundfile.LibsndfileError as error:
            found = _read_with_ffmpeg(path)
            if found is None:
                raise error from None
            return found
        with file:
            if file.format == "RAW":  # what libsndfile says of an .au file without a header
                raise ValueError("no header of an audio file")
            duration = file.frames / file.samplerate if file.frames > 0 else None
            audio = {"sample_rate": str(file.samplerate), "channels": str(file.channels)}
            return FileTags([_by_name(file.copy_metadata())], duration, audio)


def _read_with_ffmpeg(path: Path) -> FileTags | None:
    import av

    try:
        # latin-1 keeps all bytes: some programs do not write UTF-8
        with av.open(str(path), metadata_encoding="latin-1") as file:
            if not file.streams.audio:
                return None
            duration = file.duration / av.time_base if file.duration else None
            found = (file.metadata, file.streams.audio[0].metadata)
            sets = [
                {name_key(name): [[_text_of(text.encode("latin-1"))]] for name, text in one.items()}
                for one in found
            ]
            codec = file.streams.audio[0].codec_context
            audio = {
                "codec": codec.name,
                "sample_rate": codec.sample_rate,
                "channels": codec.channels,
            }
            known = {name: str(value) for name, value in audio.items() if value}
            return FileTags(sets, duration, known)
    except (av.FFmpegError, UnicodeError, ValueError):
        return None


def _by_name(texts: Mapping[str, str]) -> Tags:
    return {name_key(name): [[text]] for name, text in texts.items() if text}


def _tags_of(tags: Any) -> Tags:  # mutagen has no types
    """Return the tags of one container by name."""
    found: Tags = {}
    for name in tags.keys():  # noqa: SIM118  # mutagen's tags iterate over pairs, in some formats
        values = _texts(tags[name])
        if not values:
            continue
        key = name_key(str(name))
        found.setdefault(key, []).append(values)
        # ID3 adds language and description: "USLT:desc:eng"; UFID an owner
        frame, _, rest = str(name).partition(":")
        if rest and frame in {"USLT", "UFID", "COMM"}:
            found.setdefault(name_key(frame), []).append(values)
    _add_gain(tags, found)
    return found


def _add_gain(tags: Any, found: Tags) -> None:
    """Add the gain of RVA2 frames, as ReplayGain writes it."""
    for name in ("track", "album"):
        frame = tags.get(f"RVA2:{name}") if hasattr(tags, "getall") else None
        if frame is not None:
            found.setdefault(f"replaygain{name}gain", []).append([f"{frame.gain:+.2f} dB"])


def _texts(value: Any) -> list[str]:
    """Return the values of a tag of any format as text."""
    if isinstance(value, tuple) and all(isinstance(one, int) for one in value):
        return ["/".join(str(number) for number in value if number)]  # 3 of 12, in MP4
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part) if text.strip()]
    if isinstance(value, bytes):
        return [_text_of(value)] if len(value) <= _MAX_BYTES else []
    # TIPL and TMCL are pairs of role and name; kind 1 are binary items of APEv2
    if hasattr(value, "people") or getattr(value, "kind", None) == 1:
        return []
    # ID3 frames hold `text` (a list, or one for lyrics) or `data` (UFID), others `value`
    name = next((name for name in ("text", "data", "value") if hasattr(value, name)), None)
    texts = _texts(getattr(value, name)) if name else str(value).split("\0")
    if name == "text" and getattr(value, "encoding", None) == _LATIN_1:
        return [ByteText(text) for text in texts]
    return [text for text in texts if text.strip()]


def _text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ByteText(data.decode("latin-1"))


def _chunk_texts(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the INFO list of RIFF, or of the text chunks of AIFF."""
    head = file.read(12)
    little = head[:4] in {b"RIFF", b"RF64"} and head[8:] == b"WAVE"
    if not little and not (head[:4] == b"FORM" and head[8:] in {b"AIFF", b"AIFC"}):
        return
    for name, size in _chunks(file, "<" if little else ">"):
        if little and name == "LIST" and file.read(4) == b"INFO":
            for inner, length in _chunks(file, "<", size - 4):
                yield from _text_chunk(file, _RIFF.get(inner), length)
        elif not little:
            yield from _text_chunk(file, _AIFF.get(name), size)


def _text_chunk(file: IO[bytes], name: str | None, size: int) -> Iterator[tuple[str, str]]:
    if name and size <= _MAX_BYTES:
        text = file.read(size).rstrip(b"\0").decode("latin-1")
        if text.strip():
            yield name, text


def _chunks(file: IO[bytes], order: str, within: int | None = None) -> Iterator[tuple[str, int]]:
    """Yield name and size of each chunk from here on; the file is at its content then."""
    place = file.tell()
    end = None if within is None else place + within
    while end is None or place + 8 <= end:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack(f"{order}4sI", head)
        yield name.decode("latin-1"), size
        place += 8 + size + size % 2  # chunks begin at even bytes
