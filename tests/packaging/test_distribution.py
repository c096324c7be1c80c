"""The wheel and the sdist are whole: installed in an empty environment, plain segue works there."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def run(*command, **options):
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SEGUE_LIBRARY")}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def distributions(repository, tmp_path_factory):
    """Build both from what git knows and what is new, in a copy: the checkout stays as it is."""
    directory = tmp_path_factory.mktemp("build")
    listed = run(
        "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=repository
    )
    for name in filter(None, listed.split("\0")):
        source, copy = repository / name, directory / "segue" / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    run(sys.executable, "-m", "build", "--outdir", directory / "dist", directory / "segue")
    (wheel,) = (directory / "dist").glob("*.whl")
    (sdist,) = (directory / "dist").glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_holds_the_package_and_nothing_else(distributions, repository):
    with zipfile.ZipFile(distributions[0]) as wheel:
        names = set(wheel.namelist())
    package = repository / "src"
    wanted = {
        str(path.relative_to(package))
        for path in (package / "segue").rglob("*")
        if path.suffix in (".py", ".html", ".css", ".typed") and path.parent.name != "bundle"
    }
    assert wanted | {"beetsplug/segue.py"} <= names
    assert "beetsplug/__init__.py" not in names  # beets finds plugins in a namespace package
    assert all(name.startswith(("segue/", "segue-", "beetsplug/")) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_can_be_built_from(distributions):
    with tarfile.open(distributions[1]) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/segue/py.typed"} <= names


@pytest.mark.nightly
def test_plain_segue_recommends_in_an_empty_environment(distributions, repository, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    binaries = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    constraints = repository / "constraints.txt"
    run(binaries / "python", "-m", "pip", "install", "-q", "-c", constraints, distributions[0])
    data = tmp_path / "data"
    data.mkdir()
    (data / "metadata.csv").write_text("track_id,artist,genre\n1,A,x\n2,A,x\n3,B,y\n4,B,y\n")
    (data / "listens.csv").write_text("user_id,track_id\nu,1\nu,3\nv,2\nv,1\n")
    assert "recommend" in run(binaries / "segue", "--help")
    run(binaries / "segue", "preprocess", data, cwd=tmp_path)
    printed = run(binaries / "segue", "recommend", "--user", "u", "--json", cwd=tmp_path)
    assert {track["track_id"] for track in json.loads(printed)["tracks"]} == {"2", "4"}
    done = subprocess.run(
        [binaries / "segue", "train", "cnn"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("segue: ")


def test_constraints_name_every_dependency_and_no_host(repository):
    text = (repository / "constraints.txt").read_text()
    assert "://" not in text
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in text.splitlines()}
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    # whoever compares segue with its peers wants them as they are today
    groups = [project["dependencies"], *(extras[name] for name in extras if name != "peers")]
    for requirement in (one for group in groups for one in group):
        name = (
            requirement.split(";")[0].split(">=")[0].split("[")[0].strip().lower().replace("_", "-")
        )
        assert name in pinned, name


def test_the_version_is_stated_once(repository):
    import segue

    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    changelog = Path(repository / "CHANGELOG.md").read_text()
    assert f"## [{segue.__version__}]" in changelog
