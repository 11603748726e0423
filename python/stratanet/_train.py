"""Training: data and options in, a model out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _abi, _calls, _data, _model, _options, _targets

Array = np.ndarray[Any, Any]


class ColumnError(KeyError, ValueError):
    """A column that the data do not have."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def train(data: Any, target: Any = None, *, recipe: str | None = None, sample_weight: Any = None, eval_set: Any = None,
          n_jobs: int | None = None, data_name: str | None = None, verbose: bool = False,
          on_epoch: Callable[[dict[str, Any]], Any] | None = None, on_cost: Callable[[dict[str, Any]], Any] | None = None,
          continue_from: _model.Model | None = None, **options: Any) -> _model.Model:
    """Trains a model on a frame, an array, or files, as `strata train` does: the same options give the same bits.

    `data`: a frame (pandas, polars, pyarrow, what has `__arrow_c_stream__`), an array (m, n) whose columns are x0, x1, …,
    or a path or a list of paths of files that `strata train` reads. `target`: the name of a column, or several; or an array
    or a series (m,) of labels or numbers, (m, k) for several; None: the last column.
    `sample_weight`: (m,), how much each row counts. `eval_set`: (X, y), rows to measure on that are not trained on.
    `on_epoch(report)`: after each epoch, with a dict; True ends the training with what is trained. `on_cost(report)`: the
    same of each reported cost. `continue_from`: a model that is trained further; its columns, target and network stay.
    `data_name`: what the record of the model calls the data. All options of docs/parameters.md, with `_` for `-`.

    Raises TypeError for an unknown option, ValueError, FileNotFoundError, FloatingPointError, and what a function raises.
    """
    _options.require_known("train", options, _OWN)
    if n_jobs is not None:
        if options.get("threads") is not None:
            raise ValueError("n_jobs and threads both say how many threads compute; give one of them")
        options["threads"] = _model.threads_of(n_jobs)
    elif options.get("threads") is None and _model.in_worker():
        options["threads"] = 1
    calls = _calls.Calls(verbose, on_epoch, on_cost)
    if _data.is_files(data):
        if sample_weight is not None or eval_set is not None or continue_from is not None:
            raise ValueError("sample_weight, eval_set and continue_from are for data in memory; of files give the options "
                             "weight_column and validation, and read them to continue a model")
        given = options if target is None else {**options, "target": target}
        return _fitted_files(data, _options.options_of(given, recipe), calls)
    held: Array | None = None
    if eval_set is not None:
        data, target, sample_weight, held = _with_eval_set(data, target, sample_weight, eval_set)
    table = _data.table_of(data, name=data_name)
    if target is not None:
        options["target"] = _target_names(table, target, options.get("task"))
    for what, values in (("weight", sample_weight), ("validation", held)):
        if values is None:
            continue
        if options.get(f"{what}_column") is not None:
            raise ValueError(f"{'sample_weight' if what == 'weight' else 'eval_set'} and {what}_column both say it; give "
                             "one of them")
        options[f"{what}_column"] = _data.free_name(what, table.names)
        table.add_numbers(options[f"{what}_column"], np.asarray(values, dtype=np.float64))
    return fitted(table, options, recipe, calls, continue_from)


_OWN = ("recipe", "sample_weight", "eval_set", "n_jobs", "data_name", "verbose", "on_epoch", "on_cost", "continue_from")


def fitted(table: _data.Table, options: dict[str, Any], recipe: str | None, calls: _calls.Calls,
           continue_from: _model.Model | None = None) -> _model.Model:
    """The model of a table that has all fields."""
    handle = _options.options_of(options, recipe, table.names)
    lib = _abi.library()
    if continue_from is None:
        pointer = calls.made(lib.strata_train, table.pointer, handle.pointer)
    else:
        model = continue_from._handle
        pointer = calls.made(lib.strata_continue, table.pointer, model.pointer, handle.pointer)
    trained = _model_of(pointer, calls)
    table.require_unchanged()
    return trained


def _fitted_files(data: Any, options: _abi.Handle, calls: _calls.Calls) -> _model.Model:
    paths = [os.fsdecode(each) for each in (data if isinstance(data, (list, tuple)) else [data])]
    return _model_of(calls.made(_abi.library().strata_train_files, _abi.texts(paths), len(paths), options.pointer), calls)


