from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import NDArray
from serving.errors import InvalidInput, RunnerFailed, ServewatchError, ServiceInvalid, UnfitInput, UnsupportedMedia
from serving.types import Body

PICTURES = NDArray("float32", ("N", 2, 3))
NUMBERS = NDArray("float32", ("N",))
JSON, NPY = "application/json", "application/x-npy"


def as_json(value: Any) -> Body:
    return Body(orjson.dumps(value), JSON)


def npy(array: Any, version: tuple[int, int] | None = None) -> Body:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # numpy warns that version 2.0 is for few readers
        np.lib.format.write_array(file, np.asanyarray(array), version=version, allow_pickle=True)
    return Body(file.getvalue(), NPY)


def npy_header(header: str, data: bytes = b"", magic: bytes = b"\x93NUMPY\x01\x00") -> Body:
    text = header.encode("latin-1") + b"\n"
    return Body(magic + len(text).to_bytes(2, "little") + text + data, NPY)


def refusal(kind: NDArray, body: Body) -> ServewatchError:
    with pytest.raises(ServewatchError) as caught:
        kind.decode(body)
    return caught.value


def test_json_lists_become_an_array_of_the_declared_dtype() -> None:
    """Two pictures as nested lists arrive as float32 rows."""
    array, alone = PICTURES.decode(as_json([[[1, 2, 3], [4, 5, 6]]] * 2))
    assert (array.shape, array.dtype, alone) == ((2, 2, 3), np.float32, False)
    assert array[1, 1].tolist() == [4, 5, 6]


def test_one_row_may_come_without_its_rows_axis() -> None:
    """A single picture gets the axis, and is remembered as alone."""
    array, alone = PICTURES.decode(as_json([[1, 2, 3], [4, 5, 6]]))
    assert (array.shape, alone) == ((1, 2, 3), True)
    assert NUMBERS.decode(as_json(5))[0].tolist() == [5]


def test_a_body_without_a_content_type_is_read_as_json() -> None:
    """curl users may leave the header out."""
    assert NUMBERS.decode(Body(b"[1.5]", ""))[0].tolist() == [1.5]


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0), None])
def test_npy_of_each_version_is_read(version: tuple[int, int] | None) -> None:
    """The three versions of the npy header are the same array."""
    array, _ = NUMBERS.decode(npy(np.arange(4, dtype=np.float32), version))
    assert array.tolist() == [0, 1, 2, 3]


def test_npy_is_a_view_of_the_body() -> None:
    """An npy body of the declared dtype is not copied."""
    array, _ = NUMBERS.decode(npy(np.arange(4, dtype=np.float32)))
    assert array.base is not None


def test_npy_in_fortran_order_keeps_its_values() -> None:
    """Column-major files are the same array."""
    picture = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    array, _ = PICTURES.decode(npy(np.asfortranarray(picture)))
    assert array.tolist() == picture.tolist()


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", "<f2", "<u8", "<i1"])
def test_npy_of_other_number_types_is_brought_to_the_declared_one(dtype: str) -> None:
    """Other byte orders and widths give the same numbers."""
    array, _ = NUMBERS.decode(npy(np.array([1, 2, 3], dtype=dtype)))
    assert (array.dtype, array.tolist()) == (np.dtype("float32"), [1, 2, 3])


@pytest.mark.parametrize("dtype", ["object", "U3", "S3", "datetime64[s]", "f4,i4", "(2,)f4"])
def test_npy_of_anything_but_numbers_is_refused_by_name(dtype: str) -> None:
    """Objects (which would be unpickled), texts, times and records are not numbers."""
    error = refusal(
        NUMBERS,
        npy_header(
            f"{{'descr': {np.lib.format.dtype_to_descr(np.dtype(dtype))!r}, 'fortran_order': False, 'shape': (1,)}}",
            b"\0" * 64,
        ),
    )
    assert error.status in (400, 422)
    assert "npy file" in error.message


