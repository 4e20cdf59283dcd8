"""dashboards/gateway.py: what HAProxy exposes is drawn, and its names are those of its configuration."""

from __future__ import annotations

from pathlib import Path

from dashboards.gateway import ABSENT, BEHIND, DOOR, charts
from tests.dashboards.asking import asked, board, drawn, needs_promtool

ROOT = Path(__file__).parents[2]
PANELS = drawn(board("stack"))
TITLES = [panel.title for line in charts() for panel in line]


def test_the_sides_are_named_as_the_gateways_configuration_names_them() -> None:
    """HAProxy labels its series with the names of its sections: those that the queries ask for are there."""
    sections = (ROOT / "servewatch/stack/gateway/haproxy.cfg").read_text().splitlines()
    assert f"frontend {DOOR}" in sections
    assert f"backend {BEHIND}" in sections


def test_a_stack_without_a_gateway_is_told_so() -> None:
    """Each panel says in words that processes of one machine have none."""
    assert {PANELS[title]["fieldConfig"]["defaults"]["noValue"] for title in TITLES} == {ABSENT}


@needs_promtool
def test_what_the_exporter_itself_answers_is_no_answer_to_a_client(tmp_path: Path) -> None:
    """Answers are those of the door alone, per second, by those classes of code that occurred."""
    name = "haproxy_frontend_http_responses_total"
    series = {
        f'{name}{{proxy="door",code="2xx"}}': "0+60x20",
        f'{name}{{proxy="door",code="5xx"}}': "0+6x20",
        f'{name}{{proxy="door",code="3xx"}}': "0x20",
        f'{name}{{proxy="watched",code="2xx"}}': "0+600x20",
    }
    expr = PANELS["Answers of the gateway"]["targets"][0]["expr"]
    answer = asked(tmp_path, expr, series, {'{code="2xx"}': 1.0, '{code="5xx"}': 0.1})
    assert answer.fine, answer.text


@needs_promtool
def test_a_replica_that_is_not_ready_is_seen(tmp_path: Path) -> None:
    """Of each replica the state UP is drawn: 1 is ready, 0 is any other state."""
    name = "haproxy_server_status"
    series = {
        f'{name}{{proxy="serving",server="replica1",state="UP"}}': "1x20",
        f'{name}{{proxy="serving",server="replica1",state="DOWN"}}': "0x20",
        f'{name}{{proxy="serving",server="replica2",state="UP"}}': "0x20",
        f'{name}{{proxy="serving",server="replica2",state="DRAIN"}}': "1x20",
    }
    expr = PANELS["Replicas behind the gateway"]["targets"][0]["expr"]
    answer = asked(tmp_path, expr, series, {'{server="replica1"}': 1.0, '{server="replica2"}': 0.0})
    assert answer.fine, answer.text