def _model_of(pointer: int | None, calls: _calls.Calls) -> _model.Model:
    fit = _abi.Handle("fit", pointer)
    model = _model.Model(_abi.made("model", fit.pointer, call="strata_fit_model"))
    model.report = _abi.json_of("strata_fit_describe", fit.pointer)
    model.notes = calls.notes
    model.history = calls.epochs
    lib = _abi.library()
    rows = int(lib.strata_fit_out_of_fold_rows(fit.pointer))
    if rows > 0:
        which = np.empty(rows, dtype=np.int64)
        values = np.empty((rows, int(lib.strata_model_columns(model._handle.pointer))))
        _abi.check(lib.strata_fit_out_of_fold(fit.pointer, which.ctypes.data, values.ctypes.data))
        model.out_of_fold = which, values
    return model


def _target_names(table: _data.Table, target: Any, task: Any) -> Any:
    """The names of the target; one of values becomes a field of the table first."""
    is_names = isinstance(target, (list, tuple)) and len(target) > 0 and all(isinstance(each, str) for each in target) and (
        len(target) != table.rows or all(each in table.names for each in target))
    if isinstance(target, str) or is_names:
        for name in [target] if isinstance(target, str) else target:
            if name not in table.names:
                raise ColumnError(f"target: the data have no column '{name}'{_options.nearest(name, table.names)}")
        return target
    name = getattr(target, "name", None)
    if isinstance(name, str) and name in table.names:
        raise ValueError(f"target: the data have a column '{name}' too, so that the answer would be an input; give the name "
                         "alone, or leave the column out of the data")
    names = [_data.free_name(name if isinstance(name, str) else "target", table.names)]
    y = np.asarray(target)
    if y.ndim == 2 and y.shape[1] > 1:
        names = [_data.free_name(f"target{k}", table.names) for k in range(y.shape[1])]
    _targets.add(table, names, y, is_class=y.dtype.kind not in "iuf" or task in ("binary", "classes"))
    return names if len(names) > 1 else names[0]


def _with_eval_set(data: Any, target: Any, weight: Any, eval_set: Any) -> tuple[Any, Any, Any, Array]:
    """The rows to train on and those to measure on in one, their target and weights, and which rows are held."""
    y: Any = target
    if target is None or isinstance(target, str):
        X, X_held, weight_held = data, eval_set, None
    else:
        if not isinstance(eval_set, tuple) or len(eval_set) not in (2, 3):
            raise ValueError("eval_set: expected (X, y) or (X, y, sample_weight): rows to measure on that are not trained on")
        X, X_held, weight_held = data, eval_set[0], eval_set[2] if len(eval_set) == 3 else None
        y = np.concatenate([np.asarray(target), np.asarray(eval_set[1])])
    if not _data.is_frame(X):
        X, X_held = _data.array_of(X), _data.array_of(X_held, "eval_set")
        if X.ndim != 2 or X_held.ndim != 2 or X.shape[1] != X_held.shape[1]:
            raise ValueError(f"eval_set: the rows to train on have the shape {X.shape}, those to measure on {X_held.shape}")
    weights = None
    if weight is not None or weight_held is not None:
        weights = np.concatenate([np.ones(len(each)) if given is None else np.asarray(given, dtype=np.float64)
                                  for each, given in ((X, weight), (X_held, weight_held))])
    held = np.repeat([0.0, 1.0], [len(X), len(X_held)])
    return _data.stacked(X, X_held), y, weights, held


def load(file: str | os.PathLike[str]) -> _model.Model:
    """Reads the file of a model. Raises FileNotFoundError, and ValueError for what is damaged, foreign or newer."""
    return _model.Model.load(file)


def describe(data: Any, target: str | None = None, **options: Any) -> Any:
    """What a table, a file or a model is, as `strata describe --json` and `strata inspect --json` print it: a dict.

    `target`: a column, whose relation to the others is looked at too. `options`: those of reading files.
    """
    if isinstance(data, _model.Model):
        return data.describe()
    _options.require_known("describe", options, ("target",))
    if _data.is_files(data):
        files: Sequence[Any] = data if isinstance(data, (list, tuple)) else [data]
        if len(files) == 1 and os.fsdecode(files[0]).endswith(".strata"):
            return load(files[0]).describe()
        return _data.read(data, _options.options_of(options)).describe(target)
    return _data.table_of(data).describe(target)
