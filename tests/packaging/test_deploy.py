"""Dockerfile, compose.yaml and the systemd unit are valid, and start segue with options it has."""

import re
import runpy
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from typer.main import get_command

from segue.cli import app


@pytest.fixture(scope="module")
def steps(repository):
    """The functions that read a Dockerfile."""
    return runpy.run_path(str(repository / "tools" / "dockerfile_steps.py"))


@pytest.fixture(scope="module")
def dockerfile(repository, steps):
    """The instructions of the last stage of the Dockerfile."""
    found = steps["instructions"]((repository / "Dockerfile").read_text("utf-8"))
    last = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    return dict(found[last:])


@pytest.fixture(scope="module")
def service(repository):
    """The service of compose.yaml, with the values of a plain environment."""
    text = (repository / "compose.yaml").read_text("utf-8")
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    document = yaml.safe_load(text)
    assert set(document["services"]) == {"segue"}
    assert set(document["volumes"]) == {"data"}
    return document["services"]["segue"]


def serves(words):
    """Whether words are `serve` with options that the command has, for other machines."""
    assert words[0] == "serve"
    command = get_command(app).commands["serve"]
    context = command.make_context("serve", list(words[1:]))
    return context.params["host"] == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("name", ["compose.yaml", "deploy/compose.cluster.yaml"])
def test_compose_file_is_valid(repository, name):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, repository / name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_service_is_restricted(service):
    volume, music = service["volumes"]
    assert (volume["type"], volume["target"]) == ("volume", "/data")
    assert (music["target"], music["read_only"]) == ("/music", True)
    assert service["user"].split(":")[0] not in ("0", "root")
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert serves(service["command"])


def test_cluster_runs_two_servers_and_two_nodes(repository):
    text = (repository / "deploy" / "compose.cluster.yaml").read_text("utf-8")
    text = re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", text)
    services = yaml.safe_load(text)["services"]
    assert all(serves(services[name]["command"]) for name in ("server-1", "server-2"))
    assert services["ray-head"]["entrypoint"][:3] == ["ray", "start", "--head"]
    assert "--address=ray-head:6379" in services["ray-worker"]["entrypoint"]
    command = get_command(app).commands["preprocess"]
    analyze = command.make_context("preprocess", list(services["analyze"]["command"][1:]))
    assert analyze.params["runner"] == "ray://ray-head:10001"
    for name in ("server-1", "server-2", "ray-head", "ray-worker", "analyze"):
        assert services[name]["read_only"]
        assert services[name]["user"].split(":")[0] not in ("0", "root")


def test_image_runs_as_user_with_health_check(dockerfile, steps):
    assert dockerfile["USER"].split(":")[0] not in ("0", "root")
    assert dockerfile["VOLUME"] == "/data"
    assert "SEGUE_LIBRARY=/data/library" in dockerfile["ENV"]
    assert steps["argument_list"](dockerfile["ENTRYPOINT"]) == ["segue"]
    assert serves(steps["argument_list"](dockerfile["CMD"]))
    compile(steps["argument_list"](dockerfile["HEALTHCHECK"])[-1], "health check", "exec")


def test_compose_health_check_is_that_of_image(dockerfile, service, steps):
    assert service["healthcheck"]["test"][1:] == steps["argument_list"](dockerfile["HEALTHCHECK"])


def test_image_context_has_all_that_is_built(steps, repository):
    names = set(steps["context"]())
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "constraints.txt"} <= names
    assert "src/segue/serve/static/index.html" in names
    assert not any(name.startswith(("tests/", "docs/", "benchmarks/")) for name in names)


def test_systemd_unit_is_valid(repository, tmp_path):
    text = (repository / "deploy" / "segue.service").read_text("utf-8")
    command = re.search(r"^ExecStart=(.*)$", text, re.M)[1]
    assert serves(shlex.split(command)[1:])
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    unit = tmp_path / "segue.service"
    unit.write_text(text.replace(command.split()[0], shutil.which("true")))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if "segue" in line]
    assert not said
