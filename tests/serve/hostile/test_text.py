"""Test hostile text: paths, SQL, markup, headers, numbers and JSON."""

import csv
import json
import re
from urllib.parse import quote

import pytest
from tests.serve.conftest import Client

from segue.library import Library
from segue.pipeline.preprocess import preprocess
from segue.serve.app import make_app

PATHS = [
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "..%5c..%5c..%5cetc%5cpasswd",
    "..%c0%af..%c0%afetc%c0%afpasswd",
    "%2fetc%2fpasswd",
    "file%3a%2f%2f%2fetc%2fpasswd",
    "%00",
    "t00%00.wav",
    "t00%0d%0aSet-Cookie:%20a=b",
    "%ff%fe",
    "a" * 10_000,
    "%f0%9f%8e%b5" * 500,
    "' OR '1'='1",
    "1; DROP TABLE tracks; --",
    "%25s%25n{0.__class__}${7*7}",
]
PLACES = [
    "tracks/{}",
    "tracks/{}/audio",
    "tracks/{}/similar",
    "playlists/{}",
    "playlists/{}/export",
    "reports/{}",
    "reports/{}/page",
    "models/{}",
    "jobs/{}",
    "problems/{}",
    "me/keys/{}",
]


def raw(client, method, path):
    """Ask for a path as it stands: no client has tidied it up."""
    return client.send(client.build_request(method, f"http://127.0.0.1:8765{path}"))


@pytest.mark.parametrize("path", PATHS, ids=lambda text: text[:30])
def test_ids_do_not_reach_files(anna, path):
    for place in PLACES:
        for method in ("GET", "DELETE"):
            answer = raw(anna, method, f"/api/v1/{place.format(path)}")
            assert 400 <= answer.status_code < 500, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert "root:" not in answer.text
            assert "set-cookie" not in answer.headers
    for start in ("/", "/static/", "/js/", "//", "/api/v1/", "/api/v1/../../"):
        answer = raw(anna, "GET", start + path)
        assert 400 <= answer.status_code < 500
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "address", ["//evil.test", "//evil.test/..", "/\\evil.test", "/%2f%2fevil.test/%2e%2e"]
)
def test_responses_never_redirect_elsewhere(client, address):
    answer = client.send(
        client.build_request("GET", f"http://127.0.0.1:8765{address}"), follow_redirects=False
    )
    place = answer.headers.get("location", "")
    assert not place.startswith(("//", "/\\", "http://evil", "https://evil"))


SQL = ["' OR 1=1 --", "'; DROP TABLE tracks; --", '" UNION SELECT hash FROM accounts --', "%", "_"]


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_parameters_is_text(anna, sql):
    document = anna.get("/api/v1/openapi.json").json()
    asked = 0
    for address, item in document["paths"].items():
        if address.endswith("/events"):
            continue
        for method, operation in item.items():
            for one in operation.get("parameters", []):
                path = address.replace(f"{{{one['name']}}}", quote(sql, safe=""))
                for name in ("track_id", "playlist", "report_id", "name", "job", "kind"):
                    path = path.replace(f"{{{name}}}", "t00")
                query = {one["name"]: sql} if one["in"] == "query" else {}
                query |= {"q": sql} if address.endswith("/search") else {}
                answer = anna.request(method, path, params=query)
                assert answer.status_code < 500, (method, path, answer.text)
                assert "argon2" not in answer.text
                asked += 1
    assert asked > 40
    texts = {
        "recommend": {"like": [sql], "compare_to": [sql], "weights": {sql: 1}},
        "radio": {"like": ["t00"], "recent": [sql]},
        "feedback": {"events": [{"key": sql, "track_id": sql, "kind": "like"}]},
        "playlists": {"name": sql, "tracks": ["t00"]},
        "playlists/preview": {"kind": "path", "recipe": {"start": sql, "end": sql, "signal": sql}},
        "jobs": {"verb": "train", "arguments": {"models": [sql], "target": sql}},
    }
    for path, body in texts.items():
        assert anna.post(f"/api/v1/{path}", json=body).status_code < 500
    excluded = {name: [sql] for name in ("artists", "albums", "genres", "tags", "folders")}
    found = anna.post("/api/v1/recommend", json={"like": ["t00"], "exclusions": excluded})
    assert len(found.json()["tracks"]) > 5
    assert anna.post("/api/v1/session", json={"listener": sql}).json()["listener"] == sql
    assert anna.get("/api/v1/library").json()["tracks"] == 12


SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def scripted(tmp_path, original):
    """A library in whose every field is script."""
    music = tmp_path / "music"
    music.mkdir()
    names = ("track_id", "title", "artist", "album", "genre", "tags", "key", "year")
    rows = [
        dict.fromkeys(names, f"{SCRIPT}{i}") | {"year": str(1990 + i), "genre": SCRIPT}
        for i in range(6)
    ]
    with (music / "metadata.csv").open("w", newline="", encoding="utf-8") as stream:
        serializer = csv.DictWriter(stream, names)
        serializer.writeheader()
        serializer.writerows(rows)
    with (music / "listens.csv").open("w", newline="", encoding="utf-8") as stream:
        serializer = csv.writer(stream)
        serializer.writerow(["user_id", "track_id", "timestamp"])
        serializer.writerows([[f"{SCRIPT}{i % 2}", f"{SCRIPT}{i}", 1_000 + i] for i in range(6)])
    library = Library(tmp_path / "scripted.segue")
    preprocess(library, music, workers=1)
    library.close()
    return library.directory


