"""Covers: where they are found, what is refused, and that one album has one cover."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import soundfile
from mutagen.flac import FLAC
from mutagen.flac import Picture as FlacPicture
from PIL import Image

from segue.library import Library
from segue.pipeline.catalogue import cover_images
from segue.pipeline.catalogue.browse import browse_index
from segue.pipeline.catalogue.cover_images import draw_tile, resize_picture
from segue.pipeline.catalogue.covers import CoverIndex, Covers
from segue.types import Track

RED, BLUE, GREEN = (200, 20, 20), (20, 20, 200), (20, 160, 20)


def image(color, size=(300, 300), kind="PNG", mode="RGB", **options):
    written = BytesIO()
    Image.new(mode, size, color).save(written, kind, **options)
    return written.getvalue()


def color_of(data):
    """Return the name of the strongest channel of a picture."""
    pixel = np.array(Image.open(BytesIO(data)).convert("RGB")).mean((0, 1))
    return ("red", "green", "blue")[int(pixel.argmax())]


class Shelf:
    """A folder with music, and the covers of a library of it."""

    def __init__(self, directory):
        self.music = directory / "music"
        self.library = Library(directory / "my.segue")
        self.tracks = []

    def add(self, path, embedded=None, **values):
        file = self.music / path
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, np.zeros(2_000), 22_050)
        if embedded is not None:
            flac, picture = FLAC(file), FlacPicture()
            picture.data, picture.type, picture.mime = embedded, 3, "image/png"
            flac.add_picture(picture)
            flac.save()
        self.tracks.append(Track(track_id=path, path=file, **values))

    def put(self, path, data):
        (self.music / path).parent.mkdir(parents=True, exist_ok=True)
        (self.music / path).write_bytes(data)

    def cover(self, item, size=96, kind="jpeg", roots=None):
        nothing = pd.DataFrame({"user_id": [], "track_id": []})
        self.library.add_dataset("data", tracks=self.tracks, listens=nothing)
        catalogue = self.library.catalogue()
        self.index = browse_index(self.library, catalogue)
        groups = CoverIndex.of(self.library, catalogue).tracks_for(item)
        if groups is None:
            return None
        places = [self.music.resolve()] if roots is None else roots
        found = Covers(self.library.covers).find(groups, places, size, kind)
        return found and found.data


@pytest.fixture
def shelf(tmp_path):
    made = Shelf(tmp_path)
    yield made
    made.library.close()


ALBUM = {"artist": "A", "album": "B"}


def test_cover_of_an_album_is_that_of_all_its_tracks(shelf):
    shelf.add("B/1.flac", **ALBUM)
    shelf.add("B/2.flac", image(RED), **ALBUM)
    shelf.add("B/3.flac", image(BLUE), **ALBUM)
    covers = {shelf.cover(f"B/{number}.flac") for number in (1, 2, 3)}
    covers |= {shelf.cover(shelf.index.albums[0].id), shelf.cover(shelf.index.artists[0].id)}
    assert [color_of(data) for data in covers] == ["red"]


@pytest.mark.parametrize(
    "name", ["folder.jpg", "Folder.PNG", "cover.jpeg", "COVER.webp", "front.png", "AlbumArt.jpg"]
)
def test_cover_is_found_in_the_folder(shelf, name):
    shelf.add("B/1.flac", **ALBUM)
    shelf.put("B/back.jpg", image(BLUE))
    shelf.put(f"B/{name}", image(GREEN))
    assert color_of(shelf.cover("B/1.flac")) == "green"


def test_cover_embedded_comes_before_that_of_the_folder(shelf):
    shelf.add("B/1.flac", image(RED), **ALBUM)
    shelf.put("B/cover.png", image(GREEN))
    assert color_of(shelf.cover("B/1.flac")) == "red"


def test_cover_of_disc_folders_is_in_their_parent(shelf):
    shelf.add("B/CD 1/1.flac", **ALBUM)
    shelf.put("B/cover.png", image(GREEN))
    assert color_of(shelf.cover("B/CD 1/1.flac")) == "green"


def test_cover_of_tracks_without_album_is_their_own(shelf):
    shelf.add("1.flac", image(RED), artist="A")
    shelf.add("2.flac", image(BLUE), artist="A")
    assert color_of(shelf.cover("1.flac")) == "red"
    assert color_of(shelf.cover("2.flac")) == "blue"
    for shown in (shelf.index.albums[0].id, shelf.index.artists[0].id):
        assert color_of(shelf.cover(shown)) == "red"


def test_cover_of_an_artist_comes_from_an_own_album(shelf):
    for number in range(3):
        shelf.add(f"Mix/{number}.flac", image(BLUE), artist="A", album="Mix")
    shelf.tracks = [
        Track(track_id=one.track_id, path=one.path, artist="A", album="Mix",
              metadata={"albumartist": "Various"})
        for one in shelf.tracks
    ]  # fmt: skip
    shelf.add("Own/1.flac", image(RED), artist="A", album="Own")
    shelf.cover("Own/1.flac")
    assert color_of(shelf.cover(shelf.index.artist_called("A").id)) == "red"


def test_cover_of_an_unknown_item_is_none(shelf):
    shelf.add("B/1.flac", **ALBUM)
    assert shelf.cover("al-nothing") is None
    assert shelf.cover("B/1.flac") is None


def test_cover_changes_with_its_file(shelf):
    shelf.add("B/1.flac", **ALBUM)
    assert shelf.cover("B/1.flac") is None
    shelf.put("B/cover.png", image(GREEN))
    assert color_of(shelf.cover("B/1.flac")) == "green"
    shelf.put("B/cover.png", image(BLUE, (400, 400)))
    assert color_of(shelf.cover("B/1.flac")) == "blue"


def test_cover_outside_of_the_music_is_not_read(shelf, tmp_path):
    shelf.add("B/1.flac", **ALBUM)
    (tmp_path / "private.png").write_bytes(image(RED))
    (shelf.music / "B/cover.png").symlink_to(tmp_path / "private.png")
    assert shelf.cover("B/1.flac") is None
    assert shelf.cover("B/1.flac", roots=[tmp_path / "elsewhere"]) is None


def test_cover_survives_deleted_store(shelf):
    shelf.add("B/1.flac", image(RED), **ALBUM)
    first = shelf.cover("B/1.flac")
    for path in (shelf.library.directory / "covers").rglob("*"):
        if path.is_file():
            path.unlink()
    assert shelf.cover("B/1.flac") == first


@pytest.mark.parametrize(("size", "expected"), [(96, (96, 48)), (384, (300, 150))])
@pytest.mark.parametrize("kind", ["webp", "jpeg"])
def test_resized_picture_fits_and_is_not_enlarged(size, expected, kind):
    made = Image.open(BytesIO(resize_picture(image(RED, (300, 150)), size, kind)))
    assert (made.size, made.format.casefold()) == (expected, kind)


@pytest.mark.parametrize(
    ("mode", "color", "kind"),
    [("CMYK", (0, 255, 255, 0), "JPEG"), ("L", 90, "JPEG"), ("P", 3, "GIF"), ("LA", (9, 0), "PNG")],
)
def test_resized_picture_of_any_mode_is_rgb(mode, color, kind):
    made = Image.open(BytesIO(resize_picture(image(color, kind=kind, mode=mode), 96, "jpeg")))
    assert made.mode == "RGB"


def test_resized_picture_leaves_metadata_out_and_turns():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    data = image(RED, (300, 150), "JPEG", exif=exif)
    made = resize_picture(data, 96, "jpeg")
    assert Image.open(BytesIO(made)).size == (48, 96)
    assert b"home" not in made


def test_damaged_pictures_are_refused():
    whole = image(RED, kind="JPEG")
    for data in (b"", whole[:200], whole[:20] + bytes(500), b"GIF89a", b"<svg/>", b"%!PS"):
        assert resize_picture(data, 96, "jpeg") is None


def test_huge_and_animated_pictures_are_refused(monkeypatch):
    frames = [Image.new("RGB", (50, 50), color) for color in (RED, BLUE)]
    written = BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    assert resize_picture(written.getvalue(), 96, "jpeg") is None
    monkeypatch.setattr(cover_images, "MAX_PIXELS", 89_999)
    assert resize_picture(image(RED), 96, "jpeg") is None


def test_damaged_picture_gives_way_to_the_next(shelf):
    shelf.add("B/1.flac", image(RED)[:150], **ALBUM)
    shelf.put("B/cover.png", image(GREEN))
    assert color_of(shelf.cover("B/1.flac")) == "green"


def test_tile_depends_on_the_text_only():
    assert draw_tile("one") == draw_tile("one") != draw_tile("two")
    assert b"<script" not in draw_tile('"><script>')
