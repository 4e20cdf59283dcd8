"""Pictures: a raw image body or a multipart field, decoded, turned upright, brought to mode and size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps

from serving.errors import BodyTooLarge, InvalidInput, ServiceInvalid
from serving.types.base import Body, no_body, unsupported
from serving.types.multipart import MULTIPART, read_field

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/bmp": "BMP", "image/gif": "GIF"}


@dataclass(frozen=True)
class Image:
    """A picture in a mode (L, RGB…) and, where given, scaled to a size (width, height).

    Given as `Annotated[PIL.Image.Image, Image()]` it arrives as a Pillow image, as `Annotated[np.ndarray,
    Image()]` as an array of uint8 of shape (height, width) or (height, width, channels).
    """

    mode: str = "RGB"
    size: tuple[int, int] | None = None
    field: str = ""
    array: bool = False
    max_pixels: int = 20_000_000

    apart = 4096

    def __post_init__(self) -> None:
        """Refuse a mode and a size that no picture could be brought to."""
        if self.mode not in PIL.Image.MODES:
            raise ServiceInvalid(f"Image has the mode {self.mode!r}", f"there are {', '.join(PIL.Image.MODES)}")
        size = self.size
        if size is not None and not (isinstance(size, tuple) and len(size) == 2 and all(map(_is_length, size))):
            raise ServiceInvalid(f"Image has the size {size!r}", "a size is (width, height), as in size=(28, 28)")

    @property
    def form_field(self) -> str:
        """The multipart field that holds the picture: `field`, else the parameter's name."""
        return self.field or "image"

    @property
    def media(self) -> tuple[str, ...]:
        """The content types that it reads."""
        return (*FORMATS, MULTIPART)

    def decode(self, body: Body) -> tuple[Any, bool]:
        """Read the picture that the bytes hold, whatever of the formats they are."""
        if not body.data:
            formats = ", ".join(FORMATS)
            raise no_body(f"a picture as {formats}, or a multipart form with the field {self.form_field!r}")
        if body.media == MULTIPART:
            data = read_field(body, self.form_field)
        elif body.media in FORMATS or body.media in ("", "application/octet-stream", "image/jpg"):
            data = body.data
        else:
            raise unsupported(body, self.media)
        picture = self._open(data)
        return (np.asarray(picture) if self.array else picture), False

    def _open(self, data: bytes) -> PIL.Image.Image:
        try:
            picture = PIL.Image.open(io.BytesIO(data), formats=list(FORMATS.values()))
            if picture.width * picture.height > self.max_pixels:
                raise self._too_large(f"{picture.width} x {picture.height} pixels")
            picture.load()
            return self._fit(picture)
        except BodyTooLarge:
            raise
        except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
            raise self._too_large("so many pixels that Pillow does not open it") from None
        except Exception as error:  # Pillow raises many kinds for broken files: the body is a stranger's
            reason = "its format is not known" if isinstance(error, PIL.UnidentifiedImageError) else str(error)
            raise InvalidInput(
                f"the picture cannot be read: {reason[:120]}", f"send {', '.join(FORMATS.values())}"
            ) from None

    def _too_large(self, came: str) -> BodyTooLarge:
        return BodyTooLarge(f"the picture has {came}, at most {self.max_pixels} are taken", "scale it down")

    def _fit(self, picture: PIL.Image.Image) -> PIL.Image.Image:
        picture = PIL.ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I") and not self.mode.startswith(("I", "F")):
            deep = np.asarray(picture).astype(np.uint32)  # 16 bits a pixel: Pillow would clip them at 255
            picture = PIL.Image.fromarray((deep >> 8).astype(np.uint8))
        if picture.mode != self.mode:
            picture = picture.convert(self.mode)
        if self.size is not None and picture.size != self.size:
            picture = picture.resize(self.size, PIL.Image.Resampling.BILINEAR)
        return picture

    def encode(self, value: Any, accept: str) -> tuple[bytes, bytes]:
        """Write a PNG."""
        picture = PIL.Image.fromarray(value) if isinstance(value, np.ndarray) else value
        file = io.BytesIO()
        picture.save(file, "PNG")
        return file.getvalue(), b"image/png"

    def schema(self) -> dict[str, Any]:
        """Bytes of each format, or a form with a file."""
        binary = {"type": "string", "format": "binary"}
        form = {"type": "object", "properties": {self.form_field: binary}, "required": [self.form_field]}
        return {MULTIPART: {"schema": form}, **{media: {"schema": binary} for media in FORMATS}}


def _is_length(found: Any) -> bool:
    return isinstance(found, int) and found > 0
