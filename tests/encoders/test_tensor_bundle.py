"""Tensor bundles: what TensorFlow reads is read, and every damage is reported."""

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.encoders.pretrained import PRETRAINED_ENCODERS, open_wheel
from segue.encoders.pretrained.conversion import checkpoint_files
from segue.encoders.pretrained.tensor_bundle import crc32c, read_variables
from segue.errors import ModelError

MAGIC = 0xDB4775248B80FB57
RNG = np.random.default_rng(19)
VARIABLES = {
    "conv2d/bias": RNG.normal(size=3).astype(np.float32),
    "conv2d/kernel": RNG.normal(size=(2, 1, 3)).astype(np.float32),
    "dense/kernel": RNG.normal(size=(300, 2)).astype(np.float32),
    "scalar": np.array(2.5, np.float32),
}


def masked(content):
    crc = crc32c(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def entry(array, offset, dtype=1):
    content = array.tobytes()
    shape = b"".join(field(2, field(1, size)) for size in array.shape)
    place = field(4, offset) if offset else b""
    crc = varint(6 << 3 | 5) + struct.pack("<I", masked(content))
    return field(1, dtype) + field(2, shape) + place + field(5, len(content)) + crc


def block(pairs, compression=0):
    """One block with prefixes of keys that are shared, as LevelDB writes it."""
    content, before = b"", b""
    for key, value in pairs:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        content += varint(shared) + varint(len(key) - shared) + varint(len(value))
        content += key[shared:] + value
        before = key
    content += struct.pack("<II", 0, 1)
    typed = content + bytes([compression])
    return typed + struct.pack("<I", masked(typed)), len(content)


HEADER = field(1, 1)


def bundle(variables, *, header=HEADER, dtype=1, compression=0):
    """Return the index and the data of a checkpoint, as TensorFlow writes them."""
    data, pairs = b"", [(b"", header)]
    for name, array in sorted(variables.items()):
        pairs.append((name.encode(), entry(array, len(data), dtype)))
        data += array.tobytes()
    index, size = block(pairs, compression)
    handle = varint(0) + varint(size)
    start = len(index)
    more, size = block([(b"z", handle)])
    footer = varint(0) * 2 + varint(start) + varint(size)
    return index + more + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC), data


def test_variables_are_read_without_the_optimizers():
    optimizer = {"dense/kernel/Adam": np.ones(2, np.float32), "beta1_power": np.float32(1)}
    found = read_variables(*bundle(VARIABLES | optimizer))
    assert found.keys() == VARIABLES.keys()
    for name, array in VARIABLES.items():
        np.testing.assert_array_equal(found[name], array)


def test_other_types_are_left_out():
    assert read_variables(*bundle({"step": np.array([3], np.int64)}, dtype=9)) == {}


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_damage_is_reported_or_harmless(data):
    """A cut or changed byte never gives other values."""
    files = list(bundle(VARIABLES))
    which = data.draw(st.integers(0, 1))
    place = data.draw(st.integers(0, len(files[which]) - 1))
    content = bytearray(files[which])
    if data.draw(st.booleans()):
        content = content[:place]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    files[which] = bytes(content)
    found = VARIABLES
    with suppress(ModelError):
        found = read_variables(*files)
    assert found.keys() == VARIABLES.keys()
    assert all(np.array_equal(found[name], VARIABLES[name]) for name in VARIABLES)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"header": field(1, 2)}, "several data files"),
        ({"header": field(1, 1) + field(2, 1)}, "big endian"),
        ({"compression": 1}, "compressed"),
    ],
)
def test_other_bundles_are_refused(changes, reason):
    with pytest.raises(ModelError, match=reason):
        read_variables(*bundle(VARIABLES, **changes))


@pytest.mark.parametrize("content", [b"", b"\0" * 48, b"no checkpoint" * 9])
def test_other_files_are_refused(content):
    with pytest.raises(ModelError, match=r"has no footer.*run segue encoders add again"):
        read_variables(content, b"")


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED_ENCODERS)
def test_variables_equal_those_that_tensorflow_reads(musicnn_wheel, tmp_path, name):
    tensorflow = pytest.importorskip("tensorflow", reason="no TensorFlow: see [train]")
    with open_wheel(musicnn_wheel) as wheel:
        files = checkpoint_files(wheel, PRETRAINED_ENCODERS[name])
    for ending, content in zip((".index", ".data-00000-of-00001"), files, strict=True):
        (tmp_path / f"v{ending}").write_bytes(content)
    reader = tensorflow.train.load_checkpoint(str(tmp_path / "v"))
    wanted = {
        variable
        for variable in reader.get_variable_to_dtype_map()
        if "/Adam" not in variable and "_power" not in variable
    }
    found = read_variables(*files)
    assert found.keys() == wanted
    for variable, array in found.items():
        np.testing.assert_array_equal(array, reader.get_tensor(variable))
