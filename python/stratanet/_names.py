"""From the parameters of an estimator, with scikit-learn's names among them, to options and a recipe."""

from __future__ import annotations

from typing import Any

from . import _model, _options

_ACTIVATIONS = {"logistic": "sigmoid"}
_SAME = {"hidden_layer_sizes": "hidden_layers", "alpha": "l2", "learning_rate_init": "learning_rate", "max_iter": "epochs",
         "beta_1": "beta1", "beta_2": "beta2", "random_state": "seed", "class_weight": "class_weights", "n_jobs": "threads"}


def _conflict(one: str, other: str) -> ValueError:
    return ValueError(f"{one} and {other} say the same; give one of them")


def _put(options: dict[str, Any], name: str, value: Any, by: str) -> None:
    if options.get(name) is not None:
        raise _conflict(by, name)
    options[name] = value


def _seed(value: Any) -> int:
    if hasattr(value, "randint"):
        return int(value.randint(2**31 - 1))
    if hasattr(value, "integers"):
        return int(value.integers(2**31 - 1))
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"random_state: expected a whole number, a RandomState or None, found {value!r}")
    return int(value)


def _optimizer(given: dict[str, Any], options: dict[str, Any]) -> None:
    solver, nesterov = given.get("solver"), given.get("nesterovs_momentum")
    if nesterov is not None and solver != "sgd":
        raise ValueError("nesterovs_momentum belongs to solver='sgd'; leave it out, or name optimizer='nesterov'")
    if solver is None:
        return
    if solver == "lbfgs":
        raise NotImplementedError("solver='lbfgs' is none of Strata's optimizers; take 'adam' or 'sgd'")
    if solver not in ("adam", "sgd"):
        raise ValueError(f"solver: expected 'adam' or 'sgd', found {solver!r}; Strata's own optimizers are named by "
                         "optimizer=")
    name = "adam" if solver == "adam" else "momentum" if nesterov is False else "nesterov"
    _put(options, "optimizer", name, "solver")


def _stopping(given: dict[str, Any], options: dict[str, Any]) -> None:
    early, fraction, count = (given.get(name) for name in ("early_stopping", "validation_fraction", "n_iter_no_change"))
    if early:
        _put(options, "validation", 0.1 if fraction is None else fraction, "early_stopping")
        _put(options, "patience", 10 if count is None else count, "early_stopping")
        return
    if fraction is not None:
        raise ValueError("validation_fraction belongs to early_stopping=True; without it name validation=")
    if early is False and options.get("validation") is None and options.get("validation_column") is None:
        options["validation"] = "none"
    if count is not None:
        _put(options, "tol_epochs", count, "n_iter_no_change")
        options["tol"] = 1e-4 if options.get("tol") is None else options["tol"]


def _meanings(options: dict[str, Any]) -> None:
    """Values that scikit-learn spells otherwise."""
    activation = options.get("activation")
    if isinstance(activation, str):
        options["activation"] = _ACTIVATIONS.get(activation, activation)
    if options.get("batch_size") == "auto":
        options["batch_size"] = 200
    rate = options.get("learning_rate")
    if rate == "constant":
        options["learning_rate"] = None
        _put(options, "schedule", "constant", "learning_rate='constant'")
    elif rate in ("invscaling", "adaptive"):
        raise NotImplementedError(f"learning_rate={rate!r}: Strata's learning_rate is a number, and how it falls is said by "
                                  "schedule=, for example 'cosine' or 'step'")


def resolved(given: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The options that parameters of an estimator set, and the recipe. Raises ValueError for two that say the same."""
    known = _options.table()
    options = {name: value for name, value in given.items() if name in known and value is not None}
    for name, own in _SAME.items():
        value = given.get(name)
        if value is None:
            continue
        if name == "random_state":
            value = _seed(value)
        if name == "n_jobs":
            value = _model.threads_of(value)
        _put(options, own, value, name)
    _meanings(options)
    _optimizer(given, options)
    _stopping(given, options)
    options = {name: value for name, value in options.items() if value is not None}
    if "threads" not in options and _model.in_worker():
        options["threads"] = 1
    recipe = given.get("recipe")
    if recipe is None and _options.says_how_to_train(options):
        recipe = "plain"
    return options, recipe
