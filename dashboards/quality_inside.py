"""The lower half of the Quality and drift dashboard: features one by one, predictions, accuracy, data."""

from __future__ import annotations

from alerts import quality as measured
from alerts.algebra import Vector, by, call, of, over, vector
from alerts.drift import WINDOWS
from alerts.drift.alarms import QUALITY_LIMIT
from alerts.drift.scores import MINIMUM_ROWS
from alerts.drift.series import (
    BIN_DELTA,
    BIN_RATIO,
    DESIGN_EFFECT,
    KS,
    PSI,
    QUALITY_RATIO,
    REFERENCE_RATIO,
    ROWS,
    SCORE,
    WASSERSTEIN,
)
from alerts.promql import Match, like, rate
from alerts.series import Series
from dashboards import panels, style, values
from dashboards.chosen import RANGE
from dashboards.occurred import occurred
from dashboards.panels import Modern, query
from dashboards.values import Column
from monitoring.catalogue import drift

Chosen = dict[str, str | Match]

TOO_FEW = "Too few rows"
CLASS = "predicted_class"
"""The output feature of the class that a model chose."""

_FEATURE: Chosen = {"feature": like("$feature")}
_COLUMNS = ("model", "model_version", "feature", "role")
_READING = """**Score**: how surely a feature differs from its reference by more than matters, in standard deviations. \
Alerts look at it, and their limit follows how much is watched.

**PSI, KS, Wasserstein**: how far it is. They say nothing of chance: read them beside **Rows**.

**Too few rows** is not *stable*: below 100 rows nothing can be said.

**Estimated accuracy** is to be believed only while inputs do not drift."""


def features(chosen: Chosen) -> list[Modern]:
    """Every number of every feature, beside the rows that it stands on."""

    def now(series: Series) -> str:
        return by("max", _COLUMNS, over("last", series, WINDOWS.memory, **chosen)).expr

    def worst(kind: str) -> str:
        return by("max", _COLUMNS, over("last", QUALITY_RATIO, WINDOWS.memory, kind=kind, **chosen)).expr

    bad = ({"color": style.OK, "value": None}, {"color": style.BAD, "value": QUALITY_LIMIT})
    columns = [
        Column("Rows", now(ROWS), decimals=0),
        Column("Score", now(SCORE)),
        Column("PSI", now(PSI), decimals=3),
        Column("KS", now(KS), decimals=3),
        Column("Wasserstein", now(WASSERSTEIN)),
        Column("Missing", worst("missing"), "percentunit", 1, bad),
        Column("Out of range", worst("out_of_range"), "percentunit", 1, bad),
        Column("Unseen", worst("unseen"), "percentunit", 1, bad),
    ]
    labels = {"model": "Model", "model_version": "Version", "feature": "Feature", "role": "Role"}
    described = (
        f"Scores and distances over the chosen window (drift:score, drift:psi, …). An empty score: fewer than "
        f"{MINIMUM_ROWS} rows. KS and Wasserstein are for features whose bins have an order."
    )
    return [
        values.numbers("Features", described, labels, columns, "Nothing is watched", share=3),
        values.text("How to read this", _READING),
    ]


def distributions(chosen: Chosen) -> list[list[Modern]]:
    """Where the rows of one feature lie, and where the reference's did."""
    live = over("last", BIN_RATIO, WINDOWS.memory, **chosen, **_FEATURE)
    learnt = of(REFERENCE_RATIO, service=like("$service"), model=like("$model"), **_FEATURE)
    bins = ("bin",)
    where = "00 is below the reference's smallest, the highest number above its largest."
    return [
        [
            values.bars(
                "Live distribution",
                f"Share of the window's rows in each bin of the chosen feature. {where}",
                by("max", bins, live).expr,
                "percentunit",
                "{{bin}}",
                "No rows",
                thresholds=style.steps(base=style.TRAFFIC),
                upright=True,
            ),
            values.bars(
                "Reference distribution",
                f"Share of the reference's rows in each bin of the chosen feature. {where}",
                by("max", bins, learnt).expr,
                "percentunit",
                "{{bin}}",
                "No reference",
                thresholds=style.steps(base=style.MEAN),
                upright=True,
            ),
            panels.timeseries(
                "Bins that moved",
                "How much larger each bin's share is live than in the reference: above 0 it gained, below it lost.",
                [query(by("max", bins, BIN_DELTA(**chosen, **_FEATURE)).expr, "{{bin}}")],
                "percentunit",
                beside=True,
                least=None,
            ),
        ]
    ]


