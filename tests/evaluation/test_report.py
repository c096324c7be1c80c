"""Reports: the document, the sentences, the page, and atomic writing."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from markupsafe import Markup

from segue.cli.evaluate import show_document
from segue.errors import LibraryError
from segue.evaluation import (
    ClassifierReport,
    ColdTracks,
    Control,
    Curve,
    Details,
    DialCurves,
    DialPoint,
    Difference,
    EmbeddingMap,
    Faithful,
    Figures,
    HubReduction,
    ListenerGroup,
    Measurement,
    Mistake,
    ModelComparison,
    NeighborScores,
    NextTrack,
    Organic,
    RecommendationReport,
    Report,
    SimilarityReport,
    classification_metrics,
    report_files,
)
from segue.evaluation.report.files import current_document
from segue.evaluation.report.page import render
from segue.evaluation.report.templates import detail_findings, environment, render_summary
from segue.library import write_report

HOSTILE = "<script>alert('x')</script> $\\frac{1}{0$ & \u65e5\u672c \"--> "
VOID = {"meta", "br", "hr", "img", "link", "input", "path", "use", "rect"}


def measurement(**changes):
    return replace(
        Measurement(
            dataset="shelf",
            seed=7,
            created=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
            split_method="drawn",
            artist_disjoint=True,
            counts={"tracks": {"train": 1200, "valid": 3, "test": 4}},
            versions={"segue": "0.1.0"},
        ),
        **changes,
    )


def classifier(name="cnn", right=60, n=80, names=("folk", "jazz", "ska"), **changes):
    """`n` tracks, all but 4 of the first two classes, of which `right` are named right."""
    true = np.array([0, 1] * ((n - 4) // 2) + [2] * 4)
    predicted = np.where(np.arange(n) < right, true, (true + 1) % 2)
    result = classification_metrics(true, predicted, names)
    settings = {
        "name": name,
        "target": "genre",
        "split": "test",
        "result": result,
        "intervals": {"accuracy": (right / n - 0.05, right / n + 0.05)},
    }
    return ClassifierReport(**settings | changes)


def baseline(right=30, **changes):
    return classifier("majority", right, baseline=True, **changes)


def lists(**changes):
    models = {
        name: {"precision@10": value, "ndcg@10": value, "hit_rate@10": 0.5, "ndcg@5": value}
        for name, value in (("blend", 0.2), ("knn", 0.15), ("popularity", 0.1), ("random", 0.01))
    }
    settings = {"engine": "blend", "split": "test", "n": 90, "n_tracks": 500, "models": models}
    return RecommendationReport(**settings | changes)


def figures(*names, n=60, metric=0.1):
    """The same figures under every cut, each a little less than the one before."""
    cuts = [f"{name}@{k}" for name in ("ndcg", "recall") for k in (10, 20)]
    models = {name: dict.fromkeys(cuts, metric / (1 + place)) for place, name in enumerate(names)}
    bounds = {
        name: {cut: (own[cut] - 0.01, own[cut] + 0.01) for cut in cuts}
        for name, own in models.items()
    }
    return Figures(n=n, models=models, intervals=bounds)


def group(name, low, high, gain):
    gains = dict.fromkeys(("ndcg@10", "ndcg@20"), gain)
    names = ("personal", "global", "knn", "popularity")
    return ListenerGroup(
        name=name, low=low, high=high, figures=figures(*names), gains=gains, over_single=gains
    )


BETTER = Difference(0.02, (0.01, 0.03), 0.0002, 60)
ALIKE = Difference(0.001, (-0.01, 0.012), 0.62, 60)
WORSE = Difference(-0.02, (-0.03, -0.01), 0.004, 60)


def details(**changes):
    """Everything beyond the main table."""
    pairs = (("personal", "knn", BETTER), ("personal", "global", ALIKE))
    points = [
        DialPoint(
            setting=setting,
            metrics={"ndcg@10": 0.2 - cost, "coverage@10": 0.1 + cost, "gini@10": 0.9},
        )
        for setting, cost in ((0.0, 0.0), (0.4, 0.02), (0.8, 0.05))
    ]
    following = dict.fromkeys(("hit_rate@20", "mrr@20", "new_hit_rate@20", "new_mrr@20"), 0.4)
    settings = {
        "best_single": "knn",
        "comparisons": tuple(
            ModelComparison(first=first, second=second, metric="ndcg@20", difference=found)
            for first, second, found in pairs
        ),
        "groups": {
            "popularity": (group("niche", 0.01, 0.03, BETTER), group("mainstream", 0.1, 0.2, WORSE))
        },
        "cold_tracks": ColdTracks(
            n_tracks=40,
            figures=figures("collaborative", "tags", "random"),
            ratios={"collaborative": (2.0, (1.6, 2.4)), "random": (0.5, (math.nan, math.nan))},
        ),
        "cold_listeners": {
            picks: figures("global", "knn", "popularity", "random", metric=metric)
            for picks, metric in ((3, 0.1), (5, 0.2))
        },
        "control": Control(
            real=figures("knn"),
            shuffled=figures("knn", metric=0.001),
            chance=figures("random", metric=0.001),
            shuffles=5,
            fell={"knn": True},
        ),
        "dials": DialCurves(n=60, k=10, curves={"diversity": points, "popularity": points[::-1]}),
        "faithfulness": Faithful(
            n_listeners=60, k=5, n_tracks=300, named=0.9, share=0.999, by_largest=0.8
        ),
        "next_track": NextTrack(
            model="sequence",
            n_plays=900,
            figures=Figures(n=60, models={"Markov": following, "sequence": following}),
            ahead={
                "hit_rate@20": ("Markov", BETTER),
                "new_hit_rate@20": ("Markov", ALIKE),
            },
        ),
        "organic": Organic(
            n_plays=1200,
            share=0.75,
            on_all=figures("personal", "popularity"),
            on_organic=figures("personal", "popularity", metric=0.05),
        ),
    }
    return Details(**settings | changes)


def similarity(target="genre", **changes):
    """Two spaces and chance; hubs taken away from one."""
    hubs = {"hub_skewness@10": 1.5, "largest_hub@10": 40.0, "never_retrieved@10": 0.125}
    models = {
        name: {"precision@10": value, "artist_precision@10": value / 2}
        for name, value in (("knn", 0.5), ("mfcc", 0.4), ("random", 0.1))
    }
    for name in ("knn", "mfcc"):
        models[name] |= hubs
    judged = NeighborScores(
        split="test",
        n={"precision@10": 30, "artist_precision@10": 20, "album_precision@10": 0},
        models=models,
        intervals={"knn": {"precision@10": (0.4, 0.6)}},
        differences={"mfcc": {"precision@10": (0.02, 0.2)}},
    )
    taken = HubReduction(
        used="mutual_proximity",
        split="test",
        methods={
            "cosine": models["knn"],
            "mutual_proximity": models["knn"] | {"precision@10": 0.52, "hub_skewness@10": 0.5},
        },
        difference=(-0.01, 0.05),
    )
    settings = {"model": "knn", "n_tracks": 300, "judged": judged, "hubs": {"knn": taken}}
    settings |= {"everything": judged, "learned": ("cnn",)}
    return SimilarityReport(target=target, **settings | changes)


def report(*parts, **changes):
    return Report(
        measurement=changes.pop("measurement", measurement()),
        classifiers=tuple(part for part in parts if isinstance(part, ClassifierReport)),
        recommendations=tuple(part for part in parts if isinstance(part, RecommendationReport)),
        **changes,
    )


def everything(label=HOSTILE):
    names = (label, "jazz", "ska")
    return report(
        classifier(
            names=names,
            history={"loss": [2.0, 1.0], "val_loss": [2.1, 1.5], "accuracy": [0.2, 0.6]},
            f1_intervals=[(0.1, 0.5), (0.2, 0.6), (math.nan, math.nan)],
            mistakes=(
                Mistake(title=label, artist=None, true=label, predicted="ska", confidence=1),
            ),
        ),
        baseline(names=names),
        lists(simulated=True, curves={label: Curve([0.1, 0.2], [0.1, 0.3])}, details=details()),
        similarity=similarity(label),
        maps=(EmbeddingMap(name="cnn", xy=np.arange(8.0).reshape(4, 2), labels=[label, None] * 2),),
        notes=(label,),
        measurement=measurement(dataset=label),
    )


class Page(HTMLParser):
    """Collects the tags, attributes and text of a page; insists that tags are balanced."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A directory with a report on everything, with names such as strangers' files hold."""
    directory = tmp_path_factory.mktemp("reports") / "run"
    assert write_report(directory, report_files(everything())) == directory / "report.html"
    return directory


