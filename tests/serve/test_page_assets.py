"""Test how the files of the web page are served: versions, caching, compression, bundle."""

import gzip
import json
import re
import runpy
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from segue.serve.app import PAGE
from segue.serve.page import WebPage
from segue.serve.page_assets import PageAssets, sources_digest
from segue.serve.security.sessions import COOKIE

INDEX = (
    '<link rel="stylesheet" href="css/a.css" />\n    <link rel="stylesheet" href="css/b.css" />'
    '<script src="js/before-paint.js"></script><script type="module" src="js/app.js"></script>'
)
APP = 'import { x } from "./dom.js";\nimport "./deep/own.js";\n' + "// filler\n" * 100


def write_page(directory, **changed):
    """Write a small page; `changed` replaces files, dots stand for slashes."""
    files = {
        "index.html": INDEX,
        "css/a.css": "a{}",
        "css/b.css": "b{}",
        "js/before-paint.js": "1",
        "locales/en.json": "{}",
        "js/app.js": APP,
        "js/dom.js": 'import "./app.js";export const x = 1;',
        "js/deep/own.js": 'export { x } from "../dom.js";import("./late.js");',
        "js/deep/late.js": "2",
        **changed,
    }
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return directory


def client_of(directory):
    app = FastAPI()
    app.mount("/", WebPage(app, directory))
    return TestClient(app)


@pytest.fixture
def page(tmp_path):
    return write_page(tmp_path)


def tables(html):
    return json.loads(unescape(re.search(r'data-tables="([^"]+)"', html)[1]))


def addresses(html):
    return re.findall(r'(?:href|src)="([^"]+)"', html)


def test_index_names_files_that_never_change(page):
    client = client_of(page)
    index = client.get("/")
    assert index.headers["cache-control"] == "no-cache"
    found = addresses(index.text)
    assert [re.sub("^assets/[^/]+/", "", one) for one in found] == [
        "js/before-paint.js",
        "page.css",
        "js/dom.js",
        "js/deep/own.js",
        "js/app.js",
    ]
    for one in found:
        answer = client.get(f"/{one}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"/{found[1]}").text == "a{}\nb{}"


def test_version_changes_with_any_file(tmp_path):
    first = PageAssets(write_page(tmp_path / "1")).version
    assert PageAssets(write_page(tmp_path / "2")).version == first
    changed = write_page(tmp_path / "3", **{"js/deep/late.js": "3"})
    assert PageAssets(changed).version != first


def test_former_version_is_served_but_not_kept(page):
    answer = client_of(page).get("/assets/former/js/deep/late.js")
    assert (answer.status_code, answer.text) == (200, "2")
    assert answer.headers["cache-control"] == "no-cache"


def test_compression_follows_accept_encoding(page):
    client = client_of(page)
    packed = client.get("/js/app.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/js/app.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == APP
    assert int(packed.headers["content-length"]) < len(APP) / 3
    assert packed.headers["vary"] == "Accept-Encoding"


def test_known_etag_answers_304(page):
    client = client_of(page)
    etag = client.get("/").headers["etag"]
    again = client.get("/", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/assets", "/assets/x", "/assets/x/", "/assets/x/../index.html", "/none", "/js"]
)
def test_unknown_address_is_not_found(page, path):
    assert client_of(page).get(path).status_code == 404


def test_other_methods_are_refused(page):
    answer = client_of(page).post("/js/app.js")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


FILES = {"js/app.js": "app-1.js", "locales/en.json": "en-4.js", "page.css": "page-5.css"}


def with_bundle(directory, digest):
    bundle = {
        "bundle/app-1.js": 'import{a}from"./part-2.js";import"./part-3.js";',
        "bundle/part-2.js": "",
        "bundle/part-3.js": "",
        "bundle/en-4.js": "",
        "bundle/page-5.css": "c{}",
        "bundle/manifest.json": json.dumps({"sources": digest, "files": FILES}),
    }
    return write_page(directory, **bundle)


def digest_of(directory):
    files = (path for path in directory.rglob("*") if path.is_file())
    return sources_digest(
        {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}
    )


def test_bundle_of_these_files_is_used(page):
    html = client_of(with_bundle(page, digest_of(page))).get("/").text
    names = [one.rpartition("/")[2] for one in addresses(html)]
    assert names == ["before-paint.js", "page-5.css", "part-2.js", "part-3.js", "app-1.js"]
    assert tables(html)["en"].endswith("/bundle/en-4.js")


@pytest.mark.parametrize("name", ["js/deep/late.js", "locales/en.json", "css/a.css", "index.html"])
def test_bundle_made_before_a_change_is_ignored(page, name):
    with_bundle(page, digest_of(page))
    assert "bundle" in client_of(page).get("/").text
    (page / name).write_text((page / name).read_text() + " ")
    assert "bundle" not in client_of(page).get("/").text


def test_index_names_the_table_of_each_language(page):
    client = client_of(page)
    found = tables(client.get("/").text)
    assert [*found] == ["en"]
    assert client.get(f"/{found['en']}").text == "{}"


def test_only_a_listener_s_page_names_the_listener(page):
    client = client_of(page)
    assert "link" not in client.get("/").headers
    client.cookies.set(COOKIE, "any")
    assert client.get("/").headers["link"].startswith("<api/v1/me>; rel=preload")
    assert "link" not in client.get("/js/app.js").headers


def test_bundle_of_other_modules_is_ignored(page):
    client = client_of(with_bundle(page, "0123"))
    assert "bundle" not in client.get("/").text
    assert client.get("/bundle/app-1.js").status_code == 404


def test_real_page_loads_every_module_it_imports():
    assets = PageAssets(PAGE)
    for address in addresses(assets.index.data.decode()):
        if address.startswith("assets/"):
            asset, is_immutable = assets.find(address)
            assert is_immutable
            assert asset.compressed is None or gzip.decompress(asset.compressed) == asset.data


def test_written_bundle_replaces_the_modules(tmp_path, monkeypatch):
    tool = Path(__file__).parents[2] / "tools" / "bundle_page.py"
    if not runpy.run_path(str(tool))["PROGRAM"].exists():
        pytest.skip("no esbuild: run npm ci")
    shutil.copytree(PAGE, tmp_path / "static", ignore=shutil.ignore_patterns("bundle"))
    monkeypatch.chdir(tmp_path)
    subprocess.run([sys.executable, tool, "static"], check=True)  # a relative path, as in a build
    assets = PageAssets(tmp_path / "static")
    html = assets.index.data.decode()
    found = [*addresses(html), *tables(html).values()]
    named = [one.split("/", 2)[2] for one in found if one.startswith("assets/")]
    assert all(assets.find(one) for one in found if one.startswith("assets/"))
    assert [one for one in named if not one.startswith("bundle/")] == ["js/before-paint.js"]
    assert len([one for one in named if one.endswith(".js")]) < 10
