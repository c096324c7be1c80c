"""Test the API against its OpenAPI document with generated requests.

`benchmarks/fuzz_api.py` asks more, and sequences.
"""

import contextlib

import pytest
import schemathesis
import schemathesis.specs.openapi.schemas  # at once: else within a request
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)
from tests.factories import copy_of_library
from tests.serve.conftest import PASSWORD

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app
from segue.serve.settings import Settings

HOST = "testserver"  # as schemathesis calls it
# what fits the document may say what cannot be meant, such as an unknown signal; of a parameter
# that is there twice the last counts, which is taken for a list that should be refused
LEFT_OUT = [positive_data_acceptance, negative_data_rejection, ignored_auth]


@pytest.fixture(scope="module")
def key(original, tmp_path_factory):
    """A library with an admin, and their API key."""
    directory = copy_of_library(original, tmp_path_factory.mktemp("asked") / "my.segue")
    library = Library(directory)
    add_account(library, "anna", PASSWORD, admin=True)
    made = create_key(library, "anna", "schema")
    library.close()
    return directory, made


@pytest.fixture(scope="module")
def api(key):
    """What the application tells of itself.

    Left out are jobs, which train, events, which go on, and connecting, which asks other servers.
    """
    app = make_app(key[0], Settings(names=(HOST,)))
    found = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    found = found.exclude(path="/api/v1/me/services", method="POST")
    return found.exclude(path="/api/v1/jobs", method="POST").exclude(path="/api/v1/events")


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_responses_match_openapi(api, key, mode):
    """Of requests that fit the document, and of such that do not."""
    headers = {"Authorization": f"Bearer {key[1]}"}
    asked = 0

    def ask(case):
        nonlocal asked
        asked += 1
        case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

    bounds = settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    for found in api.get_all_operations():
        operation = found.ok()
        with contextlib.suppress(Unsatisfiable):  # nothing could be wrong with it
            bounds(given(operation.as_strategy(generation_mode=mode))(ask))()
    assert asked > 200
