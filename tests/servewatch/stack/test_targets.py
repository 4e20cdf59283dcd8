"""servewatch/stack/targets.py: how servers that are not ours are named, scraped, and looked at before."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from alerts.adapters import ADAPTERS
from servewatch.cli.stack import up
from servewatch.stack import composed, config, plan, promtool, targets
from servewatch.stack.choose import choose
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options
from servewatch.stack.ports import Ports
from servewatch.stack.targets import TargetInvalid, parse
from tests.servewatch.stack.stacks import free_port

PAGE = 'bentoml_service_request_total{endpoint="/rank"} 1.0\n'
TOOLS = {"prometheus": "prometheus", "alertmanager": "alertmanager"}
HOME = Path("/home/someone/.servewatch")


@pytest.mark.parametrize(
    ("text", "address", "path", "service"),
    [
        ("bentoml=localhost", "localhost:3000", "/metrics", "bentoml"),
        ("triton=gpu-1:8002,service=ranking", "gpu-1:8002", "/metrics", "ranking"),
        ("tensorflow=10.0.0.1:8501", "10.0.0.1:8501", "/monitoring/prometheus/metrics", "tensorflow"),
        ("fastapi=[::1]:8000/internal/metrics,service=a b", "[::1]:8000", "/internal/metrics", "a b"),
    ],
)
def test_a_target_is_read_and_written_alike(text: str, address: str, path: str, service: str) -> None:
    """Port, path and name are the kind's own unless given; what is written is read as the same."""
    target = parse(text)
    assert (target.address, target.path, target.service) == (address, path, service)
    assert parse(str(target)) == target


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bentoml", "cannot be read"),
        ("bentoml=http://x:3000", "cannot be read"),
        ("bento=x:3000", "no adapter 'bento'\nhelp: one of bentoml, bentoml-1.0"),
        ("bentoml=x:0", "0 is no port"),
        ("bentoml=x:70000", "70000 is no port"),
    ],
)
def test_a_target_that_is_none_is_refused(text: str, said: str) -> None:
    """The error names the value, and what is accepted."""
    with pytest.raises(TargetInvalid, match=said):
        parse(text)


def test_the_job_of_targets_is_scraped_as_services_are() -> None:
    """Each target has the job, the name and the adapter as labels, and series that say nothing are dropped."""
    (job,) = targets.jobs([parse("bentoml=a:3000,service=x"), parse("triton=b:8002")])
    assert [one["labels"]["service"] for one in job["static_configs"]] == ["x", "triton"]
    assert job["relabel_configs"] == [{"target_label": "job", "replacement": "serving"}]
    assert job["sample_limit"] > 0
    regexes = [drop["regex"] for drop in job["metric_relabel_configs"]]
    assert "bentoml;(404)" in regexes
    assert all(regex.startswith("bentoml;") for regex in regexes)


def test_what_a_watched_model_is_compared_with_is_scraped_beside() -> None:
    """Targets that speak as our services do have a second job, whose failures are no dead target."""
    own, beside = targets.jobs([parse("servewatch=a:8000/app/metrics"), parse("triton=b:8002")])
    assert own["job_name"] == "adapters"
    kept, path, job = beside["relabel_configs"]
    assert (kept["regex"], kept["action"]) == ("servewatch", "keep")
    assert path["replacement"] == "$1/reference"
    assert job["replacement"] == "serving-reference"


def test_without_a_service_of_ours_only_targets_are_scraped(tmp_path: Path) -> None:
    """The configuration has no job for a service that does not run, and keeps those of the stack itself."""
    file = tmp_path / "prometheus.yml"
    file.write_text(f"# head\n{yaml.safe_dump(config.prometheus(Ports(), ''))}")
    targets.write(file, [parse("bentoml=a:3000")], serve=False)
    made = file.read_text()
    assert made.startswith("# head\n")
    assert [job["job_name"] for job in yaml.safe_load(made)["scrape_configs"]] == [
        "prometheus",
        "alertmanager",
        "adapters",
    ]


