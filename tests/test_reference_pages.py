"""The reference pages of the documentation site name everything that there is."""

import runpy
from pathlib import Path

import pytest
from typer.main import get_command

import segue
from segue.cli import app
from segue.serve.app import make_app


@pytest.fixture(scope="module")
def pages(repository):
    """The functions that write the pages."""
    pytest.importorskip("sphinx", reason="no sphinx: see [docs]")
    return runpy.run_path(str(repository / "docs" / "_extensions" / "reference_pages.py"))


def commands(name, command):
    nested = getattr(command, "commands", {})
    return [name] + [line for key in nested for line in commands(f"{name} {key}", nested[key])]


def test_command_page_has_every_command_and_option(pages):
    text = pages["command_line"]()
    root = get_command(app)
    leaves = [line for line in commands("segue", root) if f"## {line}\n" in text]
    assert len(leaves) > 40
    for command in root.commands.values():
        for name in [one for each in command.params for one in each.opts if one != "--help"]:
            assert name.startswith("-") is False or f"`{name}`" in text, name


def test_http_page_has_every_address(pages, tmp_path):
    text = pages["http_api"]()
    application = make_app(Path(tmp_path) / "my.segue")
    addresses = application.openapi()["paths"]
    application.state.app_state.close()
    assert len(addresses) > 50
    for address, item in addresses.items():
        for method in item.keys() - {"head"}:
            assert f"### {method.upper()} {address}\n" in text


def test_python_page_has_every_public_name(pages):
    text = pages["python_api"]()
    for name in segue.__all__:
        assert name.startswith("__") or f"segue.{name}\n" in text
