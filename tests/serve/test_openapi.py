"""Test the OpenAPI document: complete, with examples and all responses."""

import pytest


@pytest.fixture(scope="module")
def document(original):
    from segue.serve.app import make_app

    return make_app(original).openapi()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def references(part):
    if isinstance(part, dict):
        for name, value in part.items():
            yield from [value] if name == "$ref" else references(value)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_operations_have_id_summary_and_responses(document):
    seen = set()
    for name, operation in operations(document):
        assert operation["operationId"] not in seen, name
        seen.add(operation["operationId"])
        assert operation["summary"], name
        assert operation["description"].endswith("."), name
        assert operation["tags"], name
        assert {"401", "403", "413", "422", "500"} <= set(operation["responses"]), name


def test_error_responses_have_problem_examples(document):
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "400":
                (kind,) = answer["content"]
                assert kind == "application/problem+json", (name, status)
                assert answer["content"][kind]["examples"], (name, status)


def test_openapi_references_exist(document):
    for reference in references(document):
        part = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def test_openapi_responses_have_schemas(document):
    for name, operation in operations(document):
        done = [one for status, one in operation["responses"].items() if status < "300"]
        assert done, name
        for answer in done:
            for kind, content in answer.get("content", {}).items():
                if kind == "application/json":
                    assert content["schema"], name


def test_openapi_is_served_without_docs_page(client):
    assert client.get("/api/v1/openapi.json").json()["info"]["title"] == "segue"
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_operations_without_login_are_marked(document):
    for path, is_open in (("/api/v1/session", True), ("/api/v1/me", False)):
        assert ({} in document["paths"][path]["get"]["security"]) == is_open
