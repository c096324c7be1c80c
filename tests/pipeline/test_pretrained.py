"""Adding, listing and removing pretrained ears: whole or not at all, and told in a sentence."""

import pytest

from segue.encoders.pretrained import EARS, installed_ears, open_ear, package_directory
from segue.errors import MissingExtraError, ModelError
from segue.pipeline.pretrained import add_encoders, list_encoders, remove_encoders


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A user's data directory in which nothing is."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def files(place):
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


@pytest.mark.slow
def test_adding_listing_and_removing(place, musicnn_wheel):
    assert not installed_ears()
    assert add_encoders(wheel=musicnn_wheel)
    assert package_directory() == place / "segue" / "encoders" / "musicnn"
    assert files(package_directory()) == sorted(
        ["LICENSE.md", *(f"{e}/{f}" for e in EARS for f in ("encoder.json", "model.onnx"))]
    )
    assert files(place) == [f"segue/encoders/musicnn/{f}" for f in files(package_directory())]
    assert all(ear.directory for ear in list_encoders())
    assert not add_encoders(wheel=musicnn_wheel)  # there already
    # a damaged one is made anew
    graph = installed_ears()["vgg"] / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:1_000])
    assert add_encoders(wheel=musicnn_wheel)
    assert len(open_ear(graph.parent).class_names) == 50
    remove_encoders()
    assert files(place) == []
    with pytest.raises(ModelError, match="not installed"):
        remove_encoders()


@pytest.mark.slow
def test_a_failure_in_the_middle_leaves_what_was_there(place, musicnn_wheel, monkeypatch):
    add_encoders(wheel=musicnn_wheel)
    before = files(place)

    def broken(wheel, ear, directory):
        if ear.name == "vgg":
            raise ModelError("cut short")
        convert(wheel, ear, directory)

    from segue.pipeline import pretrained

    convert = pretrained.convert
    monkeypatch.setattr(pretrained, "convert", broken)
    with pytest.raises(ModelError, match="cut short"):
        add_encoders(wheel=musicnn_wheel, force=True)
    assert files(place) == before


def test_another_wheel_leaves_nothing_behind(place, tmp_path):
    (tmp_path / "a.whl").write_bytes(b"PK but no more")
    with pytest.raises(ModelError, match="is not the wheel musicnn"):
        add_encoders(wheel=tmp_path / "a.whl")
    assert not place.exists()


def test_no_network_leaves_nothing_behind(place, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ModelError, match="connect to the network and try again"):
        add_encoders()
    assert not place.exists()


def test_without_the_extra_it_is_told_before_the_download(place, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'segue\[train\]'"):
        add_encoders()
    assert not place.exists()


def test_an_unknown_package_is_refused(place):
    with pytest.raises(ModelError, match="No encoders come from 'vggish'"):
        add_encoders("vggish")


@pytest.mark.slow
def test_a_disk_that_is_full_is_told(small_disk, musicnn_wheel, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(small_disk))
    with pytest.raises(ModelError, match=r"the disk is full.*XDG_DATA_HOME"):
        add_encoders(wheel=musicnn_wheel)
    assert files(small_disk) == []


def test_what_is_listed_says_what_there_is(place):
    listed = list_encoders()
    assert [ear.name for ear in listed] == ["musicnn", "vgg", "instruments"]
    assert [ear.embedding_size for ear in listed] == [200, 256, 200]
    assert not any(ear.directory for ear in listed)
