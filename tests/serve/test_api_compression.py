"""Test that JSON answers are compressed, and streams are not."""


def test_long_json_is_compressed_on_request(client):
    path = "/api/v1/openapi.json"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) * 4 < int(plain.headers["content-length"])
    assert packed.json() == plain.json()


def test_short_answer_is_not_compressed(client):
    answer = client.get("/api/v1/session", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
