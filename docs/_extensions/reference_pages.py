"""Write the reference pages from the program itself: command line, HTTP API, Python API.

The pages are written to docs/reference, which git ignores, before Sphinx reads its sources.
"""

import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

METHODS = ("get", "post", "put", "patch", "delete")


def setup(app: Sphinx) -> Mapping[str, bool]:
    """Register the extension."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write all reference pages; those that are up to date stay as they are."""
    directory = Path(app.srcdir) / "reference"
    directory.mkdir(exist_ok=True)
    pages = {"cli.md": command_line(), "http.md": http_api(), "python.md": python_api()}
    for name, text in pages.items():
        page = directory / name
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")


def command_line() -> str:
    """Return the page of all commands, from Typer."""
    from typer.main import get_command

    from segue.cli import app

    lines = ["# Command line", "", "Written from the help of the commands.", ""]
    for words, command in _commands("segue", get_command(app)):
        usage = " ".join(_usage(each) for each in command.params if each.opts != ["--help"])
        lines += [f"## {words}", "", _plain(command.help or ""), ""]
        lines += ["```", f"{words} {usage}".strip(), "```", ""]
        rows = [_option_row(each) for each in command.params]
        rows = [row for row in rows if row]
        if rows:
            lines += ["| option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _commands(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    nested = getattr(command, "commands", None)
    if nested is None:
        yield words, command
        return
    for name in sorted(nested):
        yield from _commands(f"{words} {name}", nested[name])


def _usage(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        many = " ..." if parameter.nargs == -1 else ""
        name = f"{(parameter.metavar or parameter.name).upper()}{many}"
        return name if parameter.required else f"[{name}]"
    return "" if not parameter.required else f"{parameter.opts[0]} {parameter.name.upper()}"


def _option_row(parameter: Any) -> str:
    names = parameter.opts + parameter.secondary_opts
    if parameter.param_type_name == "argument":
        names = [(parameter.metavar or parameter.name).upper()]
    default = parameter.default
    shown = "" if default in (None, "", False, True, ()) or callable(default) else default
    text = _cell(getattr(parameter, "help", None) or "")
    if shown != "":
        text += f" Default: `{shown}`."
    return f"| {', '.join(f'`{name}`' for name in names)} | {text} |"


def http_api() -> str:
    """Return the page of the HTTP API, from its OpenAPI document."""
    from segue.serve.app import make_app

    with tempfile.TemporaryDirectory() as scratch:
        app = make_app(Path(scratch) / "my.segue")
        document = app.openapi()
        app.state.app_state.close()
    lines = ["# HTTP API", "", document["info"]["description"], ""]
    lines += ["Written from the OpenAPI document, `GET /api/v1/openapi.json`.", ""]
    items = document["paths"].values()
    operations = [item[method] for item in items for method in METHODS if method in item]
    common = set.intersection(*(set(each["responses"]) for each in operations))
    answers = operations[0]["responses"]
    lines += ["Every request may be answered with one of these problems:", ""]
    lines += [f"- {status}: {_cell(answers[status]['description'])}" for status in sorted(common)]
    lines += [""]
    schemas = document["components"]["schemas"]
    by_tag: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).extend(
                    _operation(method, path, operation, schemas, common)
                )
    for tag, found in by_tag.items():
        lines += [f"## {tag}", "", *found]
    return "\n".join(lines)


def _operation(
    method: str,
    path: str,
    operation: Mapping[str, Any],
    schemas: Mapping[str, Any],
    common: Collection[str],
) -> list[str]:
    lines = [f"### {method.upper()} {path}", "", _plain(operation.get("description", "")), ""]
    rows = [
        f"| `{each['name']}` | {each['in']} | {_cell(each.get('description', ''))} |"
        for each in operation.get("parameters", ())
    ]
    if rows:
        lines += ["| parameter | in | meaning |", "|---|---|---|", *rows, ""]
    body = operation.get("requestBody", {}).get("content", {})
    for media_type, content in body.items():
        fields = schemas.get(_schema_name(content.get("schema", {})), {}).get("properties", {})
        lines += [f"Body, `{media_type}`{':' if fields else '.'}", ""]
        rows = [
            f"| `{name}` | {_kind(each)} | {_cell(each.get('description', ''))} |"
            for name, each in fields.items()
        ]
        lines += ["| member | type | meaning |", "|---|---|---|", *rows, ""] if rows else []
    answers = [
        f"{status} {_cell(answer.get('description', '')).rstrip('.')}"
        for status, answer in sorted(operation["responses"].items())
        if status not in common
    ]
    return [*lines, f"Answers: {'; '.join(answers)}.", ""]


def _schema_name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", schema.get("type", ""))).rsplit("/", 1)[-1]


def _kind(schema: Mapping[str, Any]) -> str:
    """Return the type of a member, as text."""
    parts = schema.get("anyOf") or schema.get("oneOf") or [schema]
    names = [_schema_name(part) for part in parts]
    return " or ".join(dict.fromkeys(name for name in names if name)) or "any"


def python_api() -> str:
    """Return the page of the Python API, whose texts autodoc takes from the docstrings."""
    import segue

    lines = ["# Python API", "", "Written from the docstrings of `import segue`.", ""]
    for name in sorted(each for each in segue.__all__ if not each.startswith("__")):
        value = getattr(segue, name)
        kind = "autoclass" if isinstance(value, type) else "autofunction"
        if not callable(value):
            kind = "autodata"
        members = ":members:\n" if kind == "autoclass" else ""
        lines += ["```{eval-rst}", f".. {kind}:: segue.{name}"]
        lines += [f"   {members.strip()}"] if members else []
        lines += ["```", ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text without the line breaks of its source."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\f", "").strip())
    return "\n\n".join(" ".join(part.split()) for part in paragraphs)


def _cell(text: str) -> str:
    """Return a text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