def predictions(chosen: Chosen) -> list[Modern]:
    """What the models answer."""
    classes = by("max", ("bin",), BIN_RATIO(**chosen, role="output", feature=CLASS))
    confidence = by("max", ("bin",), BIN_RATIO(**chosen, role="output", feature="confidence"))
    return [
        panels.timeseries(
            "Predicted classes",
            "Share of the window's answers by class, stacked. A mix that changes while confidence stays is another mix "
            "of what is asked.",
            [query(classes.expr, "{{bin}}")],
            "percentunit",
            stacked=True,
            beside=True,
        ),
        values.pie(
            "Predicted classes now", "The same shares at this moment.", _last(CLASS, chosen).expr, "{{bin}}", TOO_FEW
        ),
        panels.timeseries(
            "Confidence",
            "Share of the window's answers by bin of the calibrated confidence, stacked: low bins that grow are inputs "
            "that the model knows less.",
            [query(confidence.expr, "{{bin}}")],
            "percentunit",
            stacked=True,
            beside=True,
        ),
    ]


def _last(feature: str, chosen: Chosen) -> Vector:
    return by("max", ("bin",), over("last", BIN_RATIO, WINDOWS.memory, **chosen, role="output", feature=feature))


def accuracy(chosen: Chosen) -> list[Modern]:
    """How often the models are right, and how much that rests on."""
    model: Chosen = {name: value for name, value in chosen.items() if name != "window"}
    width = 2 * measured.ESTIMATED_SD(**chosen)
    estimated = measured.ESTIMATED(**chosen)
    return [
        panels.timeseries(
            "Accuracy",
            "By labels that came, and as confidence lets expect, with twice its standard deviation on either side. The "
            "red line is where AccuracyLow and AccuracyEstimateLow begin. The estimate is not to be believed where "
            "inputs drift.",
            [
                query(measured.LABELLED(**chosen).expr, "{{model}} labels"),
                query(estimated.expr, "{{model}} estimated"),
                query(call("clamp_min", estimated - width, 0).expr, "{{model}} estimated, at least"),
                query(call("clamp_max", estimated + width, 1).expr, "{{model}} estimated, at most"),
                query(measured.LIMIT(**model).expr, "{{model}} limit"),
            ],
            "percentunit",
            colors={"/limit$/": style.BAD, "/estimated, /": style.P50, "/labels$/": style.OK},
            least=None,
        ),
        panels.timeseries(
            "Labels",
            "Labels that came in the window, and predictions of it: accuracy by few labels is a guess.",
            [
                query(measured.LABELS(**chosen).expr, "{{model}} labels"),
                query(by("max", ("model",), ROWS(**chosen, role="output")).expr, "{{model}} predictions"),
            ],
            "short",
        ),
    ]


def data(chosen: Chosen, model: Chosen) -> list[Modern]:
    """What is wrong with the values themselves, and with the counting."""
    dropped, failed = (
        by("sum", ("model",), vector(rate(lost, RANGE, **model))) for lost in (drift.DROPPED, drift.FAILED)
    )
    faulty = occurred(QUALITY_RATIO.by, QUALITY_RATIO(**chosen).expr, QUALITY_RATIO, **chosen)
    return [
        panels.timeseries(
            "Missing, out of range, unseen",
            "Share of the window's rows whose value is missing, beyond the reference's range or no category of it. "
            f"DataQuality fires from {QUALITY_LIMIT:.0%} beyond the reference's own share on.",
            [query(faulty, "{{model}} {{feature}} {{kind}}")],
            "percentunit",
        ),
        panels.timeseries(
            "Rows not counted",
            "Rows per second that were answered and not watched: dropped as they came too fast or the model has no "
            f"reference, or failed as no features can be made of them ({drift.FAILED.name}); the log says why. "
            "See DriftBlind.",
            [query(dropped.expr, "{{model}} dropped"), query(failed.expr, "{{model}} failed")],
            "ops",
        ),
        panels.timeseries(
            "Rows that count as one",
            "drift:design_effect: 1 where rows are independent, more where they come in bursts of alike ones. Scores "
            "allow for it.",
            [query(by("max", ("model", "feature"), DESIGN_EFFECT(**model)).expr, "{{model}} {{feature}}")],
            "short",
        ),
    ]