# The document


def test_document_of_one_model_has_its_metrics():
    document = report(classifier(), baseline(), subject="cnn").to_document()
    assert (document["task"], document["model"], document["split"]) == (
        "classification",
        "cnn",
        "test",
    )
    assert document["n"] == 80
    assert set(document["metrics"]) == {"accuracy", "precision_macro", "recall_macro", "f1_macro"}
    assert document["metrics"]["accuracy"] == document["models"]["cnn"]["accuracy"] == 0.75
    assert document["intervals"]["accuracy"] == pytest.approx([0.7, 0.8])
    assert document["baselines"] == ["majority"]
    assert document["per_class"]["ska"]["support"] == 4
    assert document["confusion"][0][0] > 0


def test_document_of_recommendations_has_every_model():
    document = report(lists(), subject="recommendations").to_document()
    assert document["task"] == "recommendation"
    assert document["metrics"] == document["models"]["blend"]
    assert set(document["models"]) == {"blend", "knn", "popularity", "random"}


def test_document_of_all_begins_with_recommendations():
    document = report(classifier(), classifier("rnn"), baseline(), lists()).to_document()
    assert (document["subject"], document["task"], document["model"]) == (
        "all",
        "recommendation",
        "blend",
    )
    assert [each["model"] for each in document["other_results"]] == ["cnn", "rnn"]


