"""servewatch/stack/describe.py: what a service says of itself, its owner among it."""

from __future__ import annotations

from pathlib import Path

import pytest

from servewatch.stack import config, describe, prepare
from servewatch.stack.ports import Ports
from serving import api, service
from serving.errors import ServiceInvalid, SettingInvalid
from serving.settings import Settings

SHOP = """
from serving import api, service

@service({arguments})
class Shop:
    @api
    async def buy(self, item: dict) -> dict:
        return item
"""


@pytest.mark.parametrize(
    ("arguments", "setting", "owner"),
    [("", "", ""), ('owner="vision"', "", "vision"), ('owner="vision"', "night", "night"), ("", "night", "night")],
)
def test_the_owner_is_the_one_of_the_settings_else_the_declared_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, setting: str, owner: str
) -> None:
    """`up` learns name and owner of a service from its own module; SERVEWATCH_OWNER wins over what it declares."""
    (tmp_path / "shop.py").write_text(SHOP.format(arguments=arguments))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(describe.__file__).parents[2]}")
    monkeypatch.setenv("SERVEWATCH_OWNER", setting)
    assert prepare.described("shop:Shop", tmp_path) == prepare.Described("shop", owner)


def test_alerts_of_an_owned_service_carry_the_owner() -> None:
    """Prometheus adds the label to the alerts of that service alone, and adds none where there is no owner."""
    added = config.prometheus(Ports(), "shop.a", owner="vision")["alerting"]["alert_relabel_configs"][-1]
    assert added == {
        "source_labels": ["service"],
        "regex": r"shop\.a",
        "target_label": "owner",
        "replacement": "vision",
    }
    assert len(config.prometheus(Ports(), "shop")["alerting"]["alert_relabel_configs"]) == 1


@pytest.mark.parametrize("owner", ['a"b', "two words", 7])
def test_what_cannot_be_a_label_and_a_folder_is_no_owner(owner: object) -> None:
    """A wrong owner is refused where it is declared, and where it is set."""

    class Shop:
        @api
        async def buy(self, item: dict) -> dict:  # type: ignore[type-arg]
            return item

    with pytest.raises(ServiceInvalid, match="owner is"):
        service(owner=owner)(Shop)  # type: ignore[call-overload]
    with pytest.raises(SettingInvalid, match="as in vision"):
        Settings.load({"SERVEWATCH_OWNER": f"{owner} !"})
