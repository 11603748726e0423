"""Estimators of scikit-learn, which is imported with this module."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d, validate_data

from . import _calls, _data, _model, _names, _options, _targets, _train
from ._parameters import ClassifierParameters, RegressorParameters

Array = np.ndarray[Any, Any]
Self = TypeVar("Self", bound="_Estimator")

_busy: set[int] = set()
_busy_lock = threading.Lock()


@contextmanager
def _one_fit(estimator: Any) -> Iterator[None]:
    """Raises RuntimeError where another thread fits the same estimator."""
    with _busy_lock:
        if id(estimator) in _busy:
            raise RuntimeError(f"this {type(estimator).__name__} is being fitted by another thread; give each thread an "
                               "estimator of its own, with sklearn.base.clone")
        _busy.add(id(estimator))
    try:
        yield
    finally:
        with _busy_lock:
            _busy.discard(id(estimator))


# What says when a training ends, or what it is measured on: none of it in partial_fit.
_OF_WHOLE_FITS = {"max_iter", "epochs", "iterations", "time_limit", "tol", "patience", "monitor", "min_delta", "validation",
                  "validation_column", "validation_fraction", "n_iter_no_change", "early_stopping", "folds"}


def _weights_of(sample_weight: Any, rows: int) -> Array | None:
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.ndim == 0:
        weights = np.full(rows, weights)
    if weights.shape != (rows,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected ({rows},)!")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample_weight: expected finite numbers of at least 0")
    if not weights.any():
        raise ValueError("sample_weight: the weight of every row is zero, so that none counts")
    return weights


class _Estimator:
    """What a classifier and a regressor have in common."""

    def fit(self: Self, X: Any, y: Any, sample_weight: Any = None, *, eval_set: Any = None,
            on_epoch: Callable[[dict[str, Any]], Any] | None = None) -> Self:
        """Trains on the rows of X (m, n): an array of real numbers, or a frame whose columns may be words, dates and
        numbers; y: (m,), or (m, k) for several outputs or labels.

        `sample_weight`: (m,), how much each row counts. `eval_set`: (X, y), rows to measure on that are not trained on.
        `on_epoch(report)`: after each epoch; True ends the training with what is trained. Raises ValueError, TypeError.
        """
        with _one_fit(self):
            options, recipe = _names.resolved(self._parameters())
            X = self._features(X, reset=not self._goes_on())
            y = self._targets(X, y, reset=not self._goes_on())
            calls = _calls.Calls(bool(self.verbose), on_epoch)  # type: ignore[attr-defined]
            return self._fitted(X, y, sample_weight, eval_set, calls, options, recipe, self._goes_on())

    def partial_fit(self: Self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One pass over these rows. The first call decides what the features are, their scaling with it, and the classes,
        all of which a classifier is told of then in `classes`; the rule of the updates begins anew in each call."""
        with _one_fit(self):
            if self.early_stopping:  # type: ignore[attr-defined]
                raise ValueError("partial_fit does not support early_stopping=True: there is no last epoch")
            is_first = not hasattr(self, "model_")
            curve = [] if is_first else self.loss_curve_
            self._at_first(classes, is_first)
            X = self._features(X, reset=is_first)
            y = self._targets(X, y, reset=False)
            given = {name: value for name, value in self._parameters().items() if name not in _OF_WHOLE_FITS}
            options, recipe = _names.resolved(given)
            options["epochs"] = 1
            if is_first:
                options.setdefault("schedule", "constant")
            elif "threads" in options:
                options = {"epochs": 1, "threads": options["threads"]}
            else:
                options = {"epochs": 1}
            # Few rows lack much, which says nothing of all of them.
            calls = _calls.Calls(bool(self.verbose), warns=False)  # type: ignore[attr-defined]
            self._fitted(X, y, sample_weight, None, calls, options, recipe or "plain", not is_first)
            self.loss_curve_ = curve + self.loss_curve_
            self.n_iter_ = len(self.loss_curve_)
            return self

    def _parameters(self) -> dict[str, Any]:
        given: dict[str, Any] = self.get_params(deep=False)  # type: ignore[attr-defined]
        return given

    def _goes_on(self) -> bool:
        return bool(self.warm_start) and hasattr(self, "model_")  # type: ignore[attr-defined]

    def _features(self, X: Any, reset: bool) -> Any:
        """X, checked as scikit-learn does; reset: it says what the features are."""
        if _data.is_frame(X):
            if _data.of_module(X, "pandas"):
                validate_data(self, X, reset=reset, skip_check_array=True)
            else:
                self._check_names(X, reset)
            least = 2 if reset else 1
            if len(X) < least:
                raise ValueError(f"Found array with {len(X)} sample(s) while a minimum of {least} is required by "
                                 f"{type(self).__name__}.")
            return X
        if _data.of_module(X, "torch"):
            X = _data.array_of(X)
        return validate_data(self, X, reset=reset, dtype="numeric", ensure_all_finite="allow-nan",
                             ensure_min_samples=2 if reset else 1)

    def _check_names(self, frame: Any, reset: bool) -> None:
        """Of a frame whose names not every version of scikit-learn finds: what it says of those of pandas."""
        from . import _frames

        names = _frames.names_of(frame)
        if names is None:
            raise TypeError(f"X is a {type(frame).__name__} without names of columns; give a frame of polars or pyarrow")
        if reset:
            self.feature_names_in_ = np.array(names, dtype=object)
            self.n_features_in_ = len(names)
            return
        seen = self.feature_names_in_.tolist() if hasattr(self, "feature_names_in_") else names
        if names == seen:
            return
        lines = ["The feature names should match those that were passed during fit."]
        for what, missing in (("unseen at fit time", [each for each in names if each not in seen]),
                              ("seen at fit time, yet now missing", [each for each in seen if each not in names])):
            if missing:
                lines += [f"Feature names {what}:", *[f"- {each}" for each in missing[:5]]]
        if len(lines) == 1:
            lines.append("Feature names must be in the same order as they were in fit.")
        raise ValueError("\n".join(lines) + "\n")

    def _fitted(self: Self, X: Any, y: Array, sample_weight: Any, eval_set: Any, calls: _calls.Calls,
                options: dict[str, Any], recipe: str | None, goes_on: bool) -> Self:
        rows = len(y)
        weights = _weights_of(sample_weight, rows)
        if not goes_on:
            self._require_classes(y, weights)
        held = None
        if eval_set is not None:
            X, y, weights, held = self._with_held(X, y, weights, eval_set)
        table = _data.table_of(X, name=self.data_name)  # type: ignore[attr-defined]
        names = self.model_.describe()["target"] if goes_on else self._target_names(table, y)
        self._add_targets(table, names, y)
        if not goes_on:
            options["target"] = names
            self._spell_class_weights(options)
        for what, values in (("weight", weights), ("validation", held)):
            if values is not None:
                if options.get(f"{what}_column") is not None:
                    raise ValueError(f"{'sample_weight' if what == 'weight' else 'eval_set'} and {what}_column say the "
                                     "same; give one of them")
                options[f"{what}_column"] = _data.free_name(what, table.names)
                table.add_numbers(options[f"{what}_column"], values)
        if goes_on:
            model = _train.fitted(table, options, None, calls, self.model_)
        else:
            model = _train.fitted(table, {**options, **self._task(y)}, recipe, calls)
        self._take(model)
        repeats = self.importance_repeats  # type: ignore[attr-defined]
        if repeats is not None:
            from sklearn.inspection import permutation_importance

            found = permutation_importance(self, X[:rows], self._labels(y[:rows]), n_repeats=repeats, random_state=0)
            self.feature_importances_ = found.importances_mean
        return self

    def _with_held(self, X: Any, y: Array, weights: Array | None, eval_set: Any) -> tuple[Any, Array, Array | None, Array]:
        if isinstance(eval_set, list) and len(eval_set) == 1:
            eval_set = eval_set[0]
        if not isinstance(eval_set, tuple) or len(eval_set) not in (2, 3):
            raise ValueError("eval_set: expected (X, y) or (X, y, sample_weight): rows to measure on that are not trained on")
        X_held = self._features(eval_set[0], reset=False)
        y_held = self._targets(X_held, eval_set[1], reset=False)
        of_held = _weights_of(eval_set[2], len(y_held)) if len(eval_set) == 3 else None
        if weights is not None or of_held is not None:
            weights = np.concatenate([np.ones(len(y)) if weights is None else weights,
                                      np.ones(len(y_held)) if of_held is None else of_held])
        held = np.repeat([0.0, 1.0], [len(y), len(y_held)])
        return _data.stacked(X, X_held), np.concatenate([y, y_held]), weights, held

    def _take(self, model: _model.Model) -> None:
        """What a fit leaves."""
        self.model_ = model
        record = model.describe()["training"]
        folds = sorted({epoch.get("fold", 0) for epoch in model.history})
        of_first = [epoch for epoch in model.history if epoch.get("fold", 0) == folds[0]] if folds else []
        self.loss_curve_ = [epoch["cost"] for epoch in of_first]
        self.validation_curve_ = [epoch["validation_loss"] for epoch in of_first if "validation_loss" in epoch] or None
        self.best_epoch_ = int(record["epochs"])
        self.n_iter_ = int(record.get("epochs_tried") or record["epochs"])
        self.loss_ = float(record["cost"]) if record.get("cost") is not None else float("nan")
        self.n_layers_ = len(model.describe()["layers"]) + 1
        self.n_outputs_ = int(model.describe()["layers"][-1]["W"][0])

    @property
    def coefs_(self) -> list[Array]:
        """(n_l−1, n_l) of each layer, of the first network where there are several."""
        return [self.model_.parameters(f"W{l}").T for l in range(1, self._layers() + 1)]

    @property
    def intercepts_(self) -> list[Array]:
        """(n_l,) of each layer, of the first network where there are several."""
        return [self.model_.parameters(f"b{l}")[:, 0] for l in range(1, self._layers() + 1)]

    def _layers(self) -> int:
        if not hasattr(self, "model_"):
            raise AttributeError(f"this {type(self).__name__} is not fitted yet")
        return len(self.model_.describe()["layers"])

    def _outputs(self, X: Any) -> Array:
        """What predict_proba, or predict of numbers, says of the rows, in the model's order."""
        check_is_fitted(self)
        X = self._features(X, reset=False)
        n_jobs: int | None = self.n_jobs  # type: ignore[attr-defined]
        return self.model_._predicted(X, n_jobs)[0]

    def _few(self, X: Any) -> Array | None:
        """The same of a few rows of an array, with nothing around it; None where this is not the way."""
        own = self.__dict__
        model: _model.Model | None = own.get("model_")
        predictor = None if model is None else model.predictor()
        if predictor is None:
            return None
        names = own.get("feature_names_in_")
        return predictor.outputs(X if names is None else predictor.numbers_of(X, names.tolist()))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.allow_nan = True
        return tags

    @classmethod
    def from_model(cls: type[Self], model: Any) -> Self:
        """The estimator of a Model, or of the file of one, as if it had been fitted here."""
        if not isinstance(model, _model.Model):
            model = _model.Model.load(model)
        made = cls()
        is_numbers = model.task == "regression"
        if is_numbers != isinstance(made, StrataRegressor):
            raise ValueError(f"the model predicts {'numbers' if is_numbers else 'classes'}; take "
                             f"{'StrataRegressor' if is_numbers else 'StrataClassifier'}.from_model")
        made.n_features_in_ = len(model.inputs)
        if model.inputs != _data.column_names(len(model.inputs)):
            made.feature_names_in_ = np.array(model.inputs, dtype=object)
        made._from_model(model)
        made._take(model)
        return made

    # --- of each kind ---

    n_features_in_: int
    loss_curve_: list[float]
    feature_names_in_: Array
    feature_importances_: Array

    def _task(self, y: Array) -> dict[str, str]:
        raise NotImplementedError

    def _targets(self, X: Any, y: Any, reset: bool) -> Array:
        raise NotImplementedError

    def _labels(self, y: Array) -> Array:
        return y

    def _spell_class_weights(self, options: dict[str, Any]) -> None:
        """Labels become the words that the library has for them."""

    def _require_classes(self, y: Array, weights: Array | None) -> None:
        """Raises ValueError where there is nothing to tell apart."""

    def _from_model(self, model: _model.Model) -> None:
        """What is known of the target."""

    def _at_first(self, classes: Any, is_first: bool) -> None:
        """What partial_fit is told of the target."""

    def _target_names(self, table: _data.Table, y: Array) -> list[str]:
        if y.ndim == 1:
            return [_data.free_name("target", table.names)]
        return [_data.free_name(f"target{k}", table.names) for k in range(y.shape[1])]

    def _add_targets(self, table: _data.Table, names: list[str], y: Array) -> None:
        _targets.add(table, names, y, is_class=False)