@pytest.mark.parametrize("several", [True, False])
def test_current_document_reads_documents_of_older_versions(several):
    shared = {"notes": ["a note"], "measured": {"seed": 3}}
    new = report(classifier(), lists()).to_document() | shared
    result = {key: new[key] for key in new if key not in ("target", "subject", "other_results")}
    if several:
        result = {"task": "all", "reports": [*new["other_results"], result], **shared}
    read = current_document(result)
    others = new["other_results"] if several else []
    subject = "all" if several else "recommendations"
    assert read == new | {"other_results": others, "subject": subject}
    assert current_document(new) == new


@pytest.mark.parametrize(
    "stored", [{"task": "all", "reports": [], "notes": ["a note"]}, {"notes": ["a note"]}]
)
def test_current_document_without_results_has_no_others(stored):
    read = current_document(stored)
    assert (read["other_results"], read["notes"]) == ([], ["a note"])
    assert "task" not in read


def test_show_document_without_results_says_so(capsys):
    show_document(report().to_document() | {"notes": ["No models."]})
    assert capsys.readouterr().out.split("\n")[:2] == ["Nothing could be evaluated.", "No models."]


def test_document_omits_models_on_other_tracks():
    document = report(classifier(), baseline(n=60), subject="cnn").to_document()
    assert set(document["models"]) == {"cnn"}


def test_document_writes_undefined_numbers_as_null(written):
    text = (written / "metrics.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["other_results"][0]["per_class"]["ska"]["f1_interval"] == [None, None]
    assert document["simulated"] is True


def test_document_of_several_results_raises():
    with pytest.raises(ValueError, match="report on 'cnn' holds 2 results"):
        report(classifier(), classifier("rnn"), subject="cnn").to_document()


def test_report_rejects_engine_without_metrics():
    with pytest.raises(ValueError, match="engine 'best' is not among the models blend, knn"):
        lists(engine="best")
    with pytest.raises(ValueError, match=r"shape \(2, 3\) for 2 labels: give one point"):
        EmbeddingMap(name="cnn", xy=np.ones((2, 3)), labels=["a", "b"])


# The sentences


def text_of(html):
    return Markup(html).striptags()  # noqa: S704  # only read


def plain(html):
    """Return the text of the items of a list."""
    return "\n".join(text_of(item) for item in re.findall("<li>(.*?)</li>", html, re.S))


def summary(*parts, **changes):
    """Return findings and limits as plain text."""
    findings, _, limits = str(render_summary(report(*parts, **changes))).partition("Limits")
    return plain(findings), plain(limits)


def dials_sentence(found):
    module = environment().get_template("sentences.html").module
    return text_of(module.dials(found))


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ((0.04, 0.3), "(38%), is worse, by 4 to 30 percentage points"),
        ((-0.3, -0.04), "(38%), is better, by 4 to 30 percentage points"),
        ((-0.03, 0.09), "is not measurably different: the difference is between \u22123 and +9"),
    ],
)
def test_summary_with_a_paired_difference_compares_by_it(difference, words):
    found = classifier(differences={"majority": {"accuracy": difference}})
    findings, _ = summary(found, baseline())
    assert "CNN predicts the right genre for 75% of 80 tracks" in findings
    assert words in findings


