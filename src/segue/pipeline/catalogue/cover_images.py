"""Resize pictures for covers, and draw the tile that is shown where there is no picture.

Pictures come from files that others have written. Only JPEG, PNG, WebP and GIF are decoded, up to
`MAX_PIXELS`, by a few threads at a time; damaged and animated ones are refused.
"""

import math
import threading
from collections.abc import Iterator
from hashlib import blake2b
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

CoverFormat = Literal["webp", "jpeg"]
COVER_FORMATS: Final[tuple[CoverFormat, ...]] = get_args(CoverFormat)
COVER_SIZES: Final = (96, 192, 384, 768, 1536)
"""Sizes of covers in pixels: the longer edge of a picture."""
MAX_PIXELS: Final = 32_000_000
"""Largest number of pixels of a picture that is decoded."""

_READ: Final = ("JPEG", "PNG", "WEBP", "GIF")
_WRITTEN: Final[dict[CoverFormat, dict[str, Any]]] = {
    "webp": {"format": "WEBP", "quality": 82, "method": 4},
    "jpeg": {"format": "JPEG", "quality": 86, "optimize": True, "progressive": True},
}
_MAX_DECODING: Final = 2
_DECODING: Final = threading.BoundedSemaphore(_MAX_DECODING)
_N_BARS: Final = 7
_BAR_WIDTH: Final = 2.2
_TILE_UNITS: Final = 40


def rounded_size(wanted: int) -> int:
    """Return the smallest of `COVER_SIZES` that is not below a size, else the largest.

    >>> rounded_size(1), rounded_size(97), rounded_size(9999)
    (96, 192, 1536)
    """
    return next((size for size in COVER_SIZES if size >= wanted), COVER_SIZES[-1])


def resize_picture(data: bytes, size: int, kind: CoverFormat) -> bytes | None:
    """Return a picture, reduced to at most `size` pixels per edge, in another format.

    Metadata are left out. Small pictures are not enlarged. None if it cannot or must not be shown.
    """
    with _DECODING:
        try:
            image = _decoded(data, size)
            if image is None:
                return None
            written = BytesIO()
            image.save(written, **_WRITTEN[kind])
        except Exception:  # noqa: BLE001  # Pillow raises errors of many types for damaged files
            return None
    return written.getvalue()


def _decoded(data: bytes, size: int) -> "Image | None":
    from PIL import Image, ImageOps

    with Image.open(BytesIO(data), formats=_READ) as image:
        if image.width * image.height > MAX_PIXELS or getattr(image, "is_animated", False):
            return None
        transparent = image.has_transparency_data
        if transparent:
            shown = image.convert("RGBA")
        elif image.mode == "P":
            shown = image.convert("RGB")
        else:
            shown = image  # a JPEG is decoded at a reduced size
        shown.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
        turned = ImageOps.exif_transpose(shown)
        if not transparent:
            return turned.convert("RGB")
        ground = Image.new("RGB", turned.size, "white")
        ground.paste(turned, mask=turned.getchannel("A"))
        return ground


def draw_tile(seed: str) -> bytes:
    """Return an SVG picture that is always the same for the same text: bars on a colored ground."""
    tile = _tile(seed)
    bars = [
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{_BAR_WIDTH}" height="{height:.1f}" rx="1.1"/>'
        for x, y, height in tile.bars
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" width="384" height="384">'
        '<linearGradient id="g" x2="1" y2="1">'
        f'<stop stop-color="{tile.first}"/>'
        f'<stop offset="1" stop-color="{tile.last}"/></linearGradient>'
        '<rect width="40" height="40" fill="url(#g)"/>'
        f'<g fill="{tile.front}" fill-opacity=".8">{"".join(bars)}</g></svg>'
    ).encode()


def draw_tile_picture(seed: str, size: int) -> bytes:
    """Return the picture of `draw_tile` as PNG, for clients that show no SVG.

    Parameters
    ----------
    size
        Edge in pixels.
    """
    from PIL import Image, ImageColor, ImageDraw

    tile = _tile(seed)
    across = np.arange(size, dtype=np.float32) / max(2 * size - 2, 1)
    share = (across[:, None] + across[None, :])[..., None]
    first, last = (np.array(ImageColor.getrgb(color)) for color in (tile.first, tile.last))
    ground = Image.fromarray(np.rint(first + share * (last - first)).astype(np.uint8))
    scale = 2 * size / _TILE_UNITS  # drawn at twice the size: edges are smooth after reduction
    mask = Image.new("L", (2 * size, 2 * size))
    draw = ImageDraw.Draw(mask)
    for x, y, height in tile.bars:
        corners = (x * scale, y * scale, (x + _BAR_WIDTH) * scale, (y + height) * scale)
        draw.rounded_rectangle(corners, radius=1.1 * scale, fill=204)
    front = Image.new("RGB", (size, size), tile.front)
    ground.paste(front, mask=mask.resize((size, size), Image.Resampling.BOX))
    written = BytesIO()
    ground.save(written, "PNG", optimize=True)
    return written.getvalue()


class _Tile(NamedTuple):
    """The colors of a tile, and left, top and height of its bars, in `_TILE_UNITS` per edge."""

    first: str
    last: str
    front: str
    bars: list[tuple[float, float, float]]


def _tile(seed: str) -> _Tile:
    numbers = _numbers(seed)
    hue = round(360 * next(numbers))
    turn = hue + 24 + round(30 * next(numbers))
    peak = 1 + next(numbers) * (_N_BARS - 2)
    bars = []
    for bar in range(_N_BARS):
        bell = math.exp(-(((bar - peak) / 2.2) ** 2))
        height = 4 + 19 * bell * (0.45 + 0.55 * next(numbers)) + 4 * next(numbers)
        bars.append((7.4 + bar * 3.8, 20 - height / 2, height))
    return _Tile(
        f"hsl({hue % 360},32%,40%)",
        f"hsl({turn % 360},38%,26%)",
        f"hsl({hue % 360},45%,86%)",
        bars,
    )


def _numbers(seed: str) -> Iterator[float]:
    """Yield numbers from 0 to 1 that depend on a text."""
    place = 0
    while True:
        block = blake2b(f"{place}\n{seed}".encode("utf-8", "replace"), digest_size=64).digest()
        yield from (
            int.from_bytes(block[at : at + 4]) / 0xFFFFFFFF for at in range(0, len(block), 4)
        )
        place += 1