def test_complex_numbers_are_refused() -> None:
    """A complex array is not cast to its real part."""
    assert "complex" in refusal(NUMBERS, npy(np.array([1j]))).message


@pytest.mark.parametrize(
    "shape",
    ["(9,)", "(-1,)", "(-1, -1)", "(0, -5)", "(1180591620717411303424, 0)", "(1180591620717411303424,)",
     "(" + "1, " * 65 + ")", f"(1{'0' * 4000}, 1{'0' * 4000})", "'x'", "(1.5,)"],
)  # fmt: skip
def test_a_header_that_lies_about_the_size_is_refused(shape: str) -> None:
    """A shape that the data is not of, negative or beyond all bounds, is a client's error."""
    for size in (0, 4, 8):
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}"
        assert refusal(NDArray("float32"), npy_header(header, b"\0" * size)).status == 400


def test_a_cut_file_names_both_sizes() -> None:
    """The error tells how many bytes the header promises and how many came."""
    error = refusal(NUMBERS, Body(npy(np.arange(4, dtype=np.float32)).data[:-3], NPY))
    assert "16 bytes, but 13 follow it" in error.message


def test_an_unknown_version_of_npy_is_refused() -> None:
    """Version 9.9 is not read as if it were 2.0."""
    body = npy(np.arange(4, dtype=np.float32), (2, 0)).data
    assert refusal(NUMBERS, Body(b"\x93NUMPY\x09\x09" + body[8:], NPY)).status == 400


def test_a_wrong_shape_names_what_is_expected_and_what_came() -> None:
    """Numbers of the right count in the wrong shape are refused."""
    error = refusal(PICTURES, as_json([[1, 2], [3, 4], [5, 6]]))
    assert isinstance(error, UnfitInput)
    assert error.message == "expected an array of shape (N, 2, 3), or one row of (2, 3), got (3, 2)"


@pytest.mark.parametrize("text", [b"[NaN]", b"[Infinity]", b"[-Infinity]"])
def test_nan_is_no_json(text: bytes) -> None:
    """The literals that are not JSON are refused as such."""
    error = refusal(NUMBERS, Body(text, JSON))
    assert (error.status, error.help) == (400, "NaN and Infinity are not JSON")


@pytest.mark.parametrize("value", [[1e300], [[1.0, 1e39]], [-1e39]])
def test_numbers_beyond_the_dtype_are_refused(value: Any) -> None:
    """1e300 would be infinite as float32: it is refused, not served."""
    error = refusal(NDArray("float32"), as_json(value))
    assert "expected finite numbers, got" in error.message


def test_nan_in_npy_is_refused_with_its_place() -> None:
    """The error names the first index that is not finite."""
    assert "got nan at index [1]" in refusal(NUMBERS, npy(np.array([1, np.nan], dtype=np.float32))).message


def test_nan_is_taken_where_it_is_allowed() -> None:
    """finite=False lets missing values through."""
    array, _ = NDArray("float32", ("N",), finite=False).decode(npy(np.array([np.nan], dtype=np.float32)))
    assert np.isnan(array[0])


def test_bounds_are_checked() -> None:
    """Values under `low` or above `high` name the bound and the value."""
    kind = NDArray("float32", ("N",), low=0, high=1)
    assert "at least 0, got -0.5" in refusal(kind, as_json([0, -0.5])).message
    assert "at most 1, got 255.0" in refusal(kind, as_json([0, 255])).message
    assert kind.decode(as_json([0, 1]))[0].tolist() == [0, 1]


@pytest.mark.parametrize("value", [[1.5], [300], [-1], [1e300], [18446744073709551615]])
def test_numbers_that_an_integer_type_cannot_hold_are_refused(value: list[float]) -> None:
    """No value is rounded, wrapped or cut to fit an integer type."""
    assert "expected numbers that fit uint8" in refusal(NDArray("uint8", ("N",)), as_json(value)).message


def test_whole_floats_are_taken_for_integers() -> None:
    """2.0 is 2: many clients know no other numbers."""
    array, _ = NDArray("int64", ("N",)).decode(as_json([2.0, 3]))
    assert (array.dtype, array.tolist()) == (np.dtype("int64"), [2, 3])