@pytest.mark.parametrize(
    ("right", "words"),
    [(30, "is worse."), (58, "is not measurably different: the intervals")],
)
def test_summary_without_paired_difference_compares_intervals(right, words):
    assert words in summary(classifier(), baseline(right))[0]


def test_summary_of_a_small_class_warns_of_too_few_tracks():
    assert (
        "Too few test tracks (under 10) for reliable numbers: ska (4)."
        in (summary(classifier())[1])
    )


def test_summary_of_a_class_without_tracks_gives_the_reason():
    names = ("folk", "jazz", "ska", "raga")
    how = measurement(undividable=("raga",))
    _, limits = summary(classifier(names=names), measurement=how)
    start = "Not evaluated, because no test track has them: raga (all their tracks are by one"
    assert start in limits


def test_summary_without_test_part_warns_of_validation_data():
    assert (
        "There is no test part, so the validation part is used."
        in (summary(classifier(split="valid"))[1])
    )


def test_summary_with_shared_artists_warns_of_them():
    findings, limits = summary(classifier(), measurement=measurement(artist_disjoint=False))
    assert "none by an artist" not in findings
    assert "Some artists are in several parts of the split" in limits


def test_summary_of_simulated_listeners_says_so():
    findings, limits = summary(lists(simulated=True))
    assert "of 90 simulated listeners" in findings
    assert "The listeners are simulated from stated tastes:" in limits
    assert "simulated" not in "".join(summary(lists()))


def test_summary_compares_lists_with_baselines_and_best_signal():
    findings, _ = summary(lists(differences={"popularity": {"ndcg@10": (0.01, 0.2)}}))
    assert findings.startswith(
        "Of 10 recommended tracks, 2.0 on average are tracks that the listener"
    )
    assert "The recommendations score 0.200 in nDCG@10 (0: none of the held-out tracks" in findings
    assert (
        "They are better than popularity, the tracks that most listeners like (0.100); they are not"
        " measurably different from tracks drawn at random (0.010)." in findings
    )
    assert "are not measurably different from the best single signal, kNN (0.150)." in findings


def test_summary_puts_recommendations_before_classifiers():
    findings, _ = summary(classifier(), lists())
    assert findings.index("Of 10 recommended") < findings.index("CNN predicts the right genre")


def test_summary_of_blends_gives_interval_and_p():
    findings, _ = summary(lists(details=details()))
    assert (
        "The blend with personal weights is better than the best single signal, kNN:"
        " nDCG@20 differs by +0.0200 (95% interval +0.0100 to +0.0300, p < 0.001)." in findings
    )
    assert "not measurably different from the blend with global weights" in findings
    assert "(95% interval \u22120.0100 to +0.0120, p = 0.62)" in findings
    # replaces the comparison without a p-value; new listeners have another best signal
    assert findings.count("better than the best single signal, ") == 1


SAME = Difference(0.0, (0.0, 0.0), 1.0, 60)