def test_script_in_names_is_data(scripted):
    with Client(make_app(scripted)) as client:
        client.log_in(f"{SCRIPT}0")
        made = client.post("/api/v1/playlists", json={"name": SCRIPT, "tracks": [f"{SCRIPT}1"]})
        paths = [
            "session",
            "listeners",
            "me",
            "me/history",
            "tracks",
            f"tracks/{quote(SCRIPT + '1', safe='')}",
            f"tracks/{quote(SCRIPT, safe='')}",
            f"search?q={quote(SCRIPT)}",
            "playlists",
            f"playlists/{made.json()['id']}",
            "recommend",
            "library",
            "library/problems",
            f"problems/{quote(SCRIPT, safe='')}",
        ]
        found = 0
        for path in paths:
            answer = client.get(f"/api/v1/{path}")
            found += SCRIPT in json.dumps(answer.json(), ensure_ascii=False).replace('\\"', '"')
            assert answer.headers["content-type"] in (
                "application/json",
                "application/problem+json",
            )
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"].endswith("sandbox")
        assert found >= 5
        for kind in ("m3u8", "xspf", "jspf"):
            answer = client.get(f"/api/v1/playlists/{made.json()['id']}/export?format={kind}")
            assert answer.headers["content-disposition"].startswith("attachment;")
            assert "html" not in answer.headers["content-type"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            if kind == "xspf":
                assert "<script" not in answer.text


def test_report_is_sandboxed_and_framed_by_own_page(anna, directory):
    report = directory / "reports" / "20250101-000000-000000"
    report.mkdir(parents=True)
    (report / "report.html").write_text(f"<h1>{SCRIPT}</h1>")
    (report / "metrics.json").write_text('{"a": NaN, "b": Infinity}')
    answer = anna.get(f"/api/v1/reports/{report.name}/page")
    assert answer.status_code == 200, answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("; sandbox")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    figures = anna.get(f"/api/v1/reports/{report.name}").json()
    assert (figures["a"], figures["b"]) == (None, None)


NAMES = [
    "a\r\nSet-Cookie: x=1",
    "a\nb",
    "a\x00b",
    "\x1b[31m",
    "\u202egnp.exe",
    'a"; filename="evil.html',
    "../../etc/passwd",
    "..",
    "é\u20ac\U0001f3b5",
    "a" * 200,
    "\ud800",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda text: ascii(text)[:20])
def test_playlist_name_is_safe_in_header_and_file(anna, name):
    body = json.dumps({"name": name, "tracks": ["t00"]})
    headers = {"Content-Type": "application/json"}
    made = anna.post("/api/v1/playlists", content=body, headers=headers)
    assert made.status_code in (201, 422)
    if made.status_code == 201:
        for kind in ("m3u8", "xspf", "jspf"):
            answer = anna.get(f"/api/v1/playlists/{made.json()['id']}/export?format={kind}")
            assert answer.status_code == 200
            stated = answer.headers["content-disposition"]
            plain, saved = re.fullmatch(
                "attachment; filename=\"(.*)\"; filename\\*=UTF-8''(.*)", stated, re.S
            ).groups()
            assert plain.isascii()
            assert plain.isprintable()
            assert not set(plain) & set('/\\";')
            assert not set(saved) & set('/\\"; \r\n')
            assert not plain.startswith(".")
            assert not saved.startswith(".")
            assert "x=1" not in answer.headers.get("set-cookie", "")


BODIES = [
    '{"k": 1e999}',
    '{"k": NaN}',
    '{"k": -Infinity}',
    '{"k": 1000000000}',
    '{"k": 1' + "0" * 5_000 + "}",
    '{"k": 0}',
    '{"k": -1}',
    '{"k": "1"}',
    '{"k": true}',
    '{"k": null}',
    '{"weights": {"knn": NaN}}',
    '{"weights": {"knn": -1}}',
    '{"weights": {"knn": 1e308}}',
    '{"weights": {"knn": Infinity}}',
    '{"dials": {"diversity": NaN}}',
    '{"dials": {"seed": -1}}',
    '{"dials": {"seed": 99999999999999999999}}',
    '{"dials": {"artist_cap": -1}}',
    '{"exclusions": {"min_duration": Infinity}}',
    '{"exclusions": {"from_year": 99999999999}}',
    '{"like": ["\\ud800"]}',
    '{"like": ["\\u0000"]}',
    '{"like": "t00"}',
    '{"like": {"t00": 1}}',
    "[" * 100_000,
    '{"like": ' + "[" * 50_000 + "]" * 50_000 + "}",
    '{"a":' * 20_000 + "1" + "}" * 20_000,
    '{"k": 5, "k": ',
    "",
    "null",
    "[]",
    '"k"',
    '{"__proto__": {"k": 1}}',
    '{"k": 5} {"k": 6}',
    b"\xff\xfe{\x00}\x00",
    b'{"like": ["\xff\xfe"]}',
    b'{"like": ["\xed\xa0\x80"]}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body)[:30])
def test_ambiguous_json_is_rejected(anna, body):
    headers = {"Content-Type": "application/json"}
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    for path in ("recommend", "radio", "playlists/preview", "feedback", "session", "jobs"):
        answer = anna.post(f"/api/v1/{path}", content=data, headers=headers)
        refused = 400 <= answer.status_code < 500
        # texts in UTF-16 are JSON, too, and this one is an empty object; nothing is meant by null
        assert refused or data == b"\xff\xfe{\x00}\x00", (path, answer.text[:300])
        assert len(answer.content) < 100_000


def test_repeated_json_key_uses_last_value(anna):
    headers = {"Content-Type": "application/json"}
    answer = anna.post("/api/v1/recommend", content='{"k": 3, "k": 2}', headers=headers)
    assert len(answer.json()["tracks"]) == 2
    answer = anna.post("/api/v1/recommend", content='{"k": 3, "k": 1000000000}', headers=headers)
    assert answer.status_code == 422


def test_tiny_weights_are_accepted(anna):
    signals = list(anna.get("/api/v1/recommend?k=1").json()["weights"])
    for strength in (1e-300, 1_000):
        weights = dict.fromkeys(signals, strength)
        answer = anna.post("/api/v1/recommend", json={"weights": weights})
        assert answer.status_code == 200, answer.text
        assert anna.post("/api/v1/radio", json={"weights": weights}).status_code == 200


@pytest.mark.parametrize(
    "k", ["0", "-1", "1000000000", "1e3", "9" * 5_000, "NaN", "0x10", "\uff11\uff10"]
)
def test_numbers_in_addresses_are_limited(anna, k):
    for path in ("recommend?k=", "search?q=a&k=", "tracks/t00/similar?k=", "tracks?limit="):
        assert anna.get(f"/api/v1/{path}{k}").status_code in (200, 422)
    for start in (k, "inf", "-1", "1e300"):
        answer = anna.get(f"/api/v1/tracks/t00/audio?format=mp3&start={start}")
        assert answer.status_code in (200, 404, 422)


@pytest.mark.parametrize(
    "value", ["a" * 10_000, "a" * 60_000, "\ud800", "é" * 10_000, " ", "a\u0000"]
)
def test_invalid_names_are_rejected(anna, value):
    headers = {"Content-Type": "application/json"}
    for path, body in (
        ("session", {"listener": value}),
        ("playlists", {"name": value}),
        ("playlists/preview", {"kind": "blend", "recipe": {"users": [value]}}),
        ("feedback", {"events": [{"key": value * 300, "track_id": "t00", "kind": "like"}]}),
    ):
        answer = anna.post(f"/api/v1/{path}", content=json.dumps(body), headers=headers)
        assert 400 <= answer.status_code < 500, (path, answer.text[:200])


XSPF = b'<playlist xmlns="http://xspf.org/ns/0/"><title>&b;</title><trackList/></playlist>'
FILES = [
    b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + XSPF,
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"&a;") for n in range(9)
    )
    + b"]><playlist><title>&a8;</title></playlist>",
    b"<a>" * 500_000,
    b"{" * 500_000,
    b'{"playlist": {"track": ' + b"[" * 500_000,
    b'{"playlist": {"track": [' + b'{"title": 1e999},' * 1_000 + b"]}}",
    b"#EXTM3U\n" + b"#EXTINF:" + b"9" * 1_000_000 + b",a\na.wav\n",
    b"#EXTM3U\n" + b"file:///etc/passwd\n/etc/passwd.wav\n../../etc/passwd.wav\n",
    b"\x00" * 1_000_000,
    b"#EXTM3U\n#EXTINF:1 " + b'"' * 500_000 + b"\na.wav\n",
]


@pytest.mark.parametrize("data", FILES, ids=lambda data: ascii(data[:20]))
def test_hostile_playlist_files_are_harmless(anna, data):
    headers = {"Content-Type": "application/octet-stream"}
    answer = anna.post("/api/v1/playlists/import", content=data, headers=headers)
    assert answer.status_code in (200, 415)
    assert "root:" not in answer.text
    assert len(answer.content) < 1_000_000


def test_metrics_that_are_nan_become_null(anna, monkeypatch):
    rows = [{"name": "knn", "metrics": {"accuracy": float("nan"), "loss": float("inf")}}]
    monkeypatch.setattr("segue.serve.api.quality.model_rows", lambda library: rows)
    (row,) = anna.get("/api/v1/models").json()["items"]
    assert row["metrics"] == {"accuracy": None, "loss": None}
