"""monitoring/catalogue/declaration.py: panels and alerts as data."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.catalogue import SERVICE_LABELS, Metric
from monitoring.catalogue.declaration import Alert, Declaration, DeclarationInvalid, Panel


def declared(panel: Panel | None = None, alert: Alert | None = None, **more: Any) -> Declaration:
    wanted: dict[str, Any] = {"name": "orders_total", "kind": "counter", "labels": ("kind", "ok"), **more}
    labels = (*SERVICE_LABELS, *wanted.pop("labels"))
    known = {"kind": ("book", "disc")}
    return Declaration(Metric(help="Orders.", topic="own", labels=labels, **wanted), panel, alert, known)


@pytest.mark.parametrize(
    ("alert", "message"),
    [
        (Alert(), "above=None and below=None"),
        (Alert(above=1, below=2), "give one of them"),
        (Alert(above=1, of="p95"), "one of rate, increase, share"),
        (Alert(above=1, of="share"), "says the share of what"),
        (Alert(above=1, of="share", where={"ok": "no"}, by=("ok",)), "leave it out of by="),
        (Alert(above=1, by=("shop",)), "its labels are kind, ok"),
        (Alert(above=1, where={"shop": "x"}), "its labels are kind, ok"),
        (Alert(above=1, for_="1 minute"), "a duration is like 30s"),
        (Alert(above=1, window="5"), "a duration is like 30s"),
        (Alert(above=1, window="30s"), "a rate needs four scrapes"),
        (Alert(above="1"), "above='1': it is a number"),  # type: ignore[arg-type]
        (Alert(below=float("nan")), "below=nan: it is a number"),
        (Alert(above=1, minimum="5"), "minimum='5': it is a number"),  # type: ignore[arg-type]
        (Alert(above=1, where={"ok": 1}), "where={'ok': 1}: a value is a text"),  # type: ignore[dict-item]
        (Alert(above=1, where={"kind": "bok"}), "where={'kind': 'bok'}: that label has book, disc"),
        (Alert(above=1, name="orders-high"), "letters and digits"),
        (Alert(above=1, severity="critical"), "page or ticket"),  # type: ignore[arg-type]
    ],
)
def test_an_alert_that_could_not_work_is_refused(alert: Alert, message: str) -> None:
    """Each fault names the metric, what was given and what is accepted."""
    with pytest.raises(DeclarationInvalid, match=message) as told:
        declared(alert=alert)
    assert "'orders_total': its alert has" in str(told.value)


def test_an_alerts_name_and_side_come_from_the_metric() -> None:
    """Without a name it is the metric's in capitals, and High or Low."""
    assert declared(alert=Alert(above=0)).alert_name == "OrdersHigh"
    assert declared(alert=Alert(below=2)).alert_name == "OrdersLow"
    assert declared(alert=Alert("OrdersStopped", below=2)).alert_name == "OrdersStopped"
    assert (Alert(above=0).threshold, Alert(above=0).sign, Alert(below=-1).threshold) == (0, ">", -1)


def test_a_panel_shows_what_the_alert_compares_unless_it_says_otherwise() -> None:
    """The dashed line is then the alert's; of a share the panel shows the parts."""
    panel = Panel()
    assert declared(panel, Alert(above=1, of="increase")).of(panel) == "increase"
    assert declared(panel, Alert(above=1, of="share", where={"ok": "no"})).of(panel) == "rate"
    assert declared(panel).of(panel) == "rate"
    assert declared(panel, name="level", kind="gauge", add="max").of(panel) == "max"
