"""Makes the features of a reference from a batch's inputs and outputs: the same code learns and watches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from monitoring.reference import inputs as reading
from monitoring.reference.feature import Feature, ReferenceInvalid, Role
from monitoring.reference.outputs import CLASS, Answers, Outputs
from monitoring.reference.profile import Reference
from monitoring.reference.space import Space, steady
from monitoring.reference.values import Coder, label

Array = np.ndarray[Any, np.dtype[Any]]


class Extracted(NamedTuple):
    """A batch's features: a column for each of the extractor's `numbers`, and one for each of its `categories`."""

    numbers: Array
    """Of the type `extractor.dtype`; NaN is missing."""
    codes: Array
    """Positions among each feature's bins."""


class Extractor:
    """What to call with every batch; make it once. `numbers` and `categories` are the reference's features."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._features = {(feature.name, feature.role): feature for feature in reference.features}
        spec = reference.extraction
        try:
            self._inputs = self._read_inputs(spec["inputs"]) if "inputs" in spec else None
            self._outputs = Outputs.read(spec["outputs"], reference.classes) if "outputs" in spec else None
            self._space = Space.read(spec["space"]) if "space" in spec else None
        except (KeyError, TypeError, ValueError) as error:
            raise ReferenceInvalid(f"the reference's extraction cannot be read: {error!r}") from None
        self._measured = self._known(self._inputs.measured, "input") if self._inputs else ()
        answered = self._outputs.names if self._outputs else ()
        own = self._inputs.names if self._inputs else ()
        self.numbers = (*self._take((*own, *self._measured), "input"), *self._take(answered, "output"))
        self.categories = (*self._take(self._inputs.categories if self._inputs else (), "input"), *self._classes())
        self.dtype: np.dtype[Any] = self._inputs.dtype if self._inputs else reading.FLOAT
        self._coders = {feature.name: Coder(feature) for feature in self.categories if feature.role == "input"}
        self._class_codes = self._codes_of_classes()
        self._refuse_unknown()

    def __call__(self, inputs: Any = None, outputs: Any = None) -> Extracted:
        """The features of a batch. What the reference does not watch is not looked at, and need not be given."""
        answers = self._answers(outputs)
        numbers = self._numbers(inputs, answers)
        codes = np.empty((len(numbers), len(self.categories)), dtype=np.intp)
        if self._coders and self._inputs is not None:
            column = self._inputs.column(inputs)
            for place, (name, coder) in enumerate(self._coders.items()):
                found = column(name)
                codes[:, place] = len(coder) - 1 if found is None else coder(found)
        if self._class_codes is not None:
            codes[:, -1] = self._class_codes[answers.classes]
        return Extracted(numbers, codes)

    def columns(self, inputs: Any = None, outputs: Any = None) -> dict[tuple[str, Role], Array]:
        """The features of a batch by name and role: numbers, or positions among the feature's bins."""
        numbers, codes = self(inputs, outputs)
        found = {(f.name, f.role): numbers[:, i] for i, f in enumerate(self.numbers)}
        return found | {(f.name, f.role): codes[:, i] for i, f in enumerate(self.categories)}

    def answers(self, outputs: Any) -> Answers:
        """Each row's class and calibrated confidence."""
        return self._answers(outputs)

    def _answers(self, outputs: Any) -> Answers:
        if self._outputs is None:
            return Answers()
        if outputs is None:
            raise ReferenceInvalid("the reference watches outputs, and none were given: observe(inputs, outputs)")
        return self._outputs(outputs)

    def _numbers(self, inputs: Any, answers: Answers) -> Array:
        answered = [answers.numbers[f.name] for f in self.numbers if f.role == "output"]
        if self._inputs is None:
            rows = len(answers.classes) if answers.classes is not None else len(answered[0])
            return np.stack(answered, axis=1, dtype=self.dtype) if answered else np.empty((rows, 0), self.dtype)
        if inputs is None:
            raise ReferenceInvalid("the reference watches inputs, and none were given: observe(inputs, outputs)")
        out, places = self._inputs.read(inputs, len(self._measured) + len(answered))
        at = len(self._inputs.names)
        if self._space is not None:
            out[:, at : at + len(self._measured)] = steady(self._space.measure(places, answers.classes, self._measured))
        for place, column in enumerate(answered, at + len(self._measured)):
            out[:, place] = column
        return out

    def _read_inputs(self, plain: Any) -> reading.Inputs:
        features = [f for f in self.reference.features if f.role == "input" and f.name in plain.get("served", ())]
        numbers = [f.name for f in features if f.ordered]
        return reading.read(plain, numbers, [f.name for f in features if not f.ordered])

    def _known(self, names: Sequence[str], role: Role) -> tuple[str, ...]:
        return tuple(name for name in names if (name, role) in self._features)

    def _take(self, names: Sequence[str], role: Role) -> tuple[Feature, ...]:
        missing = [name for name in names if (name, role) not in self._features]
        if missing:
            raise ReferenceInvalid(f"the reference has no {role} {missing[0]!r}, which its extraction makes")
        return tuple(self._features[name, role] for name in names)

    def _classes(self) -> tuple[Feature, ...]:
        found = self._features.get((CLASS, "output"))
        return (found,) if found is not None and self.reference.classes else ()

    def _codes_of_classes(self) -> Array | None:
        """The position among its bins for the index of each class, for the one after them, and for -1."""
        if not self._classes():
            return None
        (feature,) = self._classes()
        codes = {value: place for place, value in enumerate(feature.values)}
        found = [codes.get(label(text) or "", len(codes)) for text in self.reference.classes]
        return np.array([*found, len(codes), len(codes) + 1], dtype=np.intp)

    def _refuse_unknown(self) -> None:
        made = {(f.name, f.role) for f in (*self.numbers, *self.categories)}
        if unknown := sorted(self._features.keys() - made):
            raise ReferenceInvalid(f"the reference's extraction does not say how to make {unknown[0]}")


def extractor(reference: Reference) -> Extractor:
    """Make the features of this reference: `numbers, codes = extractor(reference)(inputs, outputs)`."""
    return Extractor(reference)