class StrataClassifier(ClassifierMixin, _Estimator, ClassifierParameters):
    """A network that says which class a row is of.

    Without arguments it trains what `strata train` does without options. As soon as a parameter of the network or of its
    training is given, by Strata's name or by scikit-learn's, it begins with recipe='plain' unless one is named.
    """

    __doc__ += (ClassifierParameters.__doc__ or "").partition("\n")[2]  # the parameters

    def _task(self, y: Array) -> dict[str, str]:
        return {"task": "binary"} if y.ndim == 2 else {}

    def _targets(self, X: Any, y: Any, reset: bool) -> Array:
        """Which of classes_ each row has, or 0 and 1 of several labels (m, k)."""
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        y = np.asarray(y)
        _targets.require_no_missing(y)
        check_consistent_length(X, y)
        if y.ndim == 2 and y.shape[1] > 1:
            y = np.asarray(check_array(y, dtype="numeric"))
            if type_of_target(y) != "multilabel-indicator":
                raise ValueError("y: several labels a row are expected as 0 and 1, (m, k); found other numbers")
            if reset:
                self.classes_ = np.arange(y.shape[1])
                self._is_multilabel, self._by_place = True, False
            labels: Array = y.astype(np.int8)
            return labels
        y = column_or_1d(y, warn=True)
        if y.dtype.kind == "f":
            check_classification_targets(y)  # which other labels are, bytes too
        if reset:
            self._is_multilabel = self._by_place = False
            self.classes_, found = _targets.classes_of(y)
            return found
        return self._which(y)

    def _which(self, y: Array) -> Array:
        """Which of the classes that are known. Raises ValueError for another."""
        labels, which = _targets.classes_of(y)
        place = {label: k for k, label in enumerate(self.classes_.tolist())}
        unknown = [label for label in labels.tolist() if label not in place]
        if unknown:
            raise ValueError(f"y has the class {unknown[0]!r}, which is not one of the classes {self.classes_.tolist()}")
        return np.array([place[label] for label in labels.tolist()], dtype=np.int64)[which]

    def _labels(self, y: Array) -> Array:
        return y if y.ndim == 2 else self.classes_[y]

    def _require_classes(self, y: Array, weights: Array | None) -> None:
        if y.ndim == 2:
            return
        counting = y if weights is None else y[weights > 0]
        found = len(np.unique(counting))
        if found < 2:
            of_weight = "" if weights is None else ", of rows with a weight above 0"
            raise ValueError(f"y has {found} class{'' if found == 1 else 'es'}{of_weight}, and a classifier tells at least "
                             "2 classes apart")

    def _spell_class_weights(self, options: dict[str, Any]) -> None:
        weights = options.get("class_weights")
        if not isinstance(weights, dict) or self._is_multilabel:
            return
        words = dict(zip(self.classes_.tolist(), self._words()))
        unknown = [label for label in weights if label not in words]
        if unknown:
            raise ValueError(f"class_weight: {unknown[0]!r} is none of the classes {self.classes_.tolist()}")
        options["class_weights"] = {words[label]: weight for label, weight in weights.items()}

    def _words(self) -> list[str]:
        """What the library calls the classes."""
        return [str(k) for k in range(len(self.classes_))] if self._by_place else _targets.texts_of(self.classes_)

    def _at_first(self, classes: Any, is_first: bool) -> None:
        if not is_first:
            if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(f"`classes={np.unique(classes)}` is not the same as on last call to partial_fit, was: "
                                 f"{self.classes_}")
            return
        if classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        self.classes_, _ = _targets.classes_of(np.asarray(classes))
        self._is_multilabel = False
        self._by_place = True  # all of them, of which the first rows may lack some

    def _add_targets(self, table: _data.Table, names: list[str], y: Array) -> None:
        if y.ndim == 2:
            return _targets.add(table, names, y, is_class=False)
        if self._by_place:
            return table.add_numbers(names[0], np.eye(len(self.classes_), dtype=np.int8)[y])
        return table.add_words(names[0], self._words(), y)

    def _take(self, model: _model.Model) -> None:
        super()._take(model)
        self._columns: list[int] | None = None
        if self._is_multilabel:
            return
        of_model = model.describe()["classes"]
        columns = [of_model.index(word) if word in of_model else -1 for word in self._words()]
        self._columns = None if columns == list(range(len(of_model))) else columns

    def _from_model(self, model: _model.Model) -> None:
        self._by_place = False
        self._is_multilabel = len(model.describe()["target"]) > 1 and model.task == "binary"
        self.classes_ = np.arange(len(model.describe()["target"])) if self._is_multilabel else np.sort(model.classes)

    def predict_proba(self, X: Any) -> Array:
        """(m, K): the probability of each of the classes_; of several labels, of each of them."""
        found = self._few(X)
        if found is None:
            found = self._outputs(X)
        columns = self._columns
        if columns is None:
            return found
        taken = found[:, columns]
        taken[:, [k for k, column in enumerate(columns) if column < 0]] = 0
        return taken

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of predict_proba."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def predict(self, X: Any) -> Array:
        """(m,): the most likely class of each row; of several labels (m, k), 1 and 0."""
        probabilities = self.predict_proba(X)
        if self._is_multilabel:
            return (probabilities > 0.5).astype(np.int64)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class StrataRegressor(RegressorMixin, _Estimator, RegressorParameters):
    """A network that says a number of a row, or several.

    Without arguments it trains what `strata train` does without options. As soon as a parameter of the network or of its
    training is given, by Strata's name or by scikit-learn's, it begins with recipe='plain' unless one is named.
    """

    __doc__ += (RegressorParameters.__doc__ or "").partition("\n")[2]  # the parameters

    def _task(self, y: Array) -> dict[str, str]:
        return {"task": "regression"}

    def _targets(self, X: Any, y: Any, reset: bool) -> Array:
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y")
        check_consistent_length(X, y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return np.asarray(y)

    def predict(self, X: Any) -> Array:
        """(m,), or (m, k) of several outputs, in the units of y."""
        found = self._few(X)
        if found is None:
            found = self._outputs(X)
        return found[:, 0] if found.shape[1] == 1 else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
