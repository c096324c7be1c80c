"""Add, list and remove pretrained encoders: completely or not at all, with clear errors."""

import json

import pytest

from segue.encoders.pretrained import (
    PRETRAINED_ENCODERS,
    installed_encoders,
    open_pretrained,
    package_directory,
)
from segue.errors import ModelError
from segue.pipeline.pretrained import add_encoders, list_encoders, remove_encoders


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty data directory of a user."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def files(place):
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


@pytest.mark.slow
def test_add_list_and_remove(place, musicnn_wheel):
    assert not installed_encoders()
    assert add_encoders(wheel=musicnn_wheel)
    assert package_directory() == place / "segue" / "encoders" / "musicnn"
    assert files(package_directory()) == sorted(
        [
            *("LICENSE.md", "SHA256SUMS"),
            *(f"{e}/{f}" for e in PRETRAINED_ENCODERS for f in ("encoder.json", "model.onnx")),
        ]
    )
    assert files(place) == [f"segue/encoders/musicnn/{f}" for f in files(package_directory())]
    assert {e.name for e in list_encoders() if e.directory} == set(PRETRAINED_ENCODERS)
    assert not add_encoders(wheel=musicnn_wheel)  # there already
    # a damaged one is installed again
    graph = installed_encoders()["vgg"] / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:1_000])
    assert add_encoders(wheel=musicnn_wheel)
    assert len(open_pretrained(graph.parent).class_names) == 50
    # so is one of an earlier segue, which has two outputs
    description = graph.parent / "encoder.json"
    facts = json.loads(description.read_text())
    description.write_text(json.dumps({k: v for k, v in facts.items() if k != "outputs"}))
    assert add_encoders(wheel=musicnn_wheel)
    assert not add_encoders(wheel=musicnn_wheel)
    remove_encoders()
    assert files(place) == []
    with pytest.raises(ModelError, match="not installed"):
        remove_encoders()


@pytest.mark.slow
def test_failure_while_converting_keeps_the_old_encoders(place, musicnn_wheel, monkeypatch):
    add_encoders(wheel=musicnn_wheel)
    before = files(place)

    def broken(wheel, encoder, directory):
        if encoder.name == "vgg":
            raise ModelError("cut short")
        convert(wheel, encoder, directory)

    from segue.pipeline import pretrained

    convert = pretrained.convert
    monkeypatch.setattr(pretrained, "convert", broken)
    with pytest.raises(ModelError, match="cut short"):
        add_encoders(wheel=musicnn_wheel, force=True)
    assert files(place) == before


def test_wrong_wheel_leaves_no_files(place, tmp_path):
    (tmp_path / "a.whl").write_bytes(b"PK but no more")
    with pytest.raises(ModelError, match="is not the wheel musicnn"):
        add_encoders(wheel=tmp_path / "a.whl")
    assert not place.exists()


def test_missing_network_leaves_no_files(place, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ModelError, match="connect to the network and try again"):
        add_encoders()
    assert not place.exists()


def test_unknown_package_is_refused(place):
    with pytest.raises(ModelError, match="no encoder package 'vggish'"):
        add_encoders("vggish")


@pytest.mark.slow
def test_full_disk_is_reported_and_leaves_no_files(small_disk, musicnn_wheel, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(small_disk))
    with pytest.raises(ModelError, match=r"the disk is full.*XDG_DATA_HOME"):
        add_encoders(wheel=musicnn_wheel)
    assert files(small_disk) == []


def test_list_names_sizes_and_installation(place):
    listed = list_encoders()
    assert [encoder.name for encoder in listed] == ["musicnn", "vgg", "instruments", "notes"]
    assert [encoder.embedding_size for encoder in listed] == [200, 256, 200, 0]
    assert not any(encoder.directory for encoder in listed)
