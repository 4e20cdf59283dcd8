"""servewatch/own.py, `servewatch generate --service`, and what a stack does with a service's own metrics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from monitoring.own import Declarations
from servewatch import own
from servewatch.stack import config, plan, prepare, promtool
from servewatch.stack.errors import ObjectivesWrong
from servewatch.stack.mode import Options
from servewatch.stack.ports import Ports
from serving.errors import ServiceInvalid

ROOT = Path(__file__).parents[2]
SHOP = """
from monitoring import own
from monitoring.own import Alert, Panel
from serving import api, service

ORDERS = own.counter(
    "shop_orders_total",
    "Orders taken.",
    labels={"kind": ("book", "disc")},
    panel=Panel("Orders"),
    alert=Alert(above=ABOVE),
)


@service(name="shop")
class Shop:
    @api
    async def order(self, kind: str) -> str:
        ORDERS.labels(kind).inc()
        return "taken"
"""
QUIET = (
    "from serving import api, service\n\n\n@service\nclass Quiet:\n    @api\n    async def say(self, a: str) -> str:\n"
)
APP = 'from fastapi import FastAPI\nfrom monitoring import instrument, own\n\nown.gauge("depth", "Depth.")\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a user's modules, which processes of ours start in."""
    (tmp_path / "shop.py").write_text(SHOP.replace("ABOVE", "100"))
    (tmp_path / "wrong.py").write_text(SHOP.replace("ABOVE", "-1"))
    (tmp_path / "quiet.py").write_text(f"{QUIET}        return a\n")
    (tmp_path / "app.py").write_text(f'{APP}app = instrument(FastAPI(), service="pool")\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def generate(*words: str) -> subprocess.CompletedProcess[str]:
    return servewatch("generate", *words)


def servewatch(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "servewatch", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_one_command_writes_rules_tests_dashboards_and_a_table(folder: Path) -> None:
    """What it wrote is named and as generated, and promtool has run the tests."""
    done = generate("--service", "shop:Shop", "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"wrote OWN.md", "wrote rules/own.rules.yml", "wrote tests/own.test.yml"} <= set(done.stdout.splitlines())
    assert (folder / "out/dashboards/service.json").is_file()
    assert (
        "| `shop_orders_total` | counter | kind | Orders taken. | Orders | `ShopOrdersHigh` (ticket) |"
        in (folder / "out/OWN.md").read_text()
    )
    if promtool.find() is not None:
        assert "2 of 2 tests hold" in done.stdout
    assert generate("--service", "shop:Shop", "--out", "out", "--check").returncode == 0
    (folder / "out/OWN.md").write_text("edited")
    assert "OWN.md: differs" in generate("--service", "shop:Shop", "--out", "out", "--check").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--service", "nowhere:Shop", "--out", "out"), "module 'nowhere' cannot be imported"),
        (("--service", "shop:Shop"), "--service MODULE:NAME goes with --out DIR"),
        (
            ("--service", "wrong:Shop", "--out", "out"),
            "error: metric 'shop_orders_total': its alert on rate above -1",
        ),
    ],
)
def test_what_cannot_be_generated_says_why(folder: Path, words: tuple[str, ...], said: str) -> None:
    """A service that is not there, half a question and a useless alert: an error, no traceback."""
    done = generate(*words)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()


def test_an_app_that_was_instrumented_is_a_service_too(folder: Path) -> None:
    """What is generated for an app of somebody else is named as it is measured."""
    done = generate("--service", "app:app", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert not (folder / "out/rules/own.rules.yml").exists()
    assert (folder / "out/OWN.md").read_text().splitlines()[1] == "# Metrics of pool"


def test_what_an_instrumented_app_declares_may_be_asked_for(folder: Path) -> None:
    """`servewatch check` reads the metrics of such an app as those of a service, and misses them without it."""
    (folder / "rules").mkdir()
    rule = {"alert": "Deep", "expr": "depth > 3"}
    (folder / "rules" / "deep.rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "deep", "rules": [rule]}]}))
    assert "'depth' is declared nowhere" in servewatch("check", "rules").stdout
    checked = servewatch("check", "rules", "--service", "app:app")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "declared nowhere" not in checked.stdout


def test_a_stack_gets_the_files_of_its_service(folder: Path) -> None:
    """The service is imported once, for its name, its rules for Prometheus and its dashboards for the console."""
    options = Options(folder / "home", "shop:Shop")
    assert prepare.described(options.service, options.home, options.own).name == "shop"
    config.write(options.folder, Ports(), "shop", "")
    (pattern,) = [
        p for p in yaml.safe_load((options.folder / "prometheus.yml").read_text())["rule_files"] if "own" in p
    ]
    (rules,) = options.folder.glob(pattern)
    assert "ShopOrdersHigh" in rules.read_text()
    console = next(p for p in plan.programs(options, {"prometheus": "p", "alertmanager": "a"}) if p.name == "console")
    assert f"--dashboards={options.own / 'dashboards'}" in console.argv


def test_the_next_service_finds_nothing_of_the_one_before(folder: Path) -> None:
    """A stack of a service without metrics of its own has no rules and no dashboards of another."""
    options = Options(folder / "home", "shop:Shop")
    prepare.described("shop:Shop", options.home, options.own)
    prepare.described("quiet:Quiet", options.home, options.own)
    assert not options.own.exists()


def test_a_stack_says_which_declaration_is_wrong_before_anything_starts(folder: Path) -> None:
    """An alert that could not work is an error of `up` that names the metric."""
    with pytest.raises(ServiceInvalid, match="metric 'shop_orders_total': its alert on rate above -1 fires always"):
        prepare.described("wrong:Shop", folder / "home", folder / "home/stack/own")


def test_a_stack_says_which_objective_is_wrong_before_anything_starts(folder: Path) -> None:
    """An objective that cannot be read is an error of `up` that tells it, without the name of a class."""
    wished = QUIET.replace("@service", '@service(slos=["avaliability 99%"])')
    (folder / "wished.py").write_text(f"{wished}        return a\n")
    with pytest.raises(ObjectivesWrong, match="of 'wished:Quiet' cannot be kept: objective 'avaliability 99%'"):
        prepare.described("wished:Quiet", folder / "home", folder / "home/stack/own")


def test_without_an_alert_there_are_no_rules(tmp_path: Path) -> None:
    """A rule file would be empty; the dashboards are there all the same."""
    declared = Declarations(None)
    declared.gauge("depth", "Depth.")
    own.write(tmp_path / "own", "pool", declared.all)
    assert sorted(path.name for path in (tmp_path / "own").iterdir()) == ["OWN.md", "dashboards"]
    assert own.proved(tmp_path / "own") is None
