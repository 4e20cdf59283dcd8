"""servewatch/watched.py: `servewatch generate --service` writes all that watches a service, no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from monitoring.own import Declarations
from servewatch import generate as generating
from servewatch import slos, watched
from servewatch.stack import config, promtool

ROOT = Path(__file__).parents[2]
SHOP = """
from monitoring import own
from monitoring.own import Alert
from serving import api, service

ORDERS = own.counter("shop_orders_total", "Orders taken."{alert})

@service(name="shop", owner="sales", slos=["latency 99% under 0.25s"])
class Shop:
    @api
    async def order(self, kind: str) -> str:
        return kind
"""
ALERT = ", alert=Alert(above=100)"


def generate(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "servewatch", "generate", "--service", "shop:Shop", "--out", "out", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a user's service and a promise in a file beside it."""
    (tmp_path / "shop.py").write_text(SHOP.format(alert=ALERT))
    (tmp_path / "slos.yml").write_text("shop: [availability 99.5%]\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def test_a_service_without_declarations_has_the_usual_rules_and_dashboards() -> None:
    """They are those of every stack, drift and quality over the windows of the settings included."""
    found = watched.files("quiet", (), ())
    rules = {path.name: text for path, text in found.items() if path.parent == watched.RULES}
    assert rules == dict(config.rule_files())
    boards = {path.name for path in found if path.suffix == ".json"}
    assert boards == {path.name for path in (ROOT / "dashboards/generated").iterdir()}
    assert {path.parts[0] for path in found} == {"rules", "dashboards", "prometheus.yml", "prometheus.longterm.yml"}


def test_the_service_is_scraped_under_its_own_name_and_its_alerts_go_to_its_owner() -> None:
    """Prometheus of the containers writes the name on each replica's series, and the owner on the service's alerts."""
    for name in ("prometheus.yml", "prometheus.longterm.yml"):
        told = yaml.safe_load(watched.files("shop", (), (), "sales")[Path(name)])
        (serving,) = (job for job in told["scrape_configs"] if job["job_name"] == "serving")
        assert serving["relabel_configs"] == [{"target_label": "service", "replacement": "shop"}]
        owned = told["alerting"]["alert_relabel_configs"][-1]
        assert (owned["regex"], owned["replacement"]) == ("shop", "sales")


@pytest.mark.skipif(promtool.find() is None, reason="promtool is not on PATH: apt-get install prometheus")
def test_prometheus_takes_the_configuration_with_all_of_its_rules(tmp_path: Path) -> None:
    """What the containers' Prometheus reads has no fault and names no recording twice."""
    generating.write(tmp_path, watched.files("shop", (), (), "sales"))
    for name in ("prometheus.yml", "prometheus.longterm.yml"):
        file = tmp_path / name
        file.write_text(file.read_text().replace("/etc/prometheus", str(tmp_path)))
        told = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True, timeout=120)
        assert told.returncode == 0, told.stdout + told.stderr
        assert told.stdout.count("rules found") == len(list((tmp_path / "rules").iterdir()))


def test_everything_of_a_service_is_written_and_compared(folder: Path) -> None:
    """Own alerts, what the declaration and slos.yml promise, own panels: promtool takes it, twice is the same."""
    done = generate(folder)
    assert (done.returncode, done.stderr) == (0, "")
    rules = folder / "out/rules"
    promised = (rules / slos.RULES).read_text()
    assert "vector(0.995)" in promised
    assert 'service=~"shop",le="0.25"' in promised
    assert "ShopOrdersHigh" in (rules / "own.rules.yml").read_text()
    assert "shop_orders_total" in (folder / "out/dashboards/service.json").read_text()
    if promtool.find() is not None:
        assert "the rules load, and 2 of 2 tests hold" in done.stdout
    assert generate(folder, "--check").returncode == 0
    (folder / "slos.yml").write_text("shop: [availability 99%]\n")
    changed = generate(folder, "--check")
    assert (changed.returncode, "rules/slo.rules.yml: differs" in changed.stdout) == (1, True), changed.stdout


def test_an_alert_that_is_not_declared_any_more_is_removed(folder: Path) -> None:
    """Its rules and its tests are orphans, which would be loaded for ever; what somebody else put there stays."""
    assert generate(folder).returncode == 0
    (folder / "shop.py").write_text(SHOP.format(alert=""))
    (folder / "out/rules/mine.yml").write_text("groups: []\n")
    left = generate(folder, "--check")
    assert left.returncode == 1
    assert "rules/own.rules.yml: orphan" in left.stdout
    assert "mine" not in left.stdout
    removed = generate(folder)
    assert {"removed rules/own.rules.yml", "removed tests/own.test.yml"} <= set(removed.stdout.splitlines())
    assert sorted(path.name for path in (folder / "out/rules").glob("[mo]*")) == ["mine.yml", "models.rules.yml"]
    assert generate(folder, "--check").returncode == 0


def test_a_metric_is_in_the_files_of_its_own_service_alone() -> None:
    """What is declared adds its row, its rules and its table to the usual ones."""
    declared = Declarations(None)
    declared.gauge("depth", "Depth.")
    usual, own = watched.files("pool", (), ()), watched.files("pool", declared.all, ())
    assert {path for path in own if own[path] != usual.get(path)} == {Path("OWN.md"), Path("dashboards/service.json")}
