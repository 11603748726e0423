"""Columns of pandas as streams of Arrow's C data interface, made without pyarrow of the memory that pandas has.

Numbers that lie one behind the other are not copied. https://arrow.apache.org/docs/format/CDataInterface.html
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_NULLABLE = 2  # ARROW_FLAG_NULLABLE
_FORMATS = {"i1": b"c", "u1": b"C", "i2": b"s", "u2": b"S", "i4": b"i", "u4": b"I", "i8": b"l", "u8": b"L", "f4": b"f",
            "f8": b"g"}
_UNITS = {"s": b"s", "ms": b"m", "us": b"u", "ns": b"n"}


class Schema(ctypes.Structure):
    """struct ArrowSchema"""


_Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

Schema._fields_ = [("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_char_p),
                   ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64),
                   ("children", ctypes.POINTER(ctypes.POINTER(Schema))), ("dictionary", ctypes.POINTER(Schema)),
                   ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]


class Column(ctypes.Structure):
    """struct ArrowArray"""


Column._fields_ = [("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
                   ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64),
                   ("buffers", ctypes.POINTER(ctypes.c_void_p)), ("children", ctypes.POINTER(ctypes.POINTER(Column))),
                   ("dictionary", ctypes.POINTER(Column)), ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]

_GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Schema))
_GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Column))
_GetError = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


class Stream(ctypes.Structure):
    """struct ArrowArrayStream"""

    _fields_ = [("get_schema", _GetSchema), ("get_next", _GetNext), ("get_last_error", _GetError),
                ("release", _Release), ("private_data", ctypes.c_void_p)]


def _releases(struct: Any) -> Callable[[int], None]:
    """What a consumer calls at the end. The memory belongs to who holds the Columns: only the mark is set that it wants."""
    def release(address: int) -> None:
        of = struct.from_address(address)
        for k in range(of.n_children):
            if of.children[k].contents.release:
                of.children[k].contents.release = None
        if of.dictionary and of.dictionary.contents.release:
            of.dictionary.contents.release = None
        of.release = None
    return release


_release_schema = _Release(_releases(Schema))
_release_column = _Release(_releases(Column))
_release_stream = _Release(lambda address: setattr(Stream.from_address(address), "release", _Release()))


class Columns:
    """Columns of pandas (Series.array) as a stream of one batch; `stream` is for a consumer, and all memory lives as long
    as this."""

    def __init__(self, columns: Sequence[tuple[str, Any]]) -> None:
        self._holds: list[Any] = []
        parts = [self._column(name, values) for name, values in columns]
        self._schema = self._schema_of(b"+s", b"", [schema for schema, _ in parts])
        self._batch = self._column_of(len(columns[0][1]), 0, [None], [column for _, column in parts])
        self._given = False
        self.stream = Stream(_GetSchema(self._get_schema), _GetNext(self._get_next), _GetError(lambda _: None),
                             _release_stream, None)

    def _get_schema(self, _: Any, place: Any) -> int:
        ctypes.memmove(place, ctypes.byref(self._schema), ctypes.sizeof(Schema))
        return 0

    def _get_next(self, _: Any, place: Any) -> int:
        if self._given:
            ctypes.memset(place, 0, ctypes.sizeof(Column))
        else:
            ctypes.memmove(place, ctypes.byref(self._batch), ctypes.sizeof(Column))
        self._given = True
        return 0

    # --- structs ---

    def _pointers(self, kind: Any, structs: Sequence[Any]) -> Any:
        pointers = (ctypes.POINTER(kind) * len(structs))(*[ctypes.pointer(each) for each in structs])
        self._holds.append((pointers, structs))
        return ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(kind)))

    def _schema_of(self, form: bytes, name: bytes, children: Sequence[Schema] = (), dictionary: Schema | None = None) -> Schema:
        made = Schema(form, name, None, _NULLABLE, len(children), self._pointers(Schema, children), None,
                      ctypes.cast(_release_schema, ctypes.c_void_p).value, None)
        if dictionary is not None:
            made.dictionary = ctypes.pointer(dictionary)
        self._holds.append((form, name, made))
        return made

    def _column_of(self, length: int, nulls: int, buffers: Sequence[Array | None], children: Sequence[Column] = (),
                   dictionary: Column | None = None) -> Column:
        places = (ctypes.c_void_p * len(buffers))(*[None if each is None else each.ctypes.data for each in buffers])
        made = Column(length, nulls, 0, len(buffers), len(children), places, self._pointers(Column, children), None,
                      ctypes.cast(_release_column, ctypes.c_void_p).value, None)
        if dictionary is not None:
            made.dictionary = ctypes.pointer(dictionary)
        self._holds.append((list(buffers), places, made))
        return made

    # --- columns ---

    def _column(self, name: str, values: Any) -> tuple[Schema, Column]:
        kind = type(values.dtype).__name__
        if kind == "CategoricalDtype":
            of_words, words = self._column("", values.categories.array)
            codes = np.ascontiguousarray(values.codes)
            form, buffers, nulls = _numbers(codes, codes < 0)
            return (self._schema_of(form, name.encode(), (), of_words),
                    self._column_of(len(values), nulls, buffers, (), words))
        form, buffers, nulls = _buffers(values)
        return self._schema_of(form, name.encode()), self._column_of(len(values), nulls, buffers)


def _validity(missing: Array | None) -> tuple[Array | None, int]:
    nulls = 0 if missing is None else int(np.count_nonzero(missing))
    if missing is None or nulls == 0:
        return None, 0
    return np.packbits(~missing, bitorder="little"), nulls


def _numbers(values: Array, missing: Array | None = None) -> tuple[bytes, list[Array | None], int]:
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        values = values.astype(np.float32 if values.dtype.itemsize == 2 else np.float64)
    values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
    valid, nulls = _validity(missing)
    return _FORMATS[f"{values.dtype.kind}{values.dtype.itemsize}"], [valid, values], nulls


def _truths(values: Array, missing: Array | None) -> tuple[bytes, list[Array | None], int]:
    valid, nulls = _validity(missing)
    return b"b", [valid, np.packbits(values, bitorder="little")], nulls


def _moments(values: Array, zone: str) -> tuple[bytes, list[Array | None], int]:
    unit = np.datetime_data(values.dtype)[0]
    valid, nulls = _validity(np.isnat(values))
    form = b"ts" + _UNITS[unit] + b":" + zone.encode()
    return form, [valid, np.ascontiguousarray(values).view(np.int64)], nulls


def _words(values: Any, missing: Array) -> tuple[bytes, list[Array | None], int]:
    valid, nulls = _validity(missing)
    encoded = [b"" if lacks else _word(each) for each, lacks in zip(values, missing)]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    together = np.frombuffer(b"".join(encoded) or b"\0", dtype=np.uint8)
    return b"U", [valid, offsets, together], nulls


def _word(value: Any) -> bytes:
    """As pandas writes it to a CSV file."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return value
    return (repr(value) if isinstance(value, float) else str(value)).encode("utf-8", "surrogatepass")


