"""Reports: the API gives what `segue evaluate --json` prints."""

import json

import pytest

from segue.serve.api.quality import ReportResponse

RESULT = {
    "task": "recommendation",
    "model": "personal",
    "split": "test",
    "n": 3,
    "metrics": {"ndcg@10": 0.5},
    "intervals": {"ndcg@10": [0.25, None]},
    "models": {"personal": {"ndcg@10": 0.5}},
    "model_intervals": {"personal": {"ndcg@10": [0.25, None]}},
    "differences": {},
    "baselines": [],
}
SHARED = {"notes": [], "measured": {"seed": 0}}
DOCUMENTS = {
    "one": RESULT | SHARED | {"target": None, "subject": "all", "other_results": []},
    "older, one subject": RESULT | SHARED,
    "older, all": {"task": "all", "reports": [RESULT], **SHARED},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_report_response_has_the_schema_of_evaluate(anna, directory, document):
    report = directory / "reports" / "20250101-000000-000000"
    report.mkdir(parents=True, exist_ok=True)
    (report / "report.html").write_text("<h1>Report</h1>")
    (report / "metrics.json").write_text(json.dumps(document))
    address = f"/api/v1/reports/{report.name}"
    found = anna.get(address).json()
    assert ReportResponse.model_validate_json(json.dumps(found), strict=True).n == 3
    assert found["report"] == f"{address}/page"
    assert anna.get(found["report"]).text == "<h1>Report</h1>"
