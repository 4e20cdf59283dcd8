from __future__ import annotations

import pytest

from monitoring.articles import a


@pytest.mark.parametrize(
    "said",
    [
        "an int",
        "an ndarray",
        "an object",
        "an async_generator",
        "an Exception",
        "an OrderedDict",
        "an OSError",
        "an MLPClassifier",
        "an SVC",
        "an HTMLResponse",
        "an NDArray",
        "an E",
        "an UnfitInput",
        "an UnidentifiedImageError",
        "an xgboost.core.Booster",
        "an onnx.ModelProto",
        "an _Item",
        "a uint8",
        "a ufunc",
        "a Union",
        "a UserDict",
        "a UUID",
        "a UTC",
        "a OneHotEncoder",
        "a Euler",
        "a str",
        "a float32",
        "a NoneType",
        "a Namespace",
        "a Future",
        "a RandomForestClassifier",
        "a coroutine",
        "a LinearRegression",
        "a torch.nn.modules.linear.Linear",
        "a Histogram",
        "a Self",
        "a PIL.Image.Image",
        "a 3",
        "a ",
    ],
)
def test_the_article_is_the_one_that_is_said(said: str) -> None:
    """An int and an SVC, and a uint8, a UUID and a str: it goes by the sound, not by the letter."""
    assert a(said.partition(" ")[2]) == said
