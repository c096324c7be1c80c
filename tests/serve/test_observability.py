"""Test metrics, health, JSON logs and traces."""

import json
import threading
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.errors import StorageError
from segue.serve.app import make_app
from segue.serve.settings import Settings

LOCAL, REMOTE = ("127.0.0.1", 40_000), ("192.0.2.7", 40_000)


def samples(text):
    """Return the values of metrics by name and labels."""
    return {
        (each.name, *sorted(each.labels.items())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


@contextmanager
def connected(app, address=LOCAL):
    """A client at an address."""
    with Client(app) as client:
        client._transport.client = address
        yield client


def scraped(client, **options):
    answer = client.get("/metrics", **options)
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def test_metrics_count_requests_by_route_template(app):
    with connected(app) as client:
        client.log_in("anna")
        for track in ("t01", "t02", "unknown"):
            client.get(f"/api/v1/tracks/{track}")
        client.get("/no/such/address")
        found = scraped(client)
        text = client.get("/metrics").text
    route = ("method", "GET"), ("route", "/api/v1/tracks/{track_id}")
    assert found["segue_http_requests_total", *route, ("status", "2xx")] == 2
    assert found["segue_http_requests_total", *route, ("status", "4xx")] == 1
    assert found["segue_http_request_duration_seconds_count", *route] == 3
    assert not any(
        word in text for word in ("anna", "t01", "such/address", str(app.state.app_state.directory))
    )


def test_metrics_describe_lists_and_library(app):
    with connected(app) as client:
        client.log_in("anna")
        client.get("/api/v1/recommend")
        like = {"events": [{"key": "1", "track_id": "t05", "kind": "like"}]}
        before = scraped(client)["segue_feedback_events_total",]
        client.post("/api/v1/feedback", json=like)
        found = scraped(client)
    assert found["segue_list_batch_size_count",] == 1
    assert found["segue_list_batch_duration_seconds_count",] == 1
    assert found["segue_list_queue_size",] == 0
    assert found["segue_library_items", ("kind", "tracks")] == 12
    assert found["segue_snapshot_tracks",] == 12
    assert found["segue_snapshot_built_timestamp_seconds",] > 1e9
    assert found["segue_feedback_events_total",] == before + 1
    assert found["segue_library_readable",] == 1


def test_metrics_of_failed_library_keep_requests(app, monkeypatch):
    def fail():
        raise StorageError("gone")

    with connected(app) as client:
        client.get("/healthz")
        monkeypatch.setattr(app.state.app_state.library.feedback, "last", fail)
        found = scraped(client)
    assert found["segue_library_readable",] == 0
    assert (
        found[
            "segue_http_requests_total", ("method", "GET"), ("route", "/healthz"), ("status", "2xx")
        ]
        == 1
    )


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (LOCAL, {}, 200),
        (LOCAL, {"X-Forwarded-For": "192.0.2.9"}, 403),
        (REMOTE, {}, 403),
        (("10.0.0.9", 1), {}, 200),
        (("10.0.0.9", 1), {"X-Forwarded-For": "192.0.2.9"}, 403),
    ],
)
def test_metrics_are_for_allowed_addresses(guarded, directory, address, headers, status):
    app = make_app(directory, Settings(names=("music.test",), metrics_from=("10.0.0.0/24",)))
    with connected(app, address) as client:
        assert client.get("/metrics", headers=headers).status_code == status


def test_metrics_are_for_admins_elsewhere(guarded):
    for name, status in (("anna", 200), ("ben", 403)):
        with connected(guarded, REMOTE) as client:
            client.log_in(name, PASSWORD)
            assert client.get("/metrics").status_code == status


def test_workers_answer_for_all_of_them(serve):
    server = serve("--workers", "2")
    for _ in range(20):
        assert server.ask("GET", "/healthz")[0] == 200
    for _ in range(4):  # whichever worker answers
        found = samples(server.ask("GET", "/metrics")[2].decode())
        key = (
            "segue_http_requests_total",
            ("method", "GET"),
            ("route", "/healthz"),
            ("status", "2xx"),
        )
        assert found[key] == 20
    pids = {dict(name[1:])["pid"] for name in found if name[0] == "process_resident_memory_bytes"}
    assert 1 <= len(pids) <= 2


def test_health_never_uses_the_database(app, monkeypatch):
    with connected(app) as client:
        app.state.warmed_up.wait(60)
        app.state.app_state.library.close()
        monkeypatch.setattr(app.state.app_state, "library", None)
        answer = client.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        monkeypatch.undo()


def test_readiness_follows_opening_database_and_stop(app, monkeypatch):
    with connected(app) as client:
        assert app.state.warmed_up.wait(60)
        assert client.get("/readyz").text == "ready\n"
        app.state.warmed_up.clear()
        opening = client.get("/readyz")
        assert is_problem(opening, 503, "unavailable")
        assert opening.json()["detail"] == "The library is being opened: wait."
        app.state.warmed_up.set()

        def fail():
            raise StorageError("/secret/library.db")

        with monkeypatch.context() as patch:
            patch.setattr(app.state.app_state.library.feedback, "last", fail)
            failed = client.get("/readyz")
        assert is_problem(failed, 503, "unavailable")
        assert "secret" not in failed.text
        app.state.app_state.broadcaster.stop()
        assert client.get("/readyz").status_code == 503


def test_empty_library_is_ready(tmp_path):
    app = make_app(tmp_path / "my.segue")
    with connected(app) as client:
        assert app.state.warmed_up.wait(60)
        assert client.get("/readyz").status_code == 200


def test_json_log_has_request_without_path_or_query(serve):
    server = serve("--log-format", "json")
    _, headers, _ = server.ask("GET", "/api/v1/tracks/hidden-id?password=hidden-word")
    lines = [json.loads(line) for line in server.stop().splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == headers["x-request-id"]]
    assert line["logger"] == "segue.requests"
    assert (line["method"], line["route"]) == ("GET", "/api/v1/tracks/{track_id}")
    assert line["status"] in (401, 404)
    assert line["duration_ms"] > 0
    assert line["level"] == "info"
    assert not any("hidden" in json.dumps(line) for line in lines)


def test_traces_have_requests_lists_and_transactions(directory):
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from segue.serve.observability.tracing import ServerTracer

    exporter = memory.InMemorySpanExporter()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with connected(make_app(directory, tracer=ServerTracer(exporter))) as client:
        client.log_in("anna")
        client.get("/api/v1/recommend", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
        like = {"events": [{"key": "1", "track_id": "t05", "kind": "like"}]}
        client.post("/api/v1/feedback", json=like)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    asked, given = spans["GET /api/v1/recommend"], spans["POST /api/v1/feedback"]
    assert asked.attributes["http.response.status_code"] == 200
    assert f"{asked.context.trace_id:032x}" == trace
    assert spans["lists"].attributes["n"] == 1
    written = [
        span for span in exporter.get_finished_spans() if span.name == "database transaction"
    ]
    assert any(span.parent and span.parent.span_id == given.context.span_id for span in written)


def test_traces_reach_a_collector(serve, monkeypatch):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{collector.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        server = serve()
        server.ask("GET", "/healthz?password=hidden")
        server.stop()
        collector.shutdown()
        thread.join()
    assert {path for path, _ in received} == {"/v1/traces"}
    assert any(b"GET /healthz" in body for _, body in received)
    assert not any(b"hidden" in body for _, body in received)
