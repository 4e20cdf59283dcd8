"""Checked inputs and outputs: what `Annotated[...]` in a service's signature says, as codecs."""

from __future__ import annotations

from serving.types.base import Body, Input, Output
from serving.types.image import Image
from serving.types.json import JSON
from serving.types.ndarray import NDArray
from serving.types.plain import File, Text

__all__ = ["JSON", "Body", "File", "Image", "Input", "NDArray", "Output", "Text"]
