"""Embedded covers: found in every kind of file, limited in size, typed by content."""

import base64

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC
from mutagen.flac import Picture as FlacPicture
from mutagen.id3 import APIC
from mutagen.mp3 import MP3
from mutagen.oggvorbis import OggVorbis

from segue.audio.pictures import embedded_picture
from segue.errors import AudioError

JPEG = b"\xff\xd8\xff\xe0" + bytes(50)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@pytest.fixture
def sound(tmp_path):
    def write(name, format, subtype=None):  # noqa: A002
        path = tmp_path / name
        samples = 0.1 * np.sin(np.arange(44_100) / 20)
        soundfile.write(path, samples, 44_100, format=format, subtype=subtype)
        return path

    return write


def picture(data, kind=3):
    made = FlacPicture()
    made.data, made.type, made.mime = data, kind, "image/jpeg"
    return made


def test_mp3_cover_is_found_front_cover_first(sound):
    path = sound("a.mp3", "MP3", "MPEG_LAYER_III")
    file = MP3(path)
    file.add_tags()
    for kind, data in ((4, PNG), (3, JPEG)):
        file.tags.add(APIC(encoding=3, mime="image/x", type=kind, desc=str(kind), data=data))
    file.save()
    found = embedded_picture(path)
    assert (found.media_type, found.data) == ("image/jpeg", JPEG)


def test_ogg_cover_is_found(sound):
    path = sound("a.ogg", "OGG", "VORBIS")
    file = OggVorbis(path)
    block = base64.b64encode(picture(PNG).write()).decode()
    file["metadata_block_picture"] = ["nonsense!", block]
    file.save()
    assert embedded_picture(path).media_type == "image/png"


@pytest.mark.parametrize("data", [b"<svg onload='alert(1)'/>", b"", b"<html>", bytes(20)])
def test_data_that_is_not_an_image_is_ignored(sound, data):
    path = sound("a.flac", "FLAC")
    file = FLAC(path)
    file.add_picture(picture(data))
    file.save()
    assert embedded_picture(path) is None


def test_large_picture_is_skipped(sound):
    path = sound("a.flac", "FLAC")
    file = FLAC(path)
    file.add_picture(picture(JPEG + bytes(2_000)))
    file.add_picture(picture(PNG, kind=4))
    file.save()
    assert embedded_picture(path, max_bytes=1_000).data == PNG


def test_file_without_tags_has_no_cover(sound):
    assert embedded_picture(sound("a.flac", "FLAC")) is None
    assert embedded_picture(sound("a.wav", "WAV")) is None


def test_damaged_file_is_reported(tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(b"fLaC" + b"\xff" * 100)
    with pytest.raises(AudioError, match="cannot be read"):
        embedded_picture(path)
    with pytest.raises(AudioError):
        embedded_picture(tmp_path / "none.flac")
