"""Check what old players get against the XML schema of Subsonic.

The schema is published under the GPL, so it is not part of this repository: name a copy of
subsonic-rest-api-1.16.1.xsd by the environment variable SEGUE_SUBSONIC_XSD.
"""

import os

import pytest
from tests.serve.subsonic.conftest import Player
from tests.serve.subsonic.test_shapes import SHAPES

etree = pytest.importorskip("lxml.etree")
SCHEMA = os.environ.get("SEGUE_SUBSONIC_XSD", "")
# methods that the schema does not have
NEWER = {
    "getOpenSubsonicExtensions",
    "getSonicSimilarTracks",
    "findSonicPath",
    "getLyricsBySongId",
    "getPlayQueueByIndex",
    "tokenInfo",
    "reportPlayback",
}
NEW_ATTRIBUTE = "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1"
"""Kind of an error that these players do not make: they ignore attributes that they do not know."""


@pytest.mark.skipif(not SCHEMA, reason="SEGUE_SUBSONIC_XSD names no XML schema of Subsonic")
def test_old_players_get_what_the_schema_allows(told):
    anna, ids = told
    old = Player(anna.client, **{**anna.identity, "c": "DSub"})
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    found = {}
    for method, (given, _) in SHAPES.items():
        if method in NEWER:
            continue
        parameters = {name: ids.get(value, value) for name, value in given.items()}
        root = etree.fromstring(old.ask(method, f="xml", **parameters).content)
        schema.validate(root)
        errors = [one.message for one in schema.error_log if one.type_name != NEW_ATTRIBUTE]
        if errors:
            found[method] = errors[:3]
    assert not found
