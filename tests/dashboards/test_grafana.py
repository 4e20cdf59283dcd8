"""dashboards/grafana.py: what Grafana reads when it starts."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import yaml

from dashboards import grafana

ROOT = Path(__file__).parents[2]


def test_the_data_source_has_a_fixed_uid_and_the_scrape_interval():
    """Grafana knows Prometheus by the uid `prometheus` and takes 5 s for the scrape interval."""
    (source,) = yaml.safe_load(grafana.files()["datasources/prometheus.yml"])["datasources"]
    assert source["uid"] == "prometheus"
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == "5s"


def test_dashboards_are_read_from_their_folder_and_cannot_be_edited_away():
    """The provider reads /etc/grafana/dashboards and takes no change from the browser."""
    (provider,) = yaml.safe_load(grafana.files()["dashboards/servewatch.yml"])["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
    assert provider["allowUiUpdates"] is False


def test_grafana_opens_with_a_dashboard_that_is_there():
    """Its home is a generated file of the folder that docker-compose.yml mounts where the provider reads."""
    described = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    (mounted,) = (volume for volume in described["volumes"] if f":{grafana.DASHBOARDS}:" in volume)
    home = PurePosixPath(described["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert mounted.startswith("${SERVEWATCH_GENERATED:-./dashboards/generated}")
    assert home.parent == grafana.DASHBOARDS
    assert (ROOT / "dashboards/generated" / home.name).is_file()


def test_what_provisions_grafana_is_mounted_where_it_looks():
    """Each file that is generated for Grafana lies in a folder that is mounted below its provisioning."""
    volumes = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]["volumes"]
    for file in grafana.files():
        folder = PurePosixPath(file).parent
        mount = f"./dashboards/provisioning/{folder}"
        (found,) = [volume for volume in volumes if mount in volume]
        assert found.endswith(f":/etc/grafana/provisioning/{folder}:ro")
        assert (ROOT / "dashboards/provisioning" / file).is_file()
