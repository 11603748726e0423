"""The streams that frames of pandas become, as pyarrow reads them."""

import ctypes
import gc

import numpy as np
import pytest

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")

from stratanet import _arrow  # noqa: E402


def taken(frame):
    """The frame as pyarrow takes it, and who holds its memory."""
    made = _arrow.Columns([(str(name), frame.iloc[:, j].array) for j, name in enumerate(frame.columns)])
    return pyarrow.RecordBatchReader._import_from_c(ctypes.addressof(made.stream)).read_all(), made


def column(values):
    table, held = taken(pandas.DataFrame({"a": values}))
    table.validate(full=True)
    return table.column("a").combine_chunks(), held


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_numbers_are_where_they_were(dtype):
    values = np.arange(5).astype(dtype)
    frame = pandas.DataFrame({"a": values}, copy=False)
    table, _held = taken(frame)
    assert table.column("a").type == pyarrow.from_numpy_dtype(np.dtype(dtype))
    assert table.column("a").to_pylist() == [0, 1, 2, 3, 4]
    assert table.column("a").chunk(0).buffers()[1].address == frame["a"].to_numpy().ctypes.data


def test_columns_of_one_block_are_read_with_its_strides():
    frame = pandas.DataFrame(np.arange(12.0).reshape(4, 3), columns=["a", "b", "c"])
    table, _held = taken(frame)
    assert table.to_pydict() == {"a": [0, 3, 6, 9], "b": [1, 4, 7, 10], "c": [2, 5, 8, 11]}
    assert taken(frame.iloc[::-2])[0].to_pydict()["a"] == [9, 3]


@pytest.mark.parametrize("values, kind, expected", [
    (np.array([1.5, np.nan], "f2"), "float", None),
    (np.array([True, False, True] * 5), "bool", [True, False, True] * 5),
    (pandas.array([True, None, False], dtype="boolean"), "bool", [True, None, False]),
    (pandas.array([1, None, 3], dtype="Int32"), "int32", [1, None, 3]),
    (pandas.array([1, None, 3], dtype="UInt8"), "uint8", [1, None, 3]),
    (pandas.array([1.5, None], dtype="Float64"), "double", [1.5, None]),
    (pandas.array([1, None], dtype="int64[pyarrow]"), "int64", [1, None]),
    (pandas.array(["a", None, "ü€𝄞"], dtype="string"), "large_string", ["a", None, "ü€𝄞"]),
    (pandas.array(["a", None], dtype="string[pyarrow]"), "large_string", ["a", None]),
    (np.array(["a", None, ""], dtype=object), "large_string", ["a", None, ""]),
    (np.array([True, None, 2.5, "x", 3], dtype=object), "large_string", ["True", None, "2.5", "x", "3"]),
    (pandas.array(["a", "b"], dtype=object), "large_string", ["a", "b"]),
    (pandas.array([0, 0, 1], dtype=pandas.SparseDtype("int64")), "int64", [0, 0, 1]),
    (pandas.array(["2024-01", "2024-02"], dtype="period[M]"), "large_string", ["2024-01", "2024-02"]),
    ([None, None], "large_string", [None, None]),
])
def test_columns_of_every_kind(values, kind, expected):
    found, _held = column(values)
    assert str(found.type) == kind
    if expected is not None:
        assert found.to_pylist() == expected


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_have_their_unit_and_their_gaps(unit):
    values = np.array(["2024-03-01T12:30:00", "NaT"], dtype=f"M8[{unit}]")
    found, _held = column(values)
    assert found.type == pyarrow.timestamp(unit)
    assert found.null_count == 1 and found[1].as_py() is None
    assert str(found[0].as_py()) == "2024-03-01 12:30:00"


def test_moments_of_a_zone_say_it():
    found, _held = column(pandas.to_datetime(["2024-03-01 12:30", None]).tz_localize("Europe/Berlin"))
    assert found.type.tz == "Europe/Berlin"
    assert found[0].as_py().isoformat() == "2024-03-01T12:30:00+01:00"
    assert found[1].as_py() is None


@pytest.mark.parametrize("words", [["b", "a", None, "b"], [3, 1, None, 3], [1.5, 2.5, None, 1.5]])
def test_categories_go_by_value(words):
    values = pandas.Categorical(words, categories=[each for each in words[:2]] + words[:0])
    found, _held = column(values)
    assert pyarrow.types.is_dictionary(found.type)
    assert found.to_pylist() == words


def test_words_of_nothing_and_frames_without_rows():
    assert column(pandas.array(["", None], dtype="string"))[0].to_pylist() == ["", None]
    table, _held = taken(pandas.DataFrame({"a": np.zeros(0), "b": np.zeros(0, dtype=object)}))
    assert table.num_rows == 0 and table.column_names == ["a", "b"]


def test_what_cannot_be_learned_from():
    with pytest.raises(TypeError, match="a column of time spans cannot be learned from as it is"):
        column(np.array([1, 2], dtype="m8[s]"))
    with pytest.raises(ValueError, match="Complex data not supported"):
        column(np.array([1j, 2]))


def test_what_is_released_is_marked_so():
    made = _arrow.Columns([("a", pandas.Series(pandas.Categorical(["x", "y"])).array), ("b", pandas.Series([1, 2]).array)])
    reader = pyarrow.RecordBatchReader._import_from_c(ctypes.addressof(made.stream))
    table = reader.read_all()
    assert not made.stream.release
    del reader, table
    gc.collect()