@pytest.mark.parametrize(
    ("value", "came"),
    [([None], "null"), ([1, None], "null"), ([True, False], "true and false"), (["1"], "text"), ([1, "a"], "text"),
     ([{}], "mixed values"), (None, "null"), ("x", "text"), ({"a": 1}, "an object"), (True, "true")],
)  # fmt: skip
def test_what_is_no_number_is_named(value: Any, came: str) -> None:
    """null, booleans, texts and objects are refused by what they are called in JSON."""
    error = refusal(NUMBERS, as_json(value))
    assert isinstance(error, UnfitInput)
    assert came in error.message


def test_booleans_are_taken_where_they_are_declared_and_numbers_are_not() -> None:
    """A bool array takes true and false, and refuses 1 and 0."""
    assert NDArray("bool", ("N",)).decode(as_json([True, False]))[0].tolist() == [True, False]
    assert refusal(NDArray("bool", ("N",)), as_json([1, 0])).status == 422


def test_a_text_among_numbers_costs_no_memory() -> None:
    """One long text among many numbers is refused before an array of texts of that length is made."""
    body = b"[" + b"1," * 200_000 + b'"' + b"x" * 200_000 + b'"]'
    assert "text" in refusal(NUMBERS, Body(body, JSON)).message


def test_ragged_lists_are_named() -> None:
    """Lists of different lengths are no array."""
    assert "different lengths" in refusal(NUMBERS, as_json([[1], [2, 3]])).message