def test_summary_of_equal_weights_mentions_them_once():
    pairs = (("personal", "knn", BETTER), ("global", "knn", BETTER), ("personal", "global", SAME))
    groups = (group("niche", 0.01, 0.03, BETTER), group("mainstream", 0.1, 0.2, WORSE))
    found = lists(
        details=details(
            comparisons=tuple(
                ModelComparison(first=first, second=second, metric="ndcg@20", difference=each)
                for first, second, each in pairs
            ),
            groups={
                "popularity": [
                    replace(each, gains=dict.fromkeys(each.gains, SAME)) for each in groups
                ]
            },
        )
    )
    findings, _ = summary(found)
    assert findings.count("the personal and the global blend are the same") == 1
    assert "Personal weights help" not in findings
    assert findings.count("the best single signal, kNN: nDCG@20 differs by +0.0200") == 1
    page, _ = render(report(found))
    assert "Personal minus global" not in page
    assert "Personal minus best signal" in page
    assert "Personal minus global" in render(report(lists(details=details())))[0]


def test_summary_covers_every_detail():
    findings, _ = summary(lists(details=details()))
    assert "Personal weights help \u201cniche\u201d and hurt \u201cmainstream\u201d." in findings
    assert (
        "The blend is better than the best single signal for \u201cniche\u201d and worse than the"
        " best single signal for \u201cmainstream\u201d." in findings
    )
    assert "finds 2.00 times as much as tag similarity (95% interval 1.60 to 2.40)" in findings
    assert (
        "For 60 new listeners who picked 3 tracks, nDCG@20 is 0.100 for the blend, 0.050 for the"
        " best single signal (kNN) and 0.033 for popularity; with 5 picks 0.200, 0.100 and 0.067."
        in findings
    )
    assert "The control passed" in findings
    assert "Without that signal, 99.9% of those rank lower, which meets the target of" in findings
    assert "in 40% of cases, better than the best baseline (Markov, 40%)" in findings


def test_dials_sentence_gives_accuracy_at_medium_settings():
    assert dials_sentence(details().dials) == (
        "With all dials off, nDCG@10 is 0.200, of which remain 90% with diversity at 0.4"
        " and 90% with popularity at 0.4."
    )
    nothing = [DialPoint(setting=0.4, metrics={"ndcg@10": 0.1})]
    assert dials_sentence(DialCurves(n=1, k=10, curves={"randomness": nothing})) == ""
    cap, both = [
        [DialPoint(setting=each, metrics={"ndcg@10": 0.1}) for each in settings]
        for settings in ((None, 5, 2, 1), (-0.6, -0.3, 0, 0.3, 0.6))
    ]
    slopes = [
        DialPoint(setting=each, metrics={"ndcg@10": 0.1 + each / 100})
        for each in (-0.6, -0.3, 0, 0.3, 0.6)
    ]
    found = dials_sentence(DialCurves(n=1, k=10, curves={"artist_cap": cap, "popularity": both}))
    assert found == "No effect on this library: artist cap and popularity."
    moved = [DialPoint(setting=n, metrics={"ndcg@10": v}) for n, v in ((None, 0.1), (1, 0.05))]
    found = dials_sentence(
        DialCurves(n=1, k=10, curves={"artist_cap": moved, "popularity": slopes})
    )
    assert "50% with artist cap at 1" in found
    assert "popularity at \u22120.3 and 103% with popularity at 0.3" in found


def test_summary_of_a_failed_control_says_so():
    failed = replace(details().control, fell={"knn": False})
    findings, _ = summary(lists(details=details(control=failed)))
    assert "The control failed: with content exchanged between tracks, kNN is still" in findings


def test_document_has_keys_of_details():
    document = report(lists(details=details()), subject="recommendations").to_document()
    assert {"task", "split", "n", "metrics", "intervals", "models"} <= set(document)
    assert document["cold"]["tracks"]["by_tags"]["collaborative"]["ratio"] == 2.0
    assert document["cold"]["tracks"]["by_tags"]["random"]["interval"] == [None, None]
    assert document["cold"]["listeners"]["3"]["n"] == 60
    assert document["control"]["fell_to_chance"] == {"knn": True}
    assert document["dials"]["curves"]["diversity"][1]["setting"] == 0.4
    assert document["faithfulness"]["share"] == 0.999
    assert document["next_track"]["ahead_of_best_baseline"]["hit_rate@20"]["baseline"] == "Markov"
    niche = document["groups"]["popularity"][0]
    assert niche["personal_minus_global"]["ndcg@10"]["p"] == 0.0002
    plain = report(lists(), subject="recommendations").to_document()
    assert (plain["control"], plain["groups"]) == (None, {})


