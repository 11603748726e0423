"""A trained model: what it predicts, what it is, and its bytes."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from . import _abi, _data, _targets

Array = np.ndarray[Any, Any]

_FEW_ROWS = 64  # predicted by one thread, with nothing around it


class Trace:
    """One forward and one backward pass of a network, with every matrix in float64.

    `trace["Z2"]` is a matrix by its name in docs/notation.md with its layer; `equations["Z2"]` is how it comes about, and
    `cost` the cost of the rows (NaN where the data have no target). A matrix (n, m) has a column for each row of the data.
    """

    def __init__(self, cost: float, matrices: dict[str, Array], equations: dict[str, str], layers: dict[str, int]) -> None:
        self.cost = cost
        self.matrices = matrices
        self.equations = equations
        self.layers = layers

    def __getitem__(self, name: str) -> Array:
        try:
            return self.matrices[name]
        except KeyError:
            raise KeyError(f"the trace has no '{name}' (it has: {', '.join(self.matrices)})") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.matrices)

    def __len__(self) -> int:
        return len(self.matrices)

    def __repr__(self) -> str:
        return f"Trace(cost={self.cost:.6g}, {', '.join(self.matrices)})"


class Model:
    """A trained network with all that belongs to it: its inputs with their scaling, its target, its record.

    `train` and `load` make one; pickle, copy and joblib keep its bytes, which are those of its file.
    """

    def __init__(self, handle: _abi.Handle) -> None:
        self._handle = handle
        self._description: dict[str, Any] | None = None
        self._predictor: Predictor | Literal[False] | None = False  # not made yet
        self._names: tuple[list[str], Any] | None = None
        #: What `strata train --json` prints at the end of the training; of a loaded model empty.
        self.report: dict[str, Any] = {}
        #: Choices that were made as it was trained, and why: a sentence each; of a loaded model empty.
        self.notes: list[str] = []
        #: What was told after each epoch, a dict each; of a loaded model empty.
        self.history: list[dict[str, Any]] = []
        #: Of a bag that was just trained: the rows that networks predict which were not trained on them, and (rows, k)
        #: what they say; else None.
        self.out_of_fold: tuple[Array, Array] | None = None

    @classmethod
    def load(cls, file: str | os.PathLike[str]) -> Model:
        """Reads a file. Raises FileNotFoundError, OSError, and ValueError for what is damaged, foreign or newer."""
        return cls(_abi.made("model", _abi.encoded(os.fsdecode(file)), call="strata_model_load"))

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """The model whose `to_bytes` these are. Raises ValueError as `load` does."""
        if not isinstance(data, bytes):
            data = bytes(memoryview(data))
        return cls(_abi.made("model", data, len(data), call="strata_model_from_bytes"))

    def save(self, file: str | os.PathLike[str]) -> None:
        """Replaces the file by the complete model, or leaves it as it was. Raises OSError."""
        _abi.check(_abi.library().strata_model_save(self._handle.pointer, _abi.encoded(os.fsdecode(file))))

    def to_bytes(self) -> bytes:
        """The bytes of its file."""
        return _abi.bytes_of("strata_model_to_bytes", self._handle.pointer)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).from_bytes, (self.to_bytes(),))

    def __repr__(self) -> str:
        about = self.describe()
        return f"<stratanet.Model: {self.summary().splitlines()[0]}, {about['parameters']} parameters>"

    def describe(self) -> dict[str, Any]:
        """All that `strata inspect --json` prints: inputs, target, layers, networks, training."""
        if self._description is None:
            self._description = _abi.json_of("strata_model_describe", self._handle.pointer)
        return self._description

    @property
    def task(self) -> str:
        """"binary", "classes" or "regression"."""
        return str(self.describe()["task"])

    @property
    def inputs(self) -> list[str]:
        """The names of its inputs."""
        return [each["name"] for each in self.describe()["inputs"]]

    @property
    def classes(self) -> Array:
        """The classes, in the order of the columns of predict_proba; numbers where all of them are such. Else empty."""
        return labels_of(self.describe()["classes"])

    @property
    def networks(self) -> int:
        """How many networks the model says the mean of."""
        return len(self.describe().get("networks", [0]))

    def parameters(self, name: str, network: int = 0) -> Array:
        """What a network has learned, a matrix in float64: "W1" (n_1, n_0), "b1" (n_1, 1), … as docs/notation.md has it."""
        rows, cols = ctypes.c_size_t(), ctypes.c_size_t()
        call = _abi.library().strata_model_parameters
        arguments = (self._handle.pointer, network, _abi.encoded(name), ctypes.byref(rows), ctypes.byref(cols))
        _abi.check(call(*arguments, None, 0))
        values = np.empty((rows.value, cols.value), order="F")
        _abi.check(call(*arguments, values.ctypes.data, values.size))
        return values

    # --- predictions ---

    def predict(self, data: Any, n_jobs: int | None = None) -> Array:
        """What is predicted of each row of a frame, an array or a file: (m,) labels or numbers.

        Of several targets (m, k): numbers, or 1 and 0 of several yes/no questions. Frames are read by the names of their
        columns, arrays (m, n) by the place. `n_jobs`: threads; None: as STRATA_THREADS says, else all. Raises ValueError.
        """
        values, labels = self._predicted(data, n_jobs)
        about = self.describe()
        if labels is not None:
            return np.asarray(self.classes[labels])
        if about["task"] == "binary":
            return (values > 0.5).astype(np.int64)
        return values[:, 0] if values.shape[1] == 1 else values

    def predict_proba(self, data: Any, n_jobs: int | None = None) -> Array:
        """(m, K): the probability of each of the `classes`; of several yes/no questions, of each yes. Raises TypeError
        for a model of numbers, else as `predict`."""
        if self.task == "regression":
            raise TypeError("the model predicts numbers, which have no probabilities; use predict")
        return self._predicted(data, n_jobs)[0]

    def evaluate(self, data: Any, target: Any = None, sample_weight: Any = None, n_jobs: int | None = None) -> dict[str, Any]:
        """How well it predicts rows whose target is known, as `strata evaluate --json` prints it.

        `target`: (m,) or (m, k); None: columns of the data.
        """
        table = self._table(data)
        if target is not None:
            names = self.describe()["target"]
            _targets.add(table, names, target, is_class=self.task != "regression")
        weight = None
        if sample_weight is not None:
            weight = _data.free_name("weight", table.names)
            table.add_numbers(weight, np.asarray(sample_weight, dtype=np.float64))
        found: dict[str, Any] = _abi.json_of("strata_model_evaluate", self._handle.pointer, table.pointer, threads_of(n_jobs),
                                             None if weight is None else weight.encode())
        return found

    def _table(self, data: Any) -> _data.Table:
        if _data.is_files(data):
            return _data.read(data)
        if _data.is_frame(data):
            return _data.table_of(data)
        array = _data.array_of(data)
        if array.ndim != 2 or 0 in array.shape:
            return _data.table_of(array, self.inputs)
        if self._names is None:
            self._names = (self.inputs, _abi.texts(self.inputs))
        names, encoded = self._names
        if len(names) != array.shape[1]:
            raise ValueError(f"X has {array.shape[1]} features, but the model is expecting {len(names)} features as input"
                             f": {_few(names)}")
        table = _data.Table("X")
        table.add_columns(array, names, encoded)
        return table

    def _predicted(self, data: Any, n_jobs: int | None) -> tuple[Array, Array | None]:
        table = self._table(data)
        lib = _abi.library()
        m, k = table.rows, int(lib.strata_model_columns(self._handle.pointer))
        values = np.empty((m, k))
        has_labels = len(self.describe()["classes"]) == k
        labels = np.empty(m, dtype=np.int64) if has_labels else None
        _abi.check(lib.strata_model_predict(self._handle.pointer, table.pointer, threads_of(n_jobs), values.ctypes.data,
                                            values.size, None if labels is None else labels.ctypes.data, None))
        return values, labels

    def predictor(self) -> Predictor | None:
        """What predicts few rows of numbers fast; None where an input is no number."""
        if self._predictor is False:
            words = any(each.get("type", "number") != "number" or each["shape"] for each in self.describe()["inputs"])
            self._predictor = None if words else Predictor(self._handle, self.describe())
        return self._predictor

    # --- looking inside ---

    def trace(self, data: Any, example: int | None = None, layer: int | None = None, network: int = 0,
              target: Any = None) -> Trace:
        """One forward and, where the data have the target, one backward pass.

        `example`: one row, counted from 0; None: all at once. `layer`: None: all. `network`: of a model of several.
        `target`: as of `evaluate`.
        """
        table = self._table(data)
        if target is not None:
            _targets.add(table, self.describe()["target"], target, is_class=self.task != "regression")
        lib = _abi.library()
        handle = _abi.made("trace", self._handle.pointer, table.pointer, -1 if example is None else example,
                           -1 if layer is None else layer, network)
        found = _abi.Matrix()
        trace = Trace(float(lib.strata_trace_cost(handle.pointer)), {}, {}, {})
        for index in range(lib.strata_trace_matrices(handle.pointer)):
            _abi.check(lib.strata_trace_matrix(handle.pointer, index, ctypes.byref(found)))
            name = found.file.decode()
            flat = np.ctypeslib.as_array(found.values, (found.rows * found.cols,)).copy()
            trace.matrices[name] = flat.reshape((found.rows, found.cols), order="F")
            trace.equations[name] = found.equation.decode()
            trace.layers[name] = found.layer
        return trace

    def check_gradients(self, data: Any, examples: int = 0, network: int = 0, target: Any = None) -> dict[str, Any]:
        """Compares every gradient with a difference of the cost, in float64, on the first `examples` rows (0: all), as
        `strata check-gradients --json` prints it: "passed", and of each matrix the error."""
        table = self._table(data)
        if target is not None:
            _targets.add(table, self.describe()["target"], target, is_class=self.task != "regression")
        found: dict[str, Any] = _abi.json_of("strata_check_gradients", self._handle.pointer, table.pointer, examples, network)
        return found

    def summary(self) -> str:
        """A few lines to read: task and target, inputs, layers, training and its figures."""
        about = self.describe()
        training = about["training"]
        units = [str(layer["W"][0]) for layer in about["layers"]]
        target = ", ".join(about["target"])
        lines = [f"{about['task']} of '{target}'" + (f": {_few(about['classes'])}" if about["classes"] else "")]
        lines.append(f"inputs: {len(about['inputs'])} ({_few(self.inputs)}), scaled: {about['scale']}")
        lines.append(f"layers: {'-'.join([str(about['layers'][0]['W'][1]), *units])}, {about['parameters']} parameters, "
                     f"{about['precision']}" + (f", the mean of {self.networks} networks" if self.networks > 1 else ""))
        lines.append(f"training: {training['rows']} rows of {training['data']}, {training['epochs']} epochs, "
                     f"{training['iterations']} updates, ended: {training['ended']}")
        for prefix in ("train_", "validation_", "out_of_fold_"):
            figures = {key[len(prefix):]: value for key, value in training.items() if key.startswith(prefix)}
            if figures:
                shown = ", ".join(f"{key} {value:.4g}" for key, value in figures.items()
                                  if isinstance(value, float) and not key.endswith("examples"))
                lines.append(f"{prefix[:-1].replace('_', ' ')}: {shown} ({figures.get('examples', 0)} rows)")
        return "\n".join(lines)


class Predictor:
    """Predicts a few rows of numbers at once, without a table: nothing but the arithmetic and a few checks."""

    def __init__(self, model: _abi.Handle, about: dict[str, Any]) -> None:
        self._handle = _abi.made("predictor", model.pointer)
        lib = _abi.library()
        self._pointer = self._handle.pointer
        self._inputs = int(lib.strata_predictor_inputs(self._pointer))
        self._outputs = int(lib.strata_predictor_outputs(self._pointer))
        self._dtype = np.float64 if about["precision"] == "float64" else np.float32
        self._calls: dict[Any, Any] = {np.dtype(np.float64): lib.strata_predictor_predict_f64}
        if self._dtype is np.float32:
            self._calls[np.dtype(np.float32)] = lib.strata_predictor_predict_f32
        self._names = [each["name"] for each in about["inputs"]]
        self._is_binary = len(about["classes"]) == 2 and self._outputs == 1

    def numbers_of(self, frame: Any, names: list[str]) -> Array | None:
        """The numbers of a frame of pandas with these columns, which are the inputs; None where they are not, or others."""
        if names != self._names or type(frame).__name__ != "DataFrame" or not _data.of_module(frame, "pandas"):
            return None
        if not 0 < len(frame) <= _FEW_ROWS or frame.columns.tolist() != names:
            return None
        values: Array = frame.to_numpy()
        if values.dtype.kind in "iu" and (values.dtype.itemsize < 8 or (np.abs(values) < 2**53).all()):
            return values.astype(np.float64)
        return values if values.dtype.kind == "f" else None

    def outputs(self, X: Any) -> Array | None:
        """(m, k) as predict_proba or the numbers of predict, in float64; None where this is not the way: too many rows,
        other data than a matrix of floating-point numbers, or a number that is wrong."""
        if type(X) is not np.ndarray or X.ndim != 2:
            return None
        m, n = X.shape
        call = self._calls.get(X.dtype)
        if call is None or n != self._inputs or not 0 < m <= _FEW_ROWS:
            return None
        flags = X.flags
        if not (flags.c_contiguous and flags.aligned):
            X = X.copy()
        A = np.empty((m, self._outputs), X.dtype)
        if call(self._pointer, X.ctypes.data, m, A.ctypes.data) != _abi.OK:
            return None
        if not self._is_binary:
            return A.astype(np.float64, copy=False)
        both = np.empty((m, 2))
        both[:, 1] = A[:, 0]
        np.subtract(1, A[:, 0], out=both[:, 0], dtype=self._dtype, casting="same_kind")  # rounded as the network rounds
        return both


def labels_of(classes: list[str]) -> Array:
    """Labels as texts, or as the numbers that all of them are when they are written as usual."""
    for kind in (int, float):
        try:
            values = [kind(each) for each in classes]
        except ValueError:
            continue
        if classes and all(_targets.text_of(value) == each for value, each in zip(values, classes)):
            return np.array(values)
    return np.array(classes, dtype=str)


def threads_of(n_jobs: int | None) -> int:
    """`n_jobs` as the library counts threads: None is 0 (as STRATA_THREADS says, else all), but 1 inside joblib's workers,
    of which there are as many as processors already; −1 is all processors, −2 all but one."""
    if n_jobs is None:
        return 1 if in_worker() else 0
    if isinstance(n_jobs, bool) or not hasattr(n_jobs, "__index__"):
        raise TypeError(f"n_jobs: expected a whole number or None, found {n_jobs!r}")
    count = int(n_jobs)
    if count < 0:
        count = max(1, len(os.sched_getaffinity(0)) + 1 + count)
    if not 1 <= count <= 1024:
        raise ValueError(f"n_jobs: expected −1 or less, or 1 to 1024, found {n_jobs}")
    return count


def in_worker() -> bool:
    """Is this one of the workers of joblib, in a process or a thread of its own?"""
    import sys

    parallel = sys.modules.get("joblib.parallel")
    if parallel is None:
        return False
    level = getattr(parallel.get_active_backend()[0], "nesting_level", 0)
    return bool(level)


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
