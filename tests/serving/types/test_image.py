from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import Image
from serving.errors import BodyTooLarge, InvalidInput, ServewatchError, UnfitInput, UnsupportedMedia
from serving.types import Body

GREY = Image(mode="L", size=(28, 28), array=True)


def picture(width: int = 28, height: int = 28, mode: str = "L") -> PIL.Image.Image:
    """The left half dark, the right half bright."""
    image = PIL.Image.new(mode, (width, height), 0)
    image.paste(PIL.Image.new(mode, (width - width // 2, height), "white" if mode != "L" else 255), (width // 2, 0))
    return image


def encoded(image: PIL.Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def form(*parts: tuple[str, bytes], boundary: str = "XX", end: bool = True) -> Body:
    """A multipart body of (Content-Disposition parameters, content)."""
    lines = [
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\nContent-Type: image/png\r\n\r\n".encode() + content
        for head, content in parts
    ]
    data = b"\r\n".join(lines) + (f"\r\n--{boundary}--\r\n".encode() if end else b"")
    return Body(data, "multipart/form-data", {"boundary": boundary})


def refusal(kind: Image, body: Body) -> ServewatchError:
    with pytest.raises(ServewatchError) as caught:
        kind.decode(body)
    return caught.value


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("form_name", "media"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("BMP", "image/bmp"), ("GIF", "image/gif")],
)
def test_each_format_is_read(form_name: str, media: str) -> None:
    """The same picture comes out of each format, as rows of bytes."""
    array, alone = GREY.decode(Body(encoded(picture(), form_name), media))
    assert (array.shape, array.dtype, alone) == ((28, 28), np.uint8, False)
    assert array[:, 2].max() < 30
    assert array[:, 25].min() > 225


@pytest.mark.parametrize("media", ["", "application/octet-stream", "image/jpg", "image/jpeg"])
def test_the_bytes_tell_the_format(media: str) -> None:
    """A PNG that is sent as something else is read for what it is."""
    assert GREY.decode(Body(encoded(picture()), media))[0].shape == (28, 28)


def test_a_picture_is_brought_to_mode_and_size() -> None:
    """A large colour picture arrives in grey and 28x28."""
    array, _ = GREY.decode(Body(encoded(picture(300, 200, "RGB")), "image/png"))
    assert array.shape == (28, 28)
    assert (array[14, 0], array[14, 27]) == (0, 255)


def test_without_array_it_arrives_as_a_pillow_image() -> None:
    """Image() gives the picture itself in its own size."""
    image, _ = Image().decode(Body(encoded(picture(30, 20)), "image/png"))
    assert (image.size, image.mode) == ((30, 20), "RGB")


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    """A 16-bit grey PNG of middle grey is middle grey, not white."""
    deep = PIL.Image.fromarray(np.full((28, 28), 0x8000, dtype=np.uint16))
    array, _ = GREY.decode(Body(encoded(deep), "image/png"))
    assert 126 <= int(array.mean()) <= 130


def test_a_palette_with_transparency_is_read_without_a_warning() -> None:
    """Browsers' 8-bit PNGs with a transparent colour are pictures like others."""
    palette = picture(mode="RGB").quantize(4)
    data = encoded(palette, transparency=bytes([0, 255, 255, 255]))
    assert GREY.decode(Body(data, "image/png"))[0].shape == (28, 28)


def test_a_cameras_turn_is_undone() -> None:
    """EXIF orientation 6 (turned by a quarter) is applied before the model sees the picture."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    array, _ = Image(mode="L", array=True).decode(Body(encoded(picture(40, 20), "JPEG", exif=exif), "image/jpeg"))
    assert array.shape == (40, 20)
    assert array[2].max() < 30
    assert array[37].min() > 225


def test_broken_exif_is_no_obstacle_or_a_clients_error() -> None:
    """EXIF that cannot be read never is a 500."""
    for junk in (b"Exif\0\0", b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"):
        data = encoded(picture(), "JPEG")
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(junk) + 2) + junk + data[2:]
        try:
            array, _ = GREY.decode(Body(data, "image/jpeg"))
        except InvalidInput:
            continue
        assert array.shape == (28, 28)


@pytest.mark.parametrize("side", [5000, 12_000, 30_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    """A file of some bytes that says it has millions of pixels is 413, with both numbers, and not unpacked."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    error = refusal(GREY, Body(data, "image/png"))
    assert isinstance(error, BodyTooLarge)
    assert "at most 20000000" in error.message


def test_max_pixels_is_a_bound() -> None:
    """A picture of exactly max_pixels is taken, one row more is not."""
    kind = Image(max_pixels=100)
    assert kind.decode(Body(encoded(picture(10, 10)), "image/png"))[0].size == (10, 10)
    assert "10 x 11 pixels" in refusal(kind, Body(encoded(picture(10, 11)), "image/png")).message


@pytest.mark.parametrize("form_name", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_a_cut_picture_is_refused(form_name: str) -> None:
    """Half a file is a 400 that says that the picture cannot be read."""
    data = encoded(picture(200, 200), form_name)
    error = refusal(GREY, Body(data[: len(data) // 2], "image/png"))
    assert type(error) is InvalidInput
    assert "the picture cannot be read" in error.message


def test_what_is_no_picture_names_the_formats() -> None:
    """Text sent as a picture learns what is taken."""
    error = refusal(GREY, Body(b"hello", "image/png"))
    assert (error.message, error.help) == (
        "the picture cannot be read: its format is not known",
        "send PNG, JPEG, WEBP, BMP, GIF",
    )


@pytest.mark.parametrize("form_name", ["PPM", "TIFF", "ICO", "EPS"])
def test_formats_that_are_not_offered_are_not_opened(form_name: str) -> None:
    """Pillow's rarer (and riskier) decoders are out of reach."""
    assert refusal(GREY, Body(encoded(picture(32, 32), form_name), "image/png")).status == 400


def test_another_content_type_is_unsupported() -> None:
    """415 names what came and what is taken."""
    error = refusal(GREY, Body(b"[]", "application/json"))
    assert isinstance(error, UnsupportedMedia)
    assert "'application/json', expected image/png or image/jpeg" in error.message


def test_no_body_says_what_is_expected() -> None:
    """An empty request learns the formats and the form's field."""
    error = refusal(GREY, Body(b"", "image/png"))
    assert error.status == 400
    assert "with the field 'image'" in error.help


@pytest.mark.parametrize(
    "head",
    ['name="image"', 'name=image', 'name="image"; filename="a.png"', 'filename="a;b.png"; name="image"',
     'name="image"; filename="a; name=other.png"', 'filename="x; name=other"; name="image"', 'NAME="image"'],
)  # fmt: skip
def test_a_forms_field_is_found(head: str) -> None:
    """Quoted file names with semicolons do not hide the field."""
    assert GREY.decode(form((head, encoded(picture()))))[0].shape == (28, 28)


def test_the_right_field_of_several_is_taken() -> None:
    """Other fields are passed over."""
    body = form(('name="note"', b"hello"), ('name="image"; filename="a.png"', encoded(picture())))
    assert GREY.decode(body)[0].shape == (28, 28)


def test_a_form_without_the_field_names_those_that_came() -> None:
    """422 says which field is expected and which came."""
    error = refusal(GREY, form(('name="file"', b"x"), ('name="note"', b"y")))
    assert isinstance(error, UnfitInput)
    assert error.message == "expected a form with the field 'image', got 'file', 'note'"


def test_a_field_name_in_a_file_name_is_not_the_field() -> None:
    """A file name cannot pass for a field."""
    assert refusal(GREY, form(('filename="x; name=image; y"; name="other"', encoded(picture())))).status == 422


def test_the_picture_may_be_written_as_png() -> None:
    """An answer is a PNG, of an array or of a Pillow image."""
    for value in (np.asarray(picture()), picture()):
        content, media = Image().encode(value, "")
        assert media == b"image/png"
        assert np.array_equal(np.asarray(PIL.Image.open(io.BytesIO(content))), np.asarray(picture()))


def test_the_schema_has_the_form_and_each_format() -> None:
    """OpenAPI shows the form first, so that Swagger offers a file to choose."""
    shown = GREY.schema()
    assert next(iter(shown)) == "multipart/form-data"
    assert shown["multipart/form-data"]["schema"]["required"] == ["image"]
    assert "image/png" in shown


GOOD = {name: encoded(picture(), name) for name in ("PNG", "JPEG", "GIF", "BMP", "WEBP")}


@settings(deadline=None, max_examples=300)
@given(
    name=st.sampled_from(sorted(GOOD)),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
    cut=st.floats(0, 1),
)
def test_a_damaged_picture_is_a_value_or_a_clients_error(
    name: str, changes: list[tuple[float, int]], cut: float
) -> None:
    """Bytes turned and cut in real files never raise anything else than a 4xx."""
    data = bytearray(GOOD[name])
    for where, value in changes:
        data[int(where * len(data))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        status, shape = 200, (28, 28)
        try:
            shape = GREY.decode(Body(bytes(data[: max(1, int(len(data) * cut))]), "image/png"))[0].shape
        except ServewatchError as error:
            status = error.status
    assert shape == (28, 28)
    assert 200 <= status < 500


@settings(deadline=None, max_examples=100)
@given(
    data=st.binary(max_size=300), prefix=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1", b"GIF89a"])
)
def test_any_bytes_are_a_value_or_a_clients_error(data: bytes, prefix: bytes) -> None:
    """Random bytes, with or without a format's beginning, never raise anything else than a 4xx."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert 400 <= refusal(GREY, Body(prefix + data, "image/png")).status < 500