def test_summary_of_an_empty_report_gives_the_reason():
    assert summary(notes=("There are no listens.",)) == (
        "Nothing could be measured.",
        "There are no listens.",
    )


def test_detail_findings_are_plain_text():
    names = replace(details(), best_single="<a & b>")
    pair = ModelComparison(first="personal", second="<a & b>", metric="ndcg@20", difference=BETTER)
    found = detail_findings(replace(names, comparisons=(pair,)))
    assert "the best single signal, <a & b>: nDCG@20" in found[0]
    assert len(found) == 7


def test_summary_of_similarity_gives_chance_and_hubs():
    findings, limits = summary(similarity=similarity())
    assert (
        "Of the 10 tracks most similar to a track by kNN, 5.0 on average have the same genre and"
        " another artist (95% interval 4.0 to 6.0; 30 tracks queried); by chance it would be 1.0."
        in findings
    )
    assert "Hubs are removed for kNN by mutual proximity: skewness goes from 1.5 to 0.5" in findings
    assert ", not a measurable difference." in findings
    assert "CNN learned from labels, so only the 30 tracks of the test part are queried" in limits
    assert "no listener was asked" in limits
    found, _ = summary(similarity=similarity(learned=("mfcc",)))
    assert "By MFCC it is 4.0 of 10 on the 30 tracks of the test part, fewer than the 5.0" in found
    taken = similarity().hubs["knn"]
    several, _ = summary(similarity=similarity(hubs={"mfcc": taken, "rms": taken, "knn": taken}))
    assert several.count("by mutual proximity") == 1
    assert "Hubs are removed for MFCC and RMS as well; see the table of hubs." in several
    alone = replace(similarity().hubs["knn"], used="cosine")
    assert "Hubs are not removed for kNN" in summary(similarity=similarity(hubs={"knn": alone}))[0]


def test_document_of_similarity_has_every_space():
    document = report(similarity=similarity(), subject="similarity").to_document()
    assert (document["task"], document["model"], document["n"]) == ("similarity", "knn", 30)
    assert document["metrics"] == document["models"]["knn"]
    assert document["intervals"] == {"precision@10": [0.4, 0.6]}
    assert document["hubs"]["knn"]["difference"] == [-0.01, 0.05]
    assert document["all_tracks"]["n"]["artist_precision@10"] == 20
    with pytest.raises(ValueError, match="model 'cnn' is not among knn, mfcc, random"):
        similarity(model="cnn")


# The page


