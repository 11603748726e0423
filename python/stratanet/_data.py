"""Data of Python's as a table of the library's, which reads numbers where they are and never writes them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from . import _abi

_TYPES = {"u1": 0, "i1": 1, "u2": 2, "i2": 3, "u4": 4, "i4": 5, "u8": 6, "i8": 7, "f4": 8, "f8": 9}


def column_names(count: int) -> list[str]:
    """What the columns of an array are called: x0, x1, …"""
    return [f"x{j}" for j in range(count)]


def of_module(value: Any, name: str) -> bool:
    """Is it of this package, which need not be there?"""
    return (type(value).__module__ or "").split(".")[0] == name


def is_frame(data: Any) -> bool:
    """Does it have columns with names?"""
    return hasattr(data, "__arrow_c_stream__") or (of_module(data, "pandas") and hasattr(data, "columns"))


def is_files(data: Any) -> bool:
    """Is it a path, or a list of paths?"""
    def is_path(value: Any) -> bool:
        return isinstance(value, str) or hasattr(value, "__fspath__")
    return is_path(data) or (isinstance(data, (list, tuple)) and len(data) > 0 and all(is_path(each) for each in data))


def real(array: np.ndarray[Any, Any], what: str) -> np.ndarray[Any, Any]:
    """The array in a type, an order of bytes and at addresses that the library reads; itself, where it can be.

    float16 becomes float32, longdouble float64, bool 0 and 1. Raises TypeError, and ValueError for complex numbers.
    """
    dtype = array.dtype
    if dtype.kind == "b":
        return array.view(np.int8)
    if dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{what} holds complex numbers; give their parts as columns of "
                         "their own")
    if dtype.kind not in "iuf":
        means = "objects" if dtype.kind == "O" else f"{dtype}"
        raise TypeError(f"{what} is an array of {means}, which may be anything; expected numbers: convert it with "
                        "astype(float), or give a DataFrame, whose columns may be words, dates and numbers")
    if f"{dtype.kind}{dtype.itemsize}" not in _TYPES:
        return array.astype(np.float32 if dtype.itemsize == 2 else np.float64)
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    return array if array.flags.aligned else array.copy()


def array_of(data: Any, what: str = "X") -> np.ndarray[Any, Any]:
    """An array of numbers of what is no frame. Raises TypeError and ValueError."""
    if of_module(data, "scipy") and hasattr(data, "toarray"):
        raise TypeError(f"Sparse data was passed for {what}, but dense data is required. Use '.toarray()' to convert to "
                        "a dense numpy array.")
    if of_module(data, "torch"):
        if data.device.type != "cpu":
            raise TypeError(f"{what} is a tensor on {data.device}; expected one in memory: give {what}.cpu()")
        data = data.detach().numpy()
    return real(np.asarray(data), what)


def _numbers(array: np.ndarray[Any, Any], stride: int, shape: Sequence[int] = ()) -> _abi.Numbers:
    sizes = (ctypes.c_size_t * len(shape))(*shape) if shape else None
    return _abi.Numbers(array.ctypes.data, _TYPES[f"{array.dtype.kind}{array.dtype.itemsize}"], array.shape[0], sizes,
                        len(shape), stride, None, None)


def _mapped_file(memory: Any) -> str | None:
    """The file that an array lies in."""
    while isinstance(memory, np.ndarray):
        if isinstance(memory, np.memmap) and memory.filename is not None:
            return os.fspath(memory.filename)
        memory = memory.base
    return None


def _state(file: str) -> tuple[int, int]:
    """Its size and its time, which say whether it has changed."""
    try:
        found = os.stat(file)
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


class Table:
    """A table of the library's, and the memory that it reads."""

    def __init__(self, name: str | None = None, handle: _abi.Handle | None = None) -> None:
        """`name`: what messages and the record of a model call the data."""
        self.handle = handle or _abi.made("table", None if name is None else _abi.encoded(name), holds=[])
        self.names: list[str] = []
        self._files: dict[str, tuple[int, int]] = {}  # that are mapped

    @property
    def pointer(self) -> int | None:
        """For the library."""
        return self.handle.pointer

    @property
    def rows(self) -> int:
        """How many."""
        return int(_abi.library().strata_table_rows(self.pointer))

    def add_columns(self, X: np.ndarray[Any, Any], names: Sequence[str], encoded: Any = None) -> None:
        """The columns of a matrix (m, n), without a copy. `encoded`: the names, as _abi.texts makes them of these."""
        X = real(X, "X")
        size = X.dtype.itemsize
        if X.shape[0] > 1 and (X.strides[0] == 0 or X.strides[0] % size != 0 or X.strides[1] % size != 0):
            X = X.copy()
        stride = X.strides[0] if X.shape[0] > 1 else size
        numbers = _numbers(X, stride)
        _abi.check(_abi.library().strata_table_add_columns(self.pointer, encoded or _abi.texts(list(names)), X.shape[1],
                                                           ctypes.byref(numbers), X.strides[1]))
        self.added(names, X)

    def add_numbers(self, name: str, values: np.ndarray[Any, Any]) -> None:
        """A field of one number a row (m,), without a copy, or of several (m, …)."""
        values = real(values, name)
        size = values.dtype.itemsize
        if values.ndim > 1:
            values = np.ascontiguousarray(values)
        elif values.shape[0] > 1 and (values.strides[0] == 0 or values.strides[0] % size != 0):
            values = values.copy()
        stride = values.strides[0] if values.shape[0] > 1 and values.ndim == 1 else 0
        numbers = _numbers(values, stride, values.shape[1:])
        _abi.check(_abi.library().strata_table_add_numbers(self.pointer, _abi.encoded(name), ctypes.byref(numbers)))
        self.added([name], values)

    def add_words(self, name: str, words: Sequence[str | None], which: np.ndarray[Any, Any]) -> None:
        """A field of words: which[i] says which of `words` row i has; None: it is missing."""
        held = [None if word is None else ctypes.c_char_p(_abi.encoded(word)) for word in words]
        addresses = [0 if each is None else ctypes.cast(each, ctypes.c_void_p).value for each in held]
        pointers = np.array(addresses, dtype=np.uintp)[which]
        _abi.check(_abi.library().strata_table_add_texts(self.pointer, _abi.encoded(name), pointers.ctypes.data,
                                                         len(pointers)))
        self.added([name], None)

    def describe(self, target: str | None = None) -> Any:
        """What `strata describe --json` prints."""
        return _abi.json_of("strata_table_describe", self.pointer, None if target is None else _abi.encoded(target))

    def added(self, names: Iterable[str], memory: Any) -> None:
        """Remembers what was added, and holds its memory."""
        self.names.extend(names)
        self.handle.holds.append(memory)
        file = _mapped_file(memory)
        if file is not None:
            self._files.setdefault(file, _state(file))

    def require_unchanged(self) -> None:
        """Raises RuntimeError where a mapped file has another size or time than when it was added."""
        for file, before in self._files.items():
            now = _state(file)
            if now != before:
                what = f"it had {before[0]} bytes and has {now[0]}" if now[0] != before[0] else "it was written to"
                raise RuntimeError(f"the file {file} changed while it was trained on: {what}; train on a copy, or wait until "
                                   "it is complete")


