"""Frames as tables of the library's: one door for all of them, a stream of Arrow's."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import _abi, _data

_NAME = b"arrow_array_stream"
_NUMBERS = ("i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")  # bytes would be pixels


def names_of(frame: Any) -> list[str] | None:
    """The names of its columns, where it says them."""
    names = getattr(frame, "column_names", None) or getattr(frame, "columns", None)
    return None if names is None else [str(each) for each in names]


def table_of(frame: Any, name: str | None = None) -> _data.Table:
    """A table of the columns of a frame, which are what a CSV file of the same cells would have.

    Numbers stay where they are. Raises TypeError for a column of a type that nothing can be learned from, and ValueError.
    """
    encoded = None if name is None else _abi.encoded(name)
    if _data.of_module(frame, "pandas"):
        return _of_pandas(frame, encoded)
    capsule = frame.__arrow_c_stream__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    with _types():
        handle = _abi.made("table", encoded, pointer(capsule, _NAME), call="strata_table_from_arrow", holds=[frame, capsule])
    table = _data.Table(handle=handle)
    table.names = names_of(frame) or [column["name"] for column in table.describe()["columns"]]
    return table


@contextmanager
def _types() -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:
        raise TypeError(str(error)) from None


def _of_pandas(frame: Any, name: bytes | None) -> _data.Table:
    from . import _arrow

    names = [str(each) for each in frame.columns]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise ValueError(f"the frame has several columns named '{twice[0]}'; rename them")
    table = _data.Table(handle=_abi.made("table", name, call="strata_table_new_frame", holds=[frame]))
    waiting: list[tuple[str, Any]] = []

    def add_waiting() -> None:
        if waiting:
            made = _arrow.Columns(waiting)
            with _types():
                _abi.check(_abi.library().strata_table_add_arrow(table.pointer, ctypes.addressof(made.stream)))
            table.added([each for each, _ in waiting], made)
            waiting.clear()

    for j, each in enumerate(names):
        column = frame.iloc[:, j]
        if getattr(column.dtype, "str", "")[1:] in _NUMBERS:
            # Those of a frame that was made of a matrix lie apart, and Arrow has no such columns.
            add_waiting()
            table.add_numbers(each, column.to_numpy())
        else:
            waiting.append((each, column.array))
    add_waiting()
    return table


def stacked(frame: Any, more: Any) -> Any:
    """The rows of two frames of one kind, one under the other."""
    kind = type(frame).__module__.split(".")[0]
    if type(more).__module__.split(".")[0] != kind:
        raise TypeError(f"eval_set: X is a frame of {kind}, and the rows to measure on are a {type(more).__name__}")
    if kind == "pandas":
        import pandas

        return pandas.concat([frame, more[list(frame.columns)]], ignore_index=True)
    if kind == "polars":
        import polars

        return polars.concat([frame, more.select(frame.columns)])
    if kind == "pyarrow":
        import pyarrow

        return pyarrow.concat_tables([frame, more.select(frame.column_names)])
    raise TypeError(f"eval_set: frames of {kind} cannot be put under each other here; give frames of pandas or polars")
