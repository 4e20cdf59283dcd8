"""dashboards/occurred.py: what occurred in the time that is shown has a line, which is at 0 once it is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboards.asking import asked, board, drawn, needs_promtool

RATE, FIVE = "serving:requests:rate1m", "serving:requests:rate5m"
ANSWERS = "haproxy_frontend_http_responses_total"
QUALITY = 'model="m",model_version="1",reference="r",feature="f",role="input",window="1h"'


@needs_promtool
@pytest.mark.parametrize(
    ("name", "title", "series", "wanted"),
    [
        (
            "service",
            "Requests by code",
            {
                f'{RATE}{{service="a",code="200"}}': "0x80",
                f'{RATE}{{service="a",code="500"}}': "0x25 7x5 0x50",
                f'{RATE}{{service="a",code="503"}}': "0x80",
                f'{RATE}{{service="a",code="504"}}': "7x9 0x71",
            },
            {'{code="200"}': 0, '{at="1",code="500"}': 0},
        ),
        (
            "slo",
            "Failed requests by code",
            {f'{FIVE}{{service="a",code="500"}}': "0x25 7x5 0x50", f'{FIVE}{{service="a",code="503"}}': "0x80"},
            {'{service="a",code="500"}': 0},
        ),
        (
            "stack",
            "Answers of the gateway",
            {
                f'{ANSWERS}{{proxy="door",code="2xx"}}': "0+60x80",
                f'{ANSWERS}{{proxy="door",code="5xx"}}': "0x25 0+6x5 30x50",
                f'{ANSWERS}{{proxy="door",code="4xx"}}': "6x80",
            },
            {'{code="2xx"}': 1, '{code="5xx"}': 0},
        ),
        (
            "quality",
            "Missing, out of range, unseen",
            {
                f'drift:quality_ratio{{service="a",{QUALITY},kind="missing"}}': "0x25 0.5x5 0x50",
                f'drift:quality_ratio{{service="a",{QUALITY},kind="unseen"}}': "0x80",
            },
            {f'drift:quality_ratio{{service="a",{QUALITY},kind="missing"}}': 0},
        ),
    ],
)
def test_what_is_over_is_at_0(
    tmp_path: Path, name: str, title: str, series: dict[str, str], wanted: dict[str, float]
) -> None:
    """The legend's last value is that of now; what did not occur in the hour that is shown has no line."""
    expr = drawn(board(name))[title]["targets"][0]["expr"]
    answer = asked(tmp_path, expr, series, wanted, at="1h15m")
    assert answer.fine, answer.text
