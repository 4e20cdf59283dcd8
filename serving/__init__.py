"""Serving: a Python model server that is measured from the first request."""

from __future__ import annotations

from serving.errors import ServewatchError
from serving.frame import create_app
from serving.service import api, batched, service, use
from serving.settings import Settings
from serving.store import Model, Store
from serving.types import JSON, File, Image, NDArray, Text

__all__ = [
    "JSON",
    "File",
    "Image",
    "Model",
    "NDArray",
    "ServewatchError",
    "Settings",
    "Store",
    "Text",
    "api",
    "batched",
    "create_app",
    "service",
    "use",
]