def _buffers(values: Any) -> tuple[bytes, list[Array | None], int]:
    """The format of a column of pandas that is no category, its buffers, and how many cells are missing."""
    dtype = values.dtype
    kind = getattr(dtype, "kind", "O")
    zone = str(getattr(dtype, "tz", None) or "")
    if kind == "M":
        return _moments(np.asarray(values.astype("M8[ns]") if not zone and not isinstance(dtype, np.dtype) else
                                   np.asarray(values, dtype=f"M8[{dtype.unit}]") if zone else values), zone)
    if kind == "c":
        raise ValueError("Complex data not supported")
    if kind == "m":
        raise TypeError("a column of time spans cannot be learned from as it is; give it as a number, with "
                        ".dt.total_seconds()")
    if isinstance(dtype, np.dtype) or type(values).__name__ in ("NumpyExtensionArray", "PandasArray", "SparseArray"):
        plain = np.asarray(values)
        if plain.dtype.kind == "b":
            return _truths(plain, None)
        return _numbers(plain) if plain.dtype.kind in "iuf" else _words(plain, np.asarray(values.isna(), dtype=bool))
    missing = np.asarray(values.isna(), dtype=bool)
    if kind in "iuf":
        base = np.dtype(getattr(dtype, "numpy_dtype", None) or f"{kind}{dtype.itemsize}")
        return _numbers(values.to_numpy(dtype=base, na_value=0), missing)
    if kind == "b":
        return _truths(values.to_numpy(dtype=bool, na_value=False), missing)
    return _words(np.asarray(values, dtype=object), missing)
