"""Fashion-MNIST from its IDX files, or scikit-learn's digits, which need no network, in the same shape."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

Array = np.ndarray[Any, np.dtype[Any]]

URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
"""The four files, with the MD5 that the data set's authors publish."""

GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


class DataError(Exception):
    """The data set is not there or not what it should be."""


@dataclass(frozen=True)
class Dataset:
    """Pictures of shape (N, 28, 28) with grey values in 0..1, and the index of each one's class."""

    name: str
    classes: tuple[str, ...]
    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array


def digits(seed: int = 0) -> Dataset:
    """scikit-learn's 1,797 handwritten digits of 8x8, scaled to 28x28; a fifth is kept for testing."""
    from sklearn.datasets import load_digits

    pictures, labels = load_digits(return_X_y=True)
    scaled = np.stack([_scale(picture.reshape(8, 8)) for picture in pictures])
    order = np.random.default_rng(seed).permutation(len(labels))
    test, train = order[: len(order) // 5], order[len(order) // 5 :]
    names = tuple(str(digit) for digit in range(10))
    return Dataset("digits", names, scaled[train], labels[train], scaled[test], labels[test])


def _scale(picture: Array) -> Array:
    grey = PIL.Image.fromarray((picture * (255 / 16)).astype(np.uint8))
    return np.asarray(grey.resize((28, 28), PIL.Image.Resampling.BILINEAR), dtype=np.float32) / 255


def fashion(folder: Path, *, download: bool = False) -> Dataset:
    """Fashion-MNIST from the IDX files in a folder, plain or gzipped; `download` fetches those that are missing."""
    arrays = [_read(folder, name, download) for name in FILES]
    train_images, train_labels, test_images, test_labels = arrays
    for images, labels in ((train_images, train_labels), (test_images, test_labels)):
        if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
            raise DataError(
                f"{folder} holds images of {images.shape} and labels of {labels.shape}, not (N, 28, 28), (N,)"
            )
    return Dataset(
        "fashion-mnist",
        GARMENTS,
        train_images.astype(np.float32) / 255,
        train_labels.astype(np.int64),
        test_images.astype(np.float32) / 255,
        test_labels.astype(np.int64),
    )


def _read(folder: Path, name: str, download: bool) -> Array:
    zipped, plain = folder / name, folder / name.removesuffix(".gz")
    if plain.is_file():
        return read_idx(plain.read_bytes(), plain.name)
    if not zipped.is_file():
        if not download:
            raise DataError(f"{folder} has neither {name} nor {plain.name}")
        fetch(name, folder)
    try:
        return read_idx(gzip.decompress(zipped.read_bytes()), name)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{zipped} cannot be unpacked: {error}") from None


def fetch(name: str, folder: Path, base: str = URL, checksums: dict[str, str] = FILES) -> Path:
    """Download a file, and keep it only if its checksum is right."""
    try:
        with urllib.request.urlopen(base + name, timeout=60) as answer:
            data: bytes = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise DataError(f"{base + name} cannot be fetched: {error}") from None
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != checksums[name]:
        raise DataError(f"{name} has the MD5 {found}, not {checksums[name]}: the download is damaged")
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}.part"
    draft.write_bytes(data)
    return draft.rename(folder / name)


def read_idx(data: bytes, name: str) -> Array:
    """An IDX file: two zero bytes, a type, a number of axes, their sizes, the values."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES:
        raise DataError(f"{name} is not an IDX file: it begins with {data[:4]!r}")
    start, dtype = 4 + 4 * data[3], np.dtype(_TYPES[data[2]])
    if len(data) < start:
        raise DataError(f"{name} ends within its header: it is cut off")
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    size = math.prod(shape) * dtype.itemsize
    if len(data) - start != size:
        raise DataError(f"{name} says {shape}, which are {size} bytes, and holds {len(data) - start}: it is cut off")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)
