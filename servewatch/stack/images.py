"""The images of the stack that are not built here: one list, which docker-compose.yml and CI are checked against."""

from __future__ import annotations

BASE = "python:3.11-slim-bookworm"
"""What ours are built on."""

IMAGES = {
    "prometheus": "prom/prometheus:v3.5.0",
    "alertmanager": "prom/alertmanager:v0.28.1",
    "grafana": "grafana/grafana:12.1.0",
    "node-exporter": "prom/node-exporter:v1.9.1",
    "dcgm-exporter": "nvcr.io/nvidia/k8s/dcgm-exporter:4.2.3-4.1.3-ubuntu22.04",
    "collector": "otel/opentelemetry-collector:0.131.0",
    "tempo": "grafana/tempo:2.8.1",
    "longterm": "victoriametrics/victoria-metrics:v1.122.0",
}
"""Service of docker-compose.yml, and its image with the exact version."""

TESTED = (BASE, IMAGES["prometheus"], IMAGES["alertmanager"], IMAGES["node-exporter"])
"""Those that CI has, and that the stack is run with there."""