@pytest.mark.skipif(promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus")
def test_promtool_takes_every_kind(tmp_path: Path) -> None:
    """A configuration with a target of each kind, and the one of containers, are valid."""
    for name, text in (
        ("all.yml", yaml.safe_dump({"scrape_configs": targets.jobs(parse(f"{one.kind}=h") for one in ADAPTERS)})),
        ("files.yml", yaml.safe_dump({"scrape_configs": targets.jobs_of_files()})),
    ):
        (tmp_path / name).write_text(text)
        program = promtool.find() or ""
        answer = subprocess.run([program, "check", "config", str(tmp_path / name)], capture_output=True, text=True)
        assert answer.returncode == 0, answer.stdout + answer.stderr


def test_containers_read_targets_from_a_folder() -> None:
    """The generated configuration of containers has the job of files, all adapters' drops, and the job's label."""
    jobs = {job["job_name"]: job for job in yaml.safe_load(composed.prometheus_yml())["scrape_configs"]}
    job = jobs["adapters"]
    assert job["file_sd_configs"] == [{"files": ["/etc/prometheus/targets/*.yml"]}]
    assert {"target_label": "job", "replacement": "serving"} in job["relabel_configs"]
    drops = [f"{adapter.kind};({drop.pattern})" for adapter in ADAPTERS for drop in adapter.drops]
    assert len(job["metric_relabel_configs"]) == len(drops)


def test_a_stack_without_a_service_has_neither_it_nor_traffic() -> None:
    """No process, no port and no address of a service of ours; the target's address is told."""
    options = Options(HOME, service="", targets=(parse("bentoml=a:3000,service=x"),))
    names = [program.name for program in plan.programs(options, TOOLS)]
    assert names == ["prometheus", "alertmanager", "receiver", "console"]
    assert not {"service", "metrics"} & set(plan.needed(options))
    assert ("x", "http://a:3000/metrics", "watched: BentoML") in plan.addresses(options)


@pytest.mark.parametrize("service", ["", "mine:Service"])
def test_a_detached_stack_is_told_the_same(service: str) -> None:
    """The supervisor's command line means the same targets, and the same service or none."""
    options = Options(HOME, service=service, targets=(parse("triton=b"), parse("bentoml=a:1/m,service=x")))
    words = plan.arguments(options)[1:]
    given = up.make_context("up", list(words)).params
    assert tuple(map(parse, given["targets"])) == options.targets
    assert given["no_service"] is not bool(service)


def test_containers_take_no_target_on_the_command_line(tmp_path: Path) -> None:
    """The error leads to the folder of targets."""
    options = Options(tmp_path, targets=(parse("bentoml=a"),))
    with pytest.raises(StackError, match=r"targets/README\.md"):
        choose("compose", options, tmp_path, print)


def test_nothing_to_watch_is_wrong_usage() -> None:
    """Without a service and without a target there is nothing to do."""
    answer = CliRunner().invoke(up, ["--no-service"])
    assert answer.exit_code == 2
    assert "--target" in answer.output


class Page(BaseHTTPRequestHandler):
    """A server with one page of metrics."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server answers with a page of BentoML's."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_page_that_fits_is_not_spoken_of(port: int) -> None:
    """A page with metrics of the kind is fine."""
    assert targets.look(parse(f"bentoml=127.0.0.1:{port}")) == ""


def test_what_is_odd_about_a_page_is_told(port: int) -> None:
    """Another kind's page, a page of another kind that shows nothing yet, a wrong path and silence are each named."""
    assert "looks like bentoml" in targets.look(parse(f"triton=127.0.0.1:{port}"))
    assert "answers 404" in targets.look(parse(f"bentoml=127.0.0.1:{port}/wrong"))
    assert "does not answer" in targets.look(parse(f"bentoml=127.0.0.1:{free_port()}"))
