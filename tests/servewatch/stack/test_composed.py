from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from servewatch import watched
from servewatch.stack.compose import engine_answers
from servewatch.stack.composed import LONGTERM, files, prometheus_yml

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def names(service: str) -> set[str]:
    """What a container of this service is called on the network of the containers."""
    networks = SERVICES[service]["networks"]
    aliases = networks["inside"].get("aliases", ()) if isinstance(networks, dict) else ()
    return {service, *aliases}


def test_every_name_that_prometheus_looks_up_is_one_of_a_container() -> None:
    """Targets and Alertmanagers are found by names that docker-compose.yml gives."""
    told = yaml.safe_load(prometheus_yml())
    jobs = [*told["scrape_configs"], *told["alerting"]["alertmanagers"]]
    looked_up = {name for job in jobs for found in job.get("dns_sd_configs", ()) for name in found["names"]}
    fixed = {t.split(":")[0] for job in jobs for found in job.get("static_configs", ()) for t in found["targets"]}
    assert looked_up == {"serving", "alertmanagers", "alertmanager-2", "node-exporter", "dcgm-exporter"}
    assert looked_up | fixed <= {name for service in SERVICES for name in names(service)}


def test_the_gateway_is_asked_at_the_port_that_it_opens() -> None:
    """The job of the gateway's own metrics names the port of HAProxy's exporter, which no host publishes."""
    jobs = {job["job_name"]: job for job in yaml.safe_load(prometheus_yml())["scrape_configs"]}
    (target,) = jobs["gateway"]["static_configs"][0]["targets"]
    port = target.removeprefix("gateway:")
    told = (ROOT / "servewatch/stack/gateway/haproxy.cfg").read_text()
    assert f"  bind :{port}\n  http-request use-service prometheus-exporter if {{ path /metrics }}\n" in told
    assert all(not published.endswith(f":{port}") for published in SERVICES["gateway"]["ports"])


def test_both_alertmanagers_are_told_where_there_are_two() -> None:
    """The two have one name together, under which Prometheus tells them and they find each other."""
    for service in ("alertmanager", "alertmanager-2"):
        assert "alertmanagers" in names(service)
        assert "--cluster.peer=alertmanagers:9094" in SERVICES[service]["command"]


def test_the_long_term_is_written_to_only_where_asked() -> None:
    """The second configuration differs from the first by the store alone."""
    usual, long = (yaml.safe_load(prometheus_yml(longterm=longterm)) for longterm in (False, True))
    (write,) = long.pop("remote_write")
    assert (write["url"], write["send_exemplars"]) == (LONGTERM, False)
    assert write["write_relabel_configs"] == long["alerting"]["alert_relabel_configs"]
    assert long == usual


def test_an_exemplar_leads_to_its_trace() -> None:
    """Grafana's data sources with tracing: the exemplar's label names a trace of the one that is there."""
    series, traces = yaml.safe_load(files()[Path("tracing/datasources.yml")])["datasources"]
    assert series["jsonData"]["exemplarTraceIdDestinations"] == [{"name": "trace_id", "datasourceUid": traces["uid"]}]
    assert traces["url"].split("//")[1].split(":")[0] in SERVICES


@pytest.mark.parametrize("generated", ["", "/watched"])
def test_what_containers_read_is_of_one_folder(generated: str, tmp_path: Path) -> None:
    """Each file that is mounted is there: without SERVEWATCH_GENERATED in the checkout, with it in that folder."""
    own = watched.files("shop", (), ())
    mounts = [volume.rsplit(":", 2) for name in ("prometheus", "grafana") for volume in SERVICES[name]["volumes"]]
    found = {Path(to): Path(expanded(source, generated)) for source, to, *_ in (m for m in mounts if "{" in m[0])}
    rules, boards = Path("/etc/prometheus/rules"), Path("/etc/grafana/dashboards")
    config = Path("/etc/prometheus/prometheus.yml")
    assert {config, rules, rules / "drift.rules.yml", rules / "quality.rules.yml", boards} <= found.keys()
    for to, source in found.items():
        if generated and source.is_relative_to(generated):
            assert any(path.is_relative_to(source.relative_to(generated)) for path in own), to
        else:
            assert (ROOT / source).exists(), to
            assert not generated or "provisioning" in str(source), to


@pytest.mark.containers
@pytest.mark.skipif(not engine_answers(), reason="no container engine with Compose v2 answers: start Docker")
@pytest.mark.parametrize("generated", ["", "./watched"])
def test_compose_makes_of_the_file_what_this_test_does(generated: str) -> None:
    """The folder of one variable is where the engine would mount from, and demo traffic can be left out."""
    given = {**os.environ, "SERVEWATCH_GENERATED": generated, "SERVEWATCH_TRAFFIC": "0"}
    command = ["docker", "compose", "--env-file", "/dev/null", "config", "--format", "json"]
    told = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True, timeout=60)
    services = json.loads(told.stdout)["services"]
    assert services["traffic"]["deploy"]["replicas"] == 0
    for name in ("prometheus", "grafana"):
        mounted = {Path(volume["target"]): Path(volume["source"]) for volume in services[name]["volumes"]}
        for source, to, *_ in (volume.rsplit(":", 2) for volume in SERVICES[name]["volumes"] if "{" in volume):
            assert mounted[Path(to)] == ROOT / expanded(source, generated)


def expanded(text: str, generated: str) -> str:
    """What Compose makes of a text when one variable is set to this and no other is set."""
    given = {"SERVEWATCH_GENERATED": generated}
    text = re.sub(r"\$\{(\w+):\+([^}]*)\}", lambda m: m[2] if given.get(m[1]) else "", text)
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: given.get(m[1]) or m[2], text)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not on PATH: apt-get install prometheus")
@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.longterm.yml"])
def test_promtool_takes_them(tmp_path: Path, name: str) -> None:
    """Prometheus finds no fault in either configuration."""
    (tmp_path / name).write_text(files()[Path(name)].replace("/etc/prometheus/rules", str(ROOT / "alerts/generated")))
    answer = subprocess.run(["promtool", "check", "config", str(tmp_path / name)], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
