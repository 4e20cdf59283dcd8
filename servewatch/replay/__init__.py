"""Incidents, each written once: as series for promtool, to see when an alert fires, and as faults of a real stack."""
