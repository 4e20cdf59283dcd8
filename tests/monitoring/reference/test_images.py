from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from monitoring.reference import ReferenceInvalid, extractor, learn

RANDOM = np.random.default_rng(2)
PLAIN = RANDOM.random((300, 8, 8))
PICTURES = np.kron(PLAIN, np.ones((4, 4))).astype(np.float32)
SHARES = RANDOM.dirichlet([1, 1, 1], 300)


def looks(pictures: Any, reference: Any = None) -> dict[str, np.ndarray]:
    """The features of pictures by name."""
    found = extractor(reference or learn(PICTURES)).columns(pictures)
    return {name: column for (name, _), column in found.items()}


def blurred(picture: np.ndarray) -> np.ndarray:
    image = Image.fromarray((picture * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))
    return np.asarray(image, dtype=np.float32) / 255


def test_brightness_contrast_and_sharpness_are_what_they_are_called():
    """The mean, the standard deviation, and the mean step to the neighbours, of each picture."""
    found, part = looks(PICTURES), PICTURES[:, :31, :31].astype(np.float64)
    steps = np.abs(PICTURES[:, :31, 1:] - part) + np.abs(PICTURES[:, 1:, :31] - part)
    assert found["brightness"] == pytest.approx(part.mean(axis=(1, 2)), rel=1e-3)
    assert found["contrast"] == pytest.approx(part.std(axis=(1, 2)), rel=1e-3)
    assert found["sharpness"] == pytest.approx(steps.mean(axis=(1, 2)) / 2, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("brightness", lambda x: x + 0.3),
        ("contrast", lambda x: x * 2),
        ("sharpness", lambda x: np.stack([blurred(picture) for picture in x])),
        ("residual", lambda x: x + RANDOM.normal(0, 0.5, x.shape).astype(np.float32)),
    ],
)
def test_each_summary_sees_the_change_that_it_is_for(name: str, change: Any):
    """Nearly every changed picture is beyond the reference's middle half."""
    reference = learn(PICTURES)
    before, after = looks(PICTURES, reference)[name], looks(change(PICTURES), reference)[name]
    low, high = np.quantile(before, [0.25, 0.75])
    assert ((after < low) | (after > high)).mean() > 0.95


@pytest.mark.parametrize("form", ["last", "first", "bytes", "list", "pil"])
def test_pictures_come_in_every_form(form: str):
    """With channels first or last, as bytes, as a list of arrays or of PIL's images: the summaries are theirs."""
    grey = (PICTURES[:64] * 255).astype(np.uint8)
    forms = {
        "last": np.repeat(grey[..., None], 3, axis=3),
        "first": np.repeat(grey[:, None], 3, axis=1),
        "bytes": grey,
        "list": list(grey),
        "pil": [Image.fromarray(picture) for picture in grey],
    }
    assert learn(forms[form]).features[0].edges == learn(grey.astype(np.float32)).features[0].edges


def test_pictures_of_many_sizes_are_watched_together():
    """Each is looked at by itself, and has as many places in the space as all others."""
    sizes = [PICTURES[0], PICTURES[1][:20, :30], np.kron(PICTURES[2], np.ones((3, 3), np.float32))]
    found = looks(sizes)
    assert found["brightness"] == pytest.approx([size[:-1, :-1].mean() for size in sizes], rel=0.05)
    assert np.isfinite(found["residual"]).all()


def test_pictures_know_the_way_to_their_class():
    """With a classifier's answers each picture's distance to the mean of its class is watched; none without a class."""
    reference = learn(PICTURES, SHARES)
    found = extractor(reference).columns(PICTURES[:2], [[0.1, 0.2, 0.7], [np.nan] * 3])["class_distance", "input"]
    assert found[0] > 0
    assert np.isnan(found[1])


def test_an_array_of_five_axes_is_no_picture():
    """The error says what pictures are."""
    with pytest.raises(ReferenceInvalid, match=r"pictures are \(N, height, width\).*got \(2, 3, 4, 5, 6\)"):
        learn(np.zeros((2, 3, 4, 5, 6)))


def test_embeddings_have_a_norm_and_a_place():
    """How long they are, how far from the middle of all, out of their space, and from their class."""
    vectors = (RANDOM.normal(size=(500, 4)) @ RANDOM.normal(size=(4, 64)) + 3).astype(np.float32)
    shares = RANDOM.dirichlet([1, 1], 500)
    reference = learn(vectors, shares, inputs_are="embeddings")
    found = extractor(reference).columns(vectors, shares)
    assert [f.name for f in reference.features[:4]] == ["norm", "centroid_distance", "residual", "class_distance"]
    assert found["norm", "input"] == pytest.approx(np.linalg.norm(vectors, axis=1), rel=1e-3)
    middle = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
    scaled = found["centroid_distance", "input"]
    assert scaled / scaled.mean() == pytest.approx(middle / middle.mean(), rel=1e-2)
    elsewhere = extractor(reference).columns(RANDOM.permuted(vectors, axis=1), shares)["residual", "input"]
    assert np.median(elsewhere) > 2 * np.median(found["residual", "input"])
