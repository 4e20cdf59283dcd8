"""The Stack health dashboard's charts: scrapes, Prometheus, Alertmanager, and what services could not tell."""

from __future__ import annotations

from alerts import stack as rules
from alerts.promql import Expr, Match, aggregate, increase, rate, select, total
from alerts.windows import LONG
from dashboards import notified, panels, style, values
from dashboards.chosen import RANGE
from dashboards.panels import Modern, query
from monitoring.catalogue import drift, own, runtime, stack
from monitoring.catalogue.metric import Metric

NOT_SCRAPED = "Not scraped"

_TARGET = ("job", "instance")
_NAMED = "{{job}} {{instance}}"
_OWN: dict[str, str | Match] = {"job": "prometheus"}
_GROUP = '"group", "$1", "rule_group", ".*;(?:servewatch-)?(.*)"'


def scraping(chosen: dict[str, str | Match]) -> list[list[Modern]]:
    """Whether each target answers, how fast, and with how much."""
    up = aggregate("max", _TARGET, select(stack.UP, **chosen))
    took = aggregate("max", _TARGET, select(stack.SCRAPE_DURATION, **chosen))
    brought = aggregate("max", _TARGET, select(stack.SCRAPED_SAMPLES, **chosen))
    return [
        [
            panels.timeline(
                "Targets",
                "Whether each target answered its scrapes (up). Down time and again: see ScrapesFail in the runbook.",
                up,
                _NAMED,
                style.states(Up=(1, style.OK), Down=(0, style.BAD)),
                NOT_SCRAPED,
            ),
            panels.timeseries(
                "Duration of scrapes",
                f"How long each scrape took ({stack.SCRAPE_DURATION.name}). The dashed line is where "
                f"{rules.SCRAPES_SLOW.name} begins: one that takes longer than its timeout counts as no answer.",
                [query(took, _NAMED)],
                "s",
                limit=rules.SCRAPES_SLOW.threshold,
                absent=NOT_SCRAPED,
            ),
            panels.timeseries(
                "Series of a scrape",
                f"Series that each scrape brought ({stack.SCRAPED_SAMPLES.name}). From the dashed line on "
                f"{rules.SERIES_NEAR_LIMIT.name} fires for services, whose scrapes above {rules.SAMPLE_LIMIT} are "
                "dropped whole: some label has too many values.",
                [query(brought, _NAMED)],
                "short",
                limit=rules.SERIES_NEAR_LIMIT.threshold,
                absent=NOT_SCRAPED,
            ),
        ]
    ]


def prometheus() -> list[list[Modern]]:
    """What it holds, what it does, and what that costs."""
    return [
        [
            _lines("Series in memory", "Growing for ever: some label has a new value each time.", stack.HEAD_SERIES),
            panels.timeseries(
                "Samples written",
                f"Samples per second ({stack.SAMPLES_APPENDED.name}). None: nothing is scraped and no rule records.",
                [query(total(("instance",), rate(stack.SAMPLES_APPENDED, RANGE)), "{{instance}}")],
                "ops",
                absent=NOT_SCRAPED,
            ),
            _pace(),
        ],
        [_broken_rules(), _queries(), *_storage()],
        [_used("CPU", "Cores in use", rate(stack.CPU, RANGE, **_OWN), "percentunit"), _memory(), _corrupt()],
    ]


def _lines(title: str, advice: str, metric: Metric, unit: str = "short") -> Modern:
    return panels.timeseries(
        title,
        f"{metric.help.removesuffix(' Of Prometheus itself.')} ({metric.name}). {advice}",
        [query(select(metric), "{{instance}}")],
        unit,
        absent=NOT_SCRAPED,
    )


def _pace() -> Modern:
    took, every = select(stack.RULE_SECONDS), select(stack.RULE_INTERVAL)
    return values.bars(
        "Time of rules",
        f"How long each group's last evaluation took, as a share of its interval ({stack.RULE_SECONDS.name}). At 100% "
        f"the next one is left out: see {rules.RULES_MISSED.name} in the runbook.",
        f"sort_desc(max by (group) (label_replace({took} / {every}, {_GROUP})))",
        "percentunit",
        "{{group}}",
        NOT_SCRAPED,
        thresholds=style.DRIFT,
        most=1,
        decimals=2,
    )


def _broken_rules() -> Modern:
    failed, missed = (increase(metric, LONG) for metric in (stack.RULE_FAILURES, stack.RULES_MISSED))
    return panels.timeseries(
        "Rules failed and missed",
        f"In {LONG} ({stack.RULE_FAILURES.name}, {stack.RULES_MISSED.name}); 0 is as it should be. Above: RulesFail "
        "and RulesMissed in the runbook.",
        [query(total((), failed), "failed"), query(total((), missed), "missed")],
        "none",
        colors={"failed": style.BAD, "missed": style.WARNING},
        absent=NOT_SCRAPED,
    )


