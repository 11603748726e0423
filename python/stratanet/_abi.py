"""The C ABI of Strata (include/strata/strata.h): the library, its functions, and its errors as Python's.

The library is loaded at the first call, so that importing the package costs nothing. It is looked for where the environment
variable STRATANET_LIBRARY says, and then nowhere else; else beside this file, in lib.
"""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Any

ABI_VERSION = 1

_Pointer = ctypes.c_void_p
_Size = ctypes.c_size_t
_Text = ctypes.c_char_p
_Status = ctypes.c_int


class Error(ctypes.Structure):
    """strata_error"""

    _fields_ = [("status", ctypes.c_int), ("message", ctypes.c_char_p), ("function", ctypes.c_char_p)]


class Numbers(ctypes.Structure):
    """strata_numbers"""

    _fields_ = [("data", ctypes.c_void_p), ("type", ctypes.c_int), ("rows", ctypes.c_size_t),
                ("shape", ctypes.POINTER(ctypes.c_size_t)), ("dimensions", ctypes.c_size_t), ("stride", ctypes.c_ssize_t),
                ("release", ctypes.c_void_p), ("context", ctypes.c_void_p)]


class Progress(ctypes.Structure):
    """strata_progress"""

    _fields_ = [("iteration", ctypes.c_int64), ("iterations", ctypes.c_int64), ("epoch", ctypes.c_int64),
                ("cost", ctypes.c_double)]


class Cost(ctypes.Structure):
    """strata_cost"""

    _fields_ = [("iteration", ctypes.c_int64), ("epoch", ctypes.c_int64), ("cost", ctypes.c_double),
                ("fold", ctypes.c_size_t)]


class Epoch(ctypes.Structure):
    """strata_epoch"""

    _fields_ = [("epoch", ctypes.c_int64), ("iteration", ctypes.c_int64), ("mean_cost", ctypes.c_double),
                ("fold", ctypes.c_size_t), ("json", ctypes.c_char_p)]


OnCost = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Cost))
OnEpoch = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Epoch))
OnProgress = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Progress))
OnText = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
OnStop = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class Callbacks(ctypes.Structure):
    """strata_callbacks"""

    _fields_ = [("size", ctypes.c_size_t), ("context", ctypes.c_void_p), ("pause", ctypes.c_double), ("cost", OnCost),
                ("epoch", OnEpoch), ("part", OnText), ("progress", OnProgress), ("note", OnText), ("warning", OnText),
                ("stop", OnStop)]


class Matrix(ctypes.Structure):
    """strata_matrix"""

    _fields_ = [("name", ctypes.c_char_p), ("equation", ctypes.c_char_p), ("file", ctypes.c_char_p),
                ("layer", ctypes.c_int), ("rows", ctypes.c_size_t), ("cols", ctypes.c_size_t),
                ("values", ctypes.POINTER(ctypes.c_double))]


_Texts = ctypes.POINTER(ctypes.c_char_p)
_Sizes = ctypes.POINTER(ctypes.c_size_t)
_Out = ctypes.POINTER(ctypes.c_void_p)