def test_page_escapes_untrusted_names(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    parsed = Page(page)
    assert not [tag for tag, _ in parsed.tags if tag in {"script", "iframe", "object", "link"}]
    assert "<script" not in page
    assert "".join(parsed.text).count("<script>alert('x')</script>") >= 5


def test_page_is_self_contained(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert not re.search(r"url\((?!#)|@import", page)


def test_page_is_accessible(written):
    parsed = Page((written / "report.html").read_text(encoding="utf-8"))
    assert all("scope" in attributes for tag, attributes in parsed.tags if tag == "th")
    tables = [attributes for tag, attributes in parsed.tags if tag == "table"]
    assert tables
    assert all("aria-label" in table for table in tables if "mistakes" not in table["class"])
    images = [attributes for _, attributes in parsed.tags if attributes.get("role") == "img"]
    assert len(images) == 6
    assert all(len(image["aria-label"]) > 20 for image in images)
    assert ("html", {"lang": "en"}) in parsed.tags
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_page_rows_are_as_wide_as_table(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    tables = re.findall(r'<table class="scores".*?</table>', page, flags=re.DOTALL)
    assert len(tables) >= 8
    for table in tables:
        widths = {len(re.findall(r"<t[hd][ >]", row)) for row in table.split("<tr")[1:]}
        assert len(widths) == 1, table


def test_page_supports_light_and_dark(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in page
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert drawings
    for drawing in drawings:
        assert "var(--" in drawing
        assert "#0b7285" not in drawing


def test_page_labels_simulated_listeners(written):
    text = "".join(Page((written / "report.html").read_text(encoding="utf-8")).text)
    assert text.count("simulated") >= 4


def test_page_shows_measurement(written):
    text = "".join(Page((written / "report.html").read_text(encoding="utf-8")).text)
    for part in ("0.750", "too few tracks", "1,200", "segue 0.1.0", "2026-01-02 03:04 UTC"):
        assert part in text


def test_page_sorts_models_after_engine():
    worse = {"precision@10": 0.1, "ndcg@10": 0.01, "hit_rate@10": 0.5}
    models = {
        "knn": worse,
        "random": worse | {"ndcg@10": 0.0},
        "popularity": worse | {"ndcg@10": 0.2},
    }
    page, _ = render(report(lists(engine="blend", models={**models, "blend": worse})))
    rows = re.findall(r'<th scope="row">(\S+)', page)
    assert rows[:4] == ["Blend", "Popularity", "kNN", "Random"]


def test_page_omits_unchecked_facts():
    page, _ = render(report(lists(), measurement=measurement(artist_disjoint=None)))
    assert "Artists kept apart" not in page


def test_page_marks_best_in_bold(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "<strong>0.200</strong>" in page
    assert "<strong>0.150</strong>" not in page


def test_report_writes_every_plot(written):
    files = sorted((written / "plots").iterdir())
    assert {file.name for file in files} == {
        "confusion_cnn.png",
        "dials.png",
        "f1_cnn.png",
        "learning_cnn_accuracy.png",
        "learning_cnn_loss.png",
        "map_cnn.png",
        "recommendation_precision_at_k.png",
        "recommendation_recall_at_k.png",
    }
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


@pytest.mark.parametrize(
    "found",
    [
        report(),
        report(baseline()),
        report(classifier(history={"loss": [1.0], "val_loss": []})),
        report(similarity=similarity()),
        report(similarity=similarity(None, everything=None, hubs={})),
        report(lists(models={"blend": {"ndcg@10": math.nan}})),
        report(lists(details=Details(dials=DialCurves(n=1, k=10, curves={})))),
        report(maps=(EmbeddingMap(name="cnn", xy=np.zeros((0, 2)), labels=[]),)),
    ],
)
def test_report_on_little_data_is_complete_page(found, tmp_path):
    page = write_report(tmp_path / "run", report_files(found))
    Page(page.read_text(encoding="utf-8"))


def test_report_accepts_invalid_unicode(tmp_path):
    names = ("_bad \udcff\n\x00", "jazz", "ska")
    found = replace(
        report(classifier(names=names), notes=("bad \udcff name",)),
        maps=(EmbeddingMap(name="../cnn", xy=np.ones((2, 2)), labels=[names[0], "_jazz"]),),
    )
    page = write_report(tmp_path / "run", report_files(found))
    assert (tmp_path / "run" / "plots" / "map____cnn.png").is_file()
    assert "bad ? name" in page.read_text(encoding="utf-8")


# Writing


def test_write_report_replaces_old_one(tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / "stale.txt").write_text("old")
    write_report(directory, report_files(report()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
    assert sorted(path.name for path in directory.iterdir()) == [
        "SHA256SUMS",
        "metrics.json",
        "report.html",
    ]


def test_write_report_on_full_disk_keeps_old_one(tmp_path, monkeypatch):
    directory = tmp_path / "run"
    write_report(directory, report_files(report(notes=("first",))))

    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segue.library.files.sync", full)
    with pytest.raises(LibraryError, match=r"No space left on device.*: free space there"):
        write_report(directory, report_files(report(notes=("second",))))
    assert "first" in (directory / "report.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_write_report_to_bad_folder_raises(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match="report cannot be written to"):
        write_report(tmp_path / "file" / "run", report_files(report()))


def test_page_compares_all_and_organic_plays():
    page = render(report(lists(details=details())))[0]
    assert "Of 1,200 held-out plays whose origin is known, 75% were organic" in page
    assert "nDCG@20, organic" in page
    assert "Organic plays" not in render(report(lists(details=details(organic=None))))[0]
