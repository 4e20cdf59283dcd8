"""dashboards/notified.py: channels that are used are drawn, and what is not sent does not fail."""

from __future__ import annotations

from pathlib import Path

from dashboards import notified
from tests.dashboards.asking import asked, needs_promtool

SENT, FAILED = "alertmanager_notifications_total", "alertmanager_notifications_failed_total"


@needs_promtool
def test_channels_that_nobody_set_up_are_not_drawn(tmp_path: Path) -> None:
    """Alertmanager counts every kind of channel; one by which nothing was sent is left out, attempts and failures."""
    series = {f'{name}{{integration="{one}"}}': "0x600" for name in (SENT, FAILED) for one in ("email", "webhook")}
    series[f'{SENT}{{integration="webhook"}}'] = "0x560 60x40"
    attempted, failed = notified.notifications()[0].targets
    expected = {'{integration="webhook"}': 0.0}
    answer = asked(tmp_path, failed.expr, series, expected, at="600m")
    assert answer.fine, answer.text
    assert asked(tmp_path, f"({attempted.expr}) > bool 0", series, {'{integration="webhook"}': 1.0}, at="600m").fine


@needs_promtool
def test_the_failed_share_is_zero_where_none_is_sent(tmp_path: Path) -> None:
    """One of two that fails is a half; a channel that has rested for minutes has failed nothing."""
    query = notified.failing().targets[0].expr
    busy = {f'{SENT}{{integration="webhook"}}': "0+2x600", f'{FAILED}{{integration="webhook"}}': "0+1x600"}
    rests = {f'{SENT}{{integration="webhook"}}': "0x300 5x300", f'{FAILED}{{integration="webhook"}}': "0x600"}
    for series, share in ((busy, 0.5), (rests, 0.0)):
        answer = asked(tmp_path, query, series, {'{integration="webhook"}': share}, at="600m")
        assert answer.fine, answer.text