def read(files: Any, options: _abi.Handle | None = None) -> Table:
    """The table that files are, read as a training reads them."""
    paths = [os.fsdecode(each) for each in ([files] if not isinstance(files, (list, tuple)) else files)]
    table = Table(handle=_abi.made("table", _abi.texts(paths), len(paths), None if options is None else options.pointer,
                                   call="strata_table_read", holds=[]))
    table.names = [column["name"] for column in table.describe()["columns"]]
    return table


def table_of(data: Any, names: Sequence[str] | None = None, name: str | None = None) -> Table:
    """The table of a frame, an array of numbers (m, n), or an array of more dimensions, which is one field "x".

    `names`: of the columns of an array; x0, x1, … without. Raises TypeError and ValueError.
    """
    if is_frame(data):
        from . import _frames

        return _frames.table_of(data, name)
    table = Table(name)
    array = array_of(data)
    if array.ndim > 2:
        table.add_numbers("x" if names is None else names[0], array)
        return table
    if array.ndim < 2:
        raise ValueError(f"Expected 2D array, got {array.ndim}D array instead: the rows of a table, (m, n); reshape it "
                         "with array.reshape(-1, 1) where it is one column, with array.reshape(1, -1) where it is one row")
    if 0 in array.shape:
        raise ValueError(f"Found array with {array.shape[0]} sample(s) and {array.shape[1]} feature(s) "
                         f"(shape={array.shape}) while a minimum of 1 is required.")
    if names is None:
        names = column_names(array.shape[1])
    elif len(names) != array.shape[1]:
        raise ValueError(f"X has {array.shape[1]} features, but {len(names)} are expected")
    table.add_columns(array, names)
    return table


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with as many lines under it as none of the others has."""
    others = set(taken)
    while name in others:
        name += "_"
    return name


def stacked(data: Any, more: Any) -> Any:
    """The rows of two frames of one kind, or of two arrays, one under the other."""
    if is_frame(data) != is_frame(more):
        raise TypeError(f"eval_set: X is a {type(data).__name__}, and the rows to measure on are a {type(more).__name__}")
    if is_frame(data):
        from . import _frames

        return _frames.stacked(data, more)
    return np.concatenate([data, more])
