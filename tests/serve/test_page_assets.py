"""Test how the files of the web page are served: versions, caching, compression, bundle."""

import gzip
import json
import re

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from segue.serve.app import PAGE
from segue.serve.page import WebPage
from segue.serve.page_assets import PageAssets, modules_digest

INDEX = (
    '<link rel="stylesheet" href="css/a.css" />\n    <link rel="stylesheet" href="css/b.css" />'
    '<script src="js/theme.js"></script><script type="module" src="js/app.js"></script>'
)
APP = 'import { x } from "./dom.js";\nimport "./deep/own.js";\n' + "// filler\n" * 100


def write_page(directory, **changed):
    """Write a small page; `changed` replaces files, dots stand for slashes."""
    files = {
        "index.html": INDEX,
        "css/a.css": "a{}",
        "css/b.css": "b{}",
        "js/theme.js": "1",
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


def addresses(html):
    return re.findall(r'(?:href|src)="([^"]+)"', html)


def test_index_names_files_that_never_change(page):
    client = client_of(page)
    index = client.get("/")
    assert index.headers["cache-control"] == "no-cache"
    found = addresses(index.text)
    assert [re.sub("^assets/[^/]+/", "", one) for one in found] == [
        "js/theme.js",
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


def with_bundle(directory, digest):
    bundle = {
        "bundle/app-1.js": 'import{a}from"./part-2.js";import"./part-3.js";',
        "bundle/part-2.js": "",
        "bundle/part-3.js": "",
        "bundle/manifest.json": json.dumps({"modules": digest}),
    }
    return write_page(directory, **bundle)


def test_bundle_of_these_modules_is_used(page):
    names = ["js/app.js", "js/dom.js", "js/theme.js", "js/deep/own.js", "js/deep/late.js"]
    digest = modules_digest({name: (page / name).read_bytes() for name in names})
    found = addresses(client_of(with_bundle(page, digest)).get("/").text)
    names = [one.rpartition("/")[2] for one in found]
    assert names == ["theme.js", "page.css", "part-2.js", "part-3.js", "app-1.js"]


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
