from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.fashion.data import FILES, GARMENTS, DataError, digits, fashion, fetch, read_idx

CODES = {"u1": 0x08, "i1": 0x09, ">i2": 0x0B, ">i4": 0x0C, ">f4": 0x0D, ">f8": 0x0E}


def idx(array: Any, code: int = 0x08) -> bytes:
    """An IDX file of an array."""
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def small(rows: int) -> list[Any]:
    """Pictures and labels for training, and again for testing."""
    pictures = np.arange(rows * 784, dtype=np.uint32).reshape(rows, 28, 28).astype(np.uint8)
    labels = np.arange(rows, dtype=np.uint8) % 10
    return [pictures, labels, pictures[:2], labels[:2]]


def write(folder: Path, arrays: list[Any], zipped: bool) -> Path:
    for name, array in zip(FILES, arrays, strict=True):
        data = idx(array)
        path = folder / (name if zipped else name.removesuffix(".gz"))
        path.write_bytes(gzip.compress(data) if zipped else data)
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that keeps no log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on this machine, and the folder that it serves."""
    folder = tmp_path / "site"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", folder
        server.shutdown()
        thread.join()


def test_digits_need_no_network_and_have_fashion_mnists_shape() -> None:
    """1,797 pictures of 28x28 in 0..1, a fifth for testing, the same each time."""
    data = digits()
    assert (data.train_images.shape, data.test_images.shape) == ((1438, 28, 28), (359, 28, 28))
    assert data.train_images.dtype == np.float32
    assert (data.train_images.min(), data.train_images.max()) == (0, 1)
    assert set(data.train_labels) == set(data.test_labels) == set(range(10))
    assert np.array_equal(digits().test_images, data.test_images)
    assert not np.array_equal(digits(seed=1).test_labels, data.test_labels)


@pytest.mark.parametrize("zipped", [True, False])
def test_idx_files_are_read_plain_and_gzipped(tmp_path: Path, zipped: bool) -> None:
    """Fashion-MNIST's four files become grey values in 0..1 and class indices."""
    data = fashion(write(tmp_path, small(5), zipped))
    assert (data.name, data.classes, len(GARMENTS)) == ("fashion-mnist", GARMENTS, 10)
    assert data.train_images.shape == (5, 28, 28)
    assert data.train_images[0, 0, 3] == pytest.approx(3 / 255)
    assert data.test_labels.tolist() == [0, 1]
    assert data.train_labels.dtype == np.int64


@pytest.mark.parametrize("dtype", CODES)
def test_each_type_of_idx_is_read(dtype: str) -> None:
    """The format's six types, in its byte order."""
    array = np.array([[1, 2, 3], [4, 5, 6]], dtype=dtype)
    assert read_idx(idx(array, CODES[dtype]), "x").tolist() == array.tolist()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x is not an IDX file: it begins with b''"),
        (b"\x89PNG\r\n", "x is not an IDX file"),
        (b"\0\0\x07\1" + b"\0\0\0\1a", "x is not an IDX file"),
        (idx(np.zeros((2, 3), dtype=np.uint8))[:-1], r"x says \(2, 3\), which are 6 bytes, and holds 5: it is cut off"),
        (idx(np.zeros((2, 3), dtype=np.uint8))[:9], r"x .*cut off"),
        (b"\0\0\x08\x03", r"x .*cut off"),
        (idx(np.zeros(3, dtype=">i4"), 0x0C)[:-1], r"x .*cut off"),
    ],
)
def test_what_is_no_whole_idx_file_is_named(data: bytes, message: str) -> None:
    """A wrong beginning and a cut end are told apart, with the file's name."""
    with pytest.raises(DataError, match=message):
        read_idx(data, "x")


def test_a_gzip_that_is_cut_is_named(tmp_path: Path) -> None:
    """A download that stopped half-way is an error of the data, not of Python."""
    write(tmp_path, small(5), zipped=True)
    path = tmp_path / next(iter(FILES))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=path.name):
        fashion(tmp_path)


@pytest.mark.parametrize("wrong", [0, 1])
def test_shapes_that_do_not_belong_together_are_refused(tmp_path: Path, wrong: int) -> None:
    """Pictures of another size, and labels of another number, name both shapes."""
    arrays = small(5)
    arrays[wrong] = arrays[wrong][:, :14] if wrong == 0 else arrays[wrong][:3]
    with pytest.raises(DataError, match=r"holds images of .* and labels of"):
        fashion(write(tmp_path, arrays, zipped=True))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Without --download nothing is fetched."""
    with pytest.raises(DataError, match=r"has neither train-images-idx3-ubyte\.gz nor train-images-idx3-ubyte"):
        fashion(tmp_path)


def test_a_download_is_kept_when_its_checksum_is_right(site: tuple[str, Path], tmp_path: Path) -> None:
    """The file is there whole, under its name, with nothing beside it."""
    url, folder = site
    (folder / "a.gz").write_bytes(b"content")
    sums = {"a.gz": hashlib.md5(b"content", usedforsecurity=False).hexdigest()}
    target = fetch("a.gz", tmp_path / "data", url, sums)
    assert target.read_bytes() == b"content"
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["a.gz"]


def test_a_download_with_a_wrong_checksum_is_refused(site: tuple[str, Path], tmp_path: Path) -> None:
    """Both sums are named, and nothing is kept."""
    url, folder = site
    (folder / "a.gz").write_bytes(b"other")
    with pytest.raises(DataError, match=r"a.gz has the MD5 [0-9a-f]{32}, not 0{32}: the download is damaged"):
        fetch("a.gz", tmp_path / "data", url, {"a.gz": "0" * 32})
    assert not (tmp_path / "data").exists()


def test_a_download_that_fails_names_the_address(site: tuple[str, Path], tmp_path: Path) -> None:
    """404 and no server at all are errors of the data."""
    url, _ = site
    with pytest.raises(DataError, match=r"missing.gz cannot be fetched: HTTP Error 404"):
        fetch("missing.gz", tmp_path, url, {"missing.gz": ""})
    with pytest.raises(DataError, match=r"cannot be fetched: .*refused"):
        fetch("a.gz", tmp_path, "http://127.0.0.1:1/", {"a.gz": ""})


def test_the_four_files_have_checksums() -> None:
    """Each name has an MD5."""
    assert len(FILES) == 4
    assert all(len(bytes.fromhex(checksum)) == 16 for checksum in FILES.values())
