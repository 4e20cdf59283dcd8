"""dashboards/grafana.py: what Grafana reads when it starts."""

from __future__ import annotations

import yaml

from dashboards import grafana


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
