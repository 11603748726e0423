"""Strata: networks for tables.

`StrataClassifier` and `StrataRegressor` are estimators of scikit-learn, which is imported when one of them is used; `train`,
`load` and `describe` need NumPy alone, and give a `Model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._calls import StrataWarning
from ._model import Model, Trace
from ._train import ColumnError, describe, load, train

if TYPE_CHECKING:
    from ._estimators import StrataClassifier, StrataRegressor

__all__ = ["ColumnError", "Model", "StrataClassifier", "StrataRegressor", "StrataWarning", "Trace", "describe", "load",
           "train"]


def __getattr__(name: str) -> Any:
    if name in ("StrataClassifier", "StrataRegressor"):
        from . import _estimators

        return getattr(_estimators, name)
    if name == "__version__":
        from . import _abi

        return _abi.library().strata_version().decode()
    raise AttributeError(f"module 'stratanet' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
