"""Serving: a Python model server that is measured from the first request."""