# What each function of strata.h gives, and what it takes.
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "strata_last_error": (ctypes.POINTER(Error), ()),
    "strata_bytes_data": (_Pointer, (_Pointer,)),
    "strata_bytes_size": (_Size, (_Pointer,)),
    "strata_bytes_free": (None, (_Pointer,)),
    "strata_version": (_Text, ()),
    "strata_abi_version": (ctypes.c_int, ()),
    "strata_diagnose": (_Status, (_Out,)),
    "strata_spell_options": (_Status, (ctypes.c_int,)),
    "strata_options_new": (_Status, (_Out,)),
    "strata_options_copy": (_Status, (_Pointer, _Out)),
    "strata_options_free": (None, (_Pointer,)),
    "strata_options_set": (_Status, (_Pointer, _Text, _Text)),
    "strata_options_set_recipe": (_Status, (_Pointer, _Text)),
    "strata_options_get": (_Status, (_Pointer, _Text, _Out)),
    "strata_describe_options": (_Status, (_Out,)),
    "strata_table_new": (_Status, (_Text, _Out)),
    "strata_table_read": (_Status, (_Texts, _Size, _Pointer, _Out)),
    "strata_table_free": (None, (_Pointer,)),
    "strata_table_rows": (_Size, (_Pointer,)),
    "strata_table_new_frame": (_Status, (_Text, _Out)),
    "strata_table_add_arrow": (_Status, (_Pointer, _Pointer)),
    "strata_table_from_arrow": (_Status, (_Text, _Pointer, _Out)),
    "strata_table_add_numbers": (_Status, (_Pointer, _Text, ctypes.POINTER(Numbers))),
    "strata_table_add_columns": (_Status, (_Pointer, _Texts, _Size, ctypes.POINTER(Numbers), ctypes.c_ssize_t)),
    "strata_table_add_texts": (_Status, (_Pointer, _Text, _Pointer, _Size)),
    "strata_table_describe": (_Status, (_Pointer, _Text, _Out)),
    "strata_model_load": (_Status, (_Text, _Out)),
    "strata_model_save": (_Status, (_Pointer, _Text)),
    "strata_model_from_bytes": (_Status, (_Text, _Size, _Out)),
    "strata_model_to_bytes": (_Status, (_Pointer, _Out)),
    "strata_model_free": (None, (_Pointer,)),
    "strata_model_describe": (_Status, (_Pointer, _Out)),
    "strata_model_parameters": (_Status, (_Pointer, _Size, _Text, _Sizes, _Sizes, _Pointer, _Size)),
    "strata_model_columns": (_Size, (_Pointer,)),
    "strata_model_predict": (_Status, (_Pointer, _Pointer, ctypes.c_int, _Pointer, _Size, _Pointer, _Out)),
    "strata_model_evaluate": (_Status, (_Pointer, _Pointer, ctypes.c_int, _Text, _Out)),
    "strata_predictor_new": (_Status, (_Pointer, _Out)),
    "strata_predictor_free": (None, (_Pointer,)),
    "strata_predictor_inputs": (_Size, (_Pointer,)),
    "strata_predictor_outputs": (_Size, (_Pointer,)),
    "strata_predictor_predict_f32": (_Status, (_Pointer, _Pointer, _Size, _Pointer)),
    "strata_predictor_predict_f64": (_Status, (_Pointer, _Pointer, _Size, _Pointer)),
    "strata_train": (_Status, (_Pointer, _Pointer, ctypes.POINTER(Callbacks), _Out)),
    "strata_train_files": (_Status, (_Texts, _Size, _Pointer, ctypes.POINTER(Callbacks), _Out)),
    "strata_continue": (_Status, (_Pointer, _Pointer, _Pointer, ctypes.POINTER(Callbacks), _Out)),
    "strata_fit_free": (None, (_Pointer,)),
    "strata_fit_model": (_Status, (_Pointer, _Out)),
    "strata_fit_describe": (_Status, (_Pointer, _Out)),
    "strata_fit_out_of_fold_rows": (_Size, (_Pointer,)),
    "strata_fit_out_of_fold": (_Status, (_Pointer, _Pointer, _Pointer)),
    "strata_plan": (_Status, (_Pointer, _Pointer, ctypes.POINTER(Callbacks), _Out)),
    "strata_trace_new": (_Status, (_Pointer, _Pointer, ctypes.c_int64, ctypes.c_int, _Size, _Out)),
    "strata_trace_free": (None, (_Pointer,)),
    "strata_trace_cost": (ctypes.c_double, (_Pointer,)),
    "strata_trace_matrices": (_Size, (_Pointer,)),
    "strata_trace_matrix": (_Status, (_Pointer, _Size, ctypes.POINTER(Matrix))),
    "strata_check_gradients": (_Status, (_Pointer, _Pointer, _Size, _Size, _Out)),
    "strata_check_gradients_of": (_Status, (_Pointer, _Pointer, _Size, _Out)),
}