def _queries() -> Modern:
    slow = aggregate("max", ("slice",), select(stack.QUERY_SECONDS, quantile="0.99"))
    return panels.timeseries(
        "Time of queries",
        f"99th percentile by part of the work, rules' queries too ({stack.QUERY_SECONDS.name}). inner_eval high: a "
        "query reads too many series or too long a time.",
        [query(f"{slow} >= 0", "{{slice}}")],
        "s",
        absent=NOT_SCRAPED,
    )


def _storage() -> list[Modern]:
    kept = Expr(f"time() - {select(stack.OLDEST)}")
    return [
        _lines(
            "Size on disk", "0 until two hours are full. Near the limit the oldest goes.", stack.BLOCKS_BYTES, "bytes"
        ),
        panels.stat(
            "Kept since",
            f"How far back samples reach ({stack.OLDEST.name}): what is older cannot be drawn, and a budget of 30 days "
            "is one of these days only.",
            f"max({kept})",
            "dtdurations",
            absent=NOT_SCRAPED,
            thresholds=style.steps(base=style.TRAFFIC),
        ),
    ]


def _used(title: str, what: str, expr: Expr, unit: str) -> Modern:
    name = stack.CPU.name if title == "CPU" else stack.MEMORY.name
    return panels.timeseries(
        title,
        f"{what} by Prometheus ({name}). Climbing with the series: drop labels, or keep less.",
        [query(expr, "{{instance}}")],
        unit,
        absent=NOT_SCRAPED,
    )


def _memory() -> Modern:
    return _used("Memory", "Resident memory", select(stack.MEMORY, **_OWN), "bytes")


def _corrupt() -> Modern:
    return panels.stat(
        "Log could not be read",
        f"Times since its start that Prometheus found its own log broken ({stack.WAL_CORRUPTIONS.name}). Above 0: "
        "samples were lost; look at the disk.",
        f"ceil({total((), increase(stack.WAL_CORRUPTIONS, '1d'))})",
        "none",
        absent=NOT_SCRAPED,
        thresholds=style.steps(1),
    )


def alertmanager() -> list[list[Modern]]:
    """What it knows, and whether it could tell it."""
    known = aggregate("max", ("state",), select(stack.ALERTMANAGER_ALERTS))
    silenced = aggregate("max", ("state",), select(stack.SILENCES))
    return [
        [
            panels.timeseries(
                "Alerts by state",
                f"Alerts that Alertmanager knows ({stack.ALERTMANAGER_ALERTS.name}), {rules.WATCHDOG.name} among them: "
                "suppressed ones are silenced, or follow from another that fires.",
                [query(known, "{{state}}")],
                "none",
                colors={"active": style.TRAFFIC, "suppressed": style.MEAN, "unprocessed": style.WARNING},
                absent=NOT_SCRAPED,
            ),
            panels.timeseries(
                "Silences",
                f"Silences by state ({stack.SILENCES.name}). One that is active for days hides something.",
                [query(silenced, "{{state}}")],
                "none",
                colors={"active": style.WARNING, "pending": style.MEAN, "expired": style.NOTHING},
                absent=NOT_SCRAPED,
            ),
        ],
        [*notified.notifications(), notified.failing()],
    ]


def losses() -> list[Modern]:
    """What services were asked to count and could not."""
    named = "{{service}}"
    return [
        _lost(
            "Rows not watched",
            "Rows per second that were answered and not compared with the reference: too many waited, the model has "
            "none, or no features could be made of them. Scores then stand on fewer rows.",
            [(drift.DROPPED, f"{named} dropped"), (drift.FAILED, f"{named} failed")],
        ),
        _lost(
            "Label values without room",
            "How often a label had a value that was counted as `other`, since it has its most values already. Above 0: "
            "it holds what should not be a label, like an id.",
            [(own.LABEL_VALUES_DROPPED, named)],
        ),
        _lost(
            "Spans that were not sent",
            "Spans per second that the collector did not take, or that had no room to wait. Empty where no service "
            "traces.",
            [(runtime.TRACE_SPANS, "{{service}} {{outcome}}")],
        ),
    ]


def _lost(title: str, description: str, counted: list[tuple[Metric, str]]) -> Modern:
    queries = [query(_each(metric), legend) for metric, legend in counted]
    names = ", ".join(metric.name for metric, _ in counted)
    return panels.timeseries(title, f"{description} ({names})", queries, "ops", absent="Nothing of the kind is counted")


def _each(metric: Metric) -> Expr:
    if metric is runtime.TRACE_SPANS:
        return total(("service", "outcome"), rate(metric, RANGE, outcome=Match("!=", "sent")))
    return total(("service",), rate(metric, RANGE))
