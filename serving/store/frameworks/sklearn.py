"""scikit-learn models: estimators and pipelines, as skops writes them. Loading runs no code from the file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from pydoc import locate
from typing import Any

import numpy as np
import sklearn
import skops.io
import threadpoolctl
from sklearn.base import BaseEstimator

from monitoring.articles import a
from serving.errors import ModelDamaged, StoreError

name = "sklearn"
log = logging.getLogger("serving.sklearn")
FILE = "model.skops"
METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples")


def owns(model: Any) -> bool:
    """Whether it is an estimator."""
    return isinstance(model, BaseEstimator)


def save(model: BaseEstimator, folder: Path, *, method: str = "predict") -> dict[str, Any]:
    """Write a fitted estimator. `method` is the one that answers: predict, predict_proba, transform, ..."""
    if method not in METHODS or not callable(getattr(model, method, None)):
        offered = [each for each in METHODS if callable(getattr(model, each, None))]
        raise StoreError(
            f"{a(type(model).__name__)} has no method {method!r}", f"method= is one of: {', '.join(offered)}"
        )
    skops.io.dump(model, folder / FILE)
    strange = _strange(folder / FILE)
    if strange:
        raise StoreError(
            f"the model holds {', '.join(strange)}, which a service would have to trust blindly",
            "put it into a class of your own that is a sklearn.base.BaseEstimator, in a module that can be imported",
        )
    return {"method": method, "scikit-learn": sklearn.__version__}


def load(
    folder: Path, options: Mapping[str, Any], device: str, threads: int
) -> tuple[BaseEstimator, Callable[[Any], Any]]:
    """Make the estimator anew, if its file holds nothing but estimators and arrays."""
    method = options.get("method")
    if method not in METHODS:
        raise ModelDamaged(f"the model's options are {dict(options)}, without its method", "save the model again")
    if device not in ("auto", "cpu"):
        raise StoreError(f"scikit-learn runs on the cpu, not on {device!r}", "SERVEWATCH_DEVICE=auto")
    model = _read(folder / FILE)
    if options.get("scikit-learn") != sklearn.__version__:
        log.warning("the model is of scikit-learn %s, here is %s", options.get("scikit-learn"), sklearn.__version__)
    threadpoolctl.threadpool_limits(threads)
    return model, _predictor(model, method)


def _read(path: Path) -> BaseEstimator:
    try:
        strange = _strange(path)
        if not strange:
            with warnings.catch_warnings():  # of another version: we say so once
                warnings.simplefilter("ignore", sklearn.exceptions.InconsistentVersionWarning)
                found = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    except Exception as error:  # the reader raises many kinds for a file that is none of its own
        reason = str(error).partition("\n")[0][:120]
        raise ModelDamaged(f"{path} does not hold an estimator: {reason}", "save the model again") from None
    if strange or not isinstance(found, BaseEstimator):
        holds = ", ".join(strange) or type(found).__name__
        raise ModelDamaged(f"{path} holds {holds} and not estimators alone", "save the model again")
    return found


def _strange(path: Path) -> list[str]:
    """What the file names that is neither scikit-learn's own nor an estimator's class."""
    return [each for each in skops.io.get_untrusted_types(file=path) if not _is_estimator(each)]


def _is_estimator(dotted: str) -> bool:
    if dotted.startswith("sklearn."):
        return True
    found = locate(dotted)
    return isinstance(found, type) and issubclass(found, BaseEstimator)


def _predictor(model: Any, method: str) -> Callable[[Any], Any]:
    """Rows go in as an array; a model that was fitted on a table with named columns gets them named again."""
    call, columns = getattr(model, method), getattr(model, "feature_names_in_", None)
    if columns is None:
        return lambda rows: call(rows)
    from pandas import DataFrame  # the model was fitted with it

    def predict(rows: Any) -> Any:
        return call(DataFrame(np.asarray(rows), columns=columns) if not isinstance(rows, DataFrame) else rows)

    return predict
