from __future__ import annotations

from pathlib import Path

import pytest

from examples.fashion.model import MLP
from servewatch.stack.prepare import train_if_missing
from servewatch.stack.wake import Wake
from serving import Store


@pytest.mark.parametrize(("metadata", "watched"), [({"dataset": "digits"}, True), ({"dataset": "elsewhere"}, False)])
def test_an_older_model_gets_its_reference_or_is_served_without(
    tmp_path: Path, metadata: dict[str, str], watched: bool
) -> None:
    """Where the data it was trained on is not here, that is said and nothing fails; the model stays as it is."""
    store, said = Store(tmp_path / "models"), list[str]()
    saved = store.save("fashion_mnist", MLP(), metadata=metadata, custom={"classes": [str(i) for i in range(10)]})
    with Wake() as wake:
        train_if_missing(tmp_path, said.append, wake)
    assert said[0].startswith("model 'fashion_mnist' has no reference, and drift cannot be seen without one")
    assert (store.reference("fashion_mnist") is not None) is watched
    assert any("served unwatched" in line for line in said) is not watched
    assert store.list() == [saved]