OK, USAGE, NOT_FOUND, IO, FORMAT, SHAPE, VALUE, UNSUPPORTED, DIVERGED, MEMORY, INTERNAL, STOPPED = range(12)
_SPELL_PYTHON = 1

_EXCEPTIONS: dict[int, type[Exception]] = {
    NOT_FOUND: FileNotFoundError, IO: OSError, UNSUPPORTED: NotImplementedError, DIVERGED: FloatingPointError,
    MEMORY: MemoryError, INTERNAL: RuntimeError}

_loaded: Any = None
_loading = threading.Lock()


def _file() -> str:
    return os.environ.get("STRATANET_LIBRARY") or os.path.join(os.path.dirname(__file__), "lib", "libstrata_c.so")


def _load() -> Any:
    file = _file()
    try:
        found = ctypes.CDLL(file)
    except OSError as error:
        raise ImportError(f"stratanet: the library {file} cannot be loaded: {error}; there is a wheel of stratanet for "
                          "Linux on x86-64, and STRATANET_LIBRARY names a library that was built elsewhere") from error
    try:
        found.strata_abi_version.restype = ctypes.c_int
        version = found.strata_abi_version()
    except AttributeError as error:
        raise ImportError(f"stratanet: {file} is no library of Strata for C") from error
    if version != ABI_VERSION:
        raise ImportError(f"stratanet: {file} has the ABI {version}, and this package needs {ABI_VERSION}; install the "
                          "two from one release")
    for name, (gives, takes) in SIGNATURES.items():
        function = getattr(found, name)
        function.restype, function.argtypes = gives, takes
    found.strata_spell_options(_SPELL_PYTHON)
    return found


def library() -> Any:
    """The library, loaded once. Raises ImportError."""
    global _loaded
    if _loaded is None:
        with _loading:
            if _loaded is None:
                _loaded = _load()
    return _loaded


def error() -> Exception:
    """What the last call of this thread that failed is in Python: its message and nothing else."""
    last = library().strata_last_error().contents
    return _EXCEPTIONS.get(last.status, ValueError)(last.message.decode("utf-8", "replace"))


def check(status: int) -> None:
    """Raises what went wrong, if anything did."""
    if status != OK:
        raise error()


class Handle:
    """A handle of the library's, which is freed with this object. What it `holds` lives as long."""

    __slots__ = ("pointer", "holds", "_free", "__weakref__")

    def __init__(self, kind: str, pointer: int | None, holds: Any = None) -> None:
        self.pointer = pointer
        self.holds = holds
        self._free = getattr(library(), f"strata_{kind}_free")

    def __del__(self) -> None:
        self._free(self.pointer)


def made(kind: str, *arguments: Any, call: str = "", holds: Any = None) -> Handle:
    """The handle that a function of the library's makes of these arguments: strata_KIND_new, or `call`."""
    place = ctypes.c_void_p()
    check(getattr(library(), call or f"strata_{kind}_new")(*arguments, ctypes.byref(place)))
    return Handle(kind, place.value, holds)


def bytes_of(call: str, *arguments: Any) -> bytes:
    """The bytes that a function of the library's gives."""
    got = made("bytes", *arguments, call=call)
    lib = library()
    return ctypes.string_at(lib.strata_bytes_data(got.pointer), lib.strata_bytes_size(got.pointer))


def json_of(call: str, *arguments: Any) -> Any:
    """The JSON that a function of the library's gives, read."""
    import json  # here, for it is not needed to import the package

    return json.loads(bytes_of(call, *arguments))


def encoded(text: str) -> bytes:
    """As the library takes texts. Raises ValueError."""
    if "\0" in text:
        raise ValueError(f"a text with a zero in it cannot be used here: {text!r}")
    return text.encode("utf-8", "surrogateescape")


def texts(values: list[str]) -> Any:
    """An array of texts, as the library takes them."""
    return (ctypes.c_char_p * len(values))(*[encoded(each) for each in values])