@pytest.mark.parametrize("depth", [65, 500, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    """No depth of brackets is more than a client's error."""
    error = refusal(NDArray("float32"), Body(b"[" * depth + b"1" + b"]" * depth, JSON))
    assert error.status in (400, 422)
    assert "different lengths" not in error.message


@pytest.mark.parametrize("body", [as_json([]), npy(np.zeros((0,), dtype=np.float32))])
def test_no_rows_are_refused(body: Body) -> None:
    """A batch of nothing has no answer."""
    assert "expected at least one row" in refusal(NUMBERS, body).message


def test_no_body_says_what_is_expected() -> None:
    """An empty request learns the shape and both formats."""
    error = refusal(PICTURES, Body(b"", JSON))
    assert error.status == 400
    assert error.help == (
        "send an array of shape (N, 2, 3), or one row of (2, 3) of float32 as application/json or application/x-npy"
    )


def test_another_content_type_is_unsupported() -> None:
    """415 names what came and what is taken."""
    error = refusal(NUMBERS, Body(b"1,2", "text/csv"))
    assert isinstance(error, UnsupportedMedia)
    assert error.message == "got content type 'text/csv', expected application/json or application/x-npy"


def test_without_a_shape_any_is_taken() -> None:
    """NDArray(dtype) checks the numbers only."""
    assert NDArray("int32").decode(as_json([[1], [2]]))[0].shape == (2, 1)
    assert NDArray("int32").decode(as_json(7))[0].shape == ()


@pytest.mark.parametrize("accept", ["application/x-npy", "text/html, application/x-npy;q=0.9"])
def test_the_answer_is_npy_where_the_client_asks(accept: str) -> None:
    """Accept chooses; what comes back is the array with its dtype."""
    content, media = NUMBERS.encode(np.array([1.5, 2.5], dtype=np.float32), accept)
    assert media == b"application/x-npy"
    back = np.load(io.BytesIO(content))
    assert (back.dtype, back.tolist()) == (np.dtype("float32"), [1.5, 2.5])


@pytest.mark.parametrize(
    "value",
    [np.float32(2.5), np.array(2.5), np.array([[1, 2]], dtype=">i4"), np.array(["a", "b"]), [1, 2], [[True]],
     np.arange(6).reshape(2, 3).T, np.array([1.5], dtype=np.float16)],
)  # fmt: skip
def test_whatever_numpy_holds_is_answered_as_json(value: Any) -> None:
    """Scalars stay scalars; byte order, texts, views and half floats are no obstacle."""
    content, media = NUMBERS.encode(value, "")
    assert media == b"application/json"
    assert orjson.loads(content) == np.asarray(value).tolist()


def test_an_answer_that_is_not_finite_is_an_error_not_null() -> None:
    """JSON would say null where the model said NaN: the client is told instead, unless NaN is declared."""
    with pytest.raises(RunnerFailed, match=r"the answer holds nan at index \[1\]"):
        NUMBERS.encode(np.array([1, np.nan]), "")
    assert NDArray("float32", finite=False).encode(np.array([1, np.nan]), "")[0] == b"[1.0,null]"


@pytest.mark.parametrize("dtype", ["flaot32", "object", "U8", "datetime64[s]"])
def test_a_dtype_that_is_none_is_an_error_of_the_declaration(dtype: str) -> None:
    """A mistyped dtype comes out where it is written, not as a 500 at each request."""
    with pytest.raises(ServiceInvalid, match=rf"NDArray has the dtype '{dtype.partition('[')[0]}"):
        NDArray(dtype)


def test_the_schema_allows_both_one_row_and_many() -> None:
    """OpenAPI shows the sizes that are fixed, and both forms."""
    shown = PICTURES.schema()[JSON]["schema"]
    row, rows = shown["anyOf"]
    assert (row["minItems"], row["maxItems"], row["items"]["minItems"]) == (2, 2, 3)
    assert rows == {"type": "array", "items": row}
    assert set(PICTURES.schema()) == {JSON, NPY}


KINDS = [PICTURES, NUMBERS, NDArray("int32"), NDArray("bool", ("N", 2)), NDArray("uint8", ("N",), low=1, high=9)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
)


def survives(kind: NDArray, body: Body) -> bool:
    """A value of the declared dtype, or a client's error: nothing else may come of a stranger's bytes."""
    status, dtype = 200, np.dtype(kind.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's header parser compiles what it reads, which may warn
        try:
            dtype = kind.decode(body)[0].dtype
        except ServewatchError as error:
            status = error.status
    return bool(dtype == np.dtype(kind.dtype)) and 200 <= status < 500


@settings(deadline=None, max_examples=150)
@given(value=VALUES, kind=st.sampled_from(KINDS))
def test_any_json_is_a_value_or_a_clients_error(value: Any, kind: NDArray) -> None:
    """Whatever JSON holds, the decoder gives an array or a 4xx."""
    assert survives(kind, as_json(value))


@settings(deadline=None, max_examples=150)
@given(data=st.binary(max_size=200), media=st.sampled_from([JSON, NPY]), kind=st.sampled_from(KINDS))
def test_any_bytes_are_a_value_or_a_clients_error(data: bytes, media: str, kind: NDArray) -> None:
    """Random bytes never raise anything else than a 4xx."""
    assert survives(kind, Body(data, media))


@settings(deadline=None, max_examples=200)
@given(
    descr=st.sampled_from(["<f4", ">f8", "|b1", "<i8", "|O", "<U4", "|V8", "<f16", "x", "<c8", "|i1", "|S0"]),
    shape=st.lists(st.integers(-3, 2**64), max_size=4).map(tuple) | st.text(max_size=5),
    fortran=st.sampled_from([True, False, 1, "x"]),
    data=st.binary(max_size=40),
)
def test_any_npy_header_is_a_value_or_a_clients_error(descr: str, shape: Any, fortran: Any, data: bytes) -> None:
    """No header makes numpy's errors ours."""
    header = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode("ascii", "ignore").decode()
    assert survives(NDArray("float32"), npy_header(header, data))


def test_invalid_input_is_told_from_unfit_input() -> None:
    """What cannot be read is 400, what reads well but does not fit is 422."""
    assert type(refusal(NUMBERS, Body(b"[1,", JSON))) is InvalidInput
    assert type(refusal(NUMBERS, as_json([[1]]))) is UnfitInput
