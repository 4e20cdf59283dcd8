import pytest

from monitoring.reference import Feature, ReferenceInvalid


def test_bins_of_a_number_are_numbered_and_end_with_missing():
    """Three edges make four ordered bins, 00 below and 03 above the reference, and one for what is missing."""
    feature = Feature("x", "input", (0, 5, 5, 0, 0), edges=(0.0, 1.0, 2.0))
    assert feature.bins == ("00", "01", "02", "03", "missing")


def test_bins_of_a_category_are_its_values():
    """A category has its values, then other and missing."""
    assert Feature("k", "input", (1, 2, 0, 0), values=("a", "b")).bins == ("a", "b", "other", "missing")


def test_no_ratio_is_zero_and_they_add_up():
    """Empty bins get half a row."""
    ratios = Feature("x", "input", (0, 5, 5, 0, 0), edges=(0.0, 1.0, 2.0)).ratios
    assert sum(ratios) == pytest.approx(1)
    assert ratios[0] == pytest.approx(0.5 / 12.5)


def test_scores_are_middle_ranks_of_ordered_bins():
    """A bin's score is the share below its middle; together, weighted by their shares, they make one half."""
    feature = Feature("x", "input", (0, 5, 5, 0, 3), edges=(0.0, 1.0, 2.0))
    shares = feature.ratios[:4]
    assert sum(a * b for a, b in zip(feature.scores, shares, strict=True)) == pytest.approx(sum(shares) / 2)


def test_gaps_are_in_standard_deviations():
    """Middles that lie two deviations apart have a gap of 2; there is none after the last."""
    feature = Feature("x", "input", (0, 5, 0, 0), edges=(0.0, 1.0), middles=(0, 1, 3), spread=0.5)
    assert feature.gaps == (2, 4, 0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"edges": (1.0, 1.0), "counts": (0, 0, 0, 0)}, "edges rise"),
        ({"edges": (1.0,), "values": ("a",), "counts": (0, 0, 0)}, "either edges or values"),
        ({"values": ("a", "missing"), "counts": (0, 0, 0, 0)}, "twice"),
        ({"edges": (1.0,), "counts": (0, 0)}, "3 bins"),
        ({"edges": (1.0,), "counts": (0, -1, 0)}, "counts"),
        ({"edges": (1.0,), "counts": (0, 1, 0), "middles": (1.0,)}, "middles"),
        ({"edges": (1.0,), "counts": (0, 1, 0), "role": "both"}, "role"),
    ],
)
def test_what_could_not_be_counted_against_is_refused(wrong, told):
    """Edges that do not rise, bins twice, counts that do not fit, are refused with the feature's name."""
    with pytest.raises(ReferenceInvalid, match=told):
        Feature(**{"name": "x", "role": "input", **wrong})
