"""What is to be predicted: labels of any kind as words of a table, numbers as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _data

Array = np.ndarray[Any, Any]


def text_of(label: Any) -> str:
    """A label as the same table has it in a CSV file: 3 for 3.0, True for True."""
    if isinstance(label, (bytes, np.bytes_)):
        return label.decode("utf-8", "replace")
    if isinstance(label, (float, np.floating)) and float(label).is_integer() and abs(label) < 2**53:
        return str(int(label))
    if isinstance(label, np.generic):
        label = label.item()
    return repr(label) if isinstance(label, float) else str(label)


def texts_of(classes: Sequence[Any] | Array) -> list[str]:
    """A word for each class, all of them different: its text; its number, counted from 0, where texts do not do."""
    texts = [text_of(label) for label in classes]
    if len(set(texts)) < len(texts) or any(not text.strip() or "\0" in text for text in texts):
        return [str(k) for k in range(len(texts))]
    return texts


def require_no_missing(y: Array, what: str = "y") -> None:
    """Raises ValueError where a label or a number is missing, with its row."""
    if y.dtype.kind == "f":
        missing = np.isnan(y)
    elif y.dtype.kind == "O":
        missing = np.array([each is None or each != each or type(each).__name__ in ("NAType", "NaTType")
                            for each in y.ravel()], dtype=bool).reshape(y.shape)
    else:
        return
    if missing.any():
        first = int(np.argwhere(missing)[0][0])
        raise ValueError(f"Input {what} contains NaN in {int(missing.sum())} of {y.size} places, the first in row {first} "
                         "(counted from 0); leave these rows out")


def classes_of(y: Array) -> tuple[Array, Array]:
    """The different labels in their order, and which of them each row has. Raises TypeError for labels without an order."""
    require_no_missing(y)
    try:
        classes, which = np.unique(y, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(each).__name__ for each in y.ravel()})
        raise TypeError(f"y holds labels of different types, {' and '.join(kinds)}, which have no order; make them of one"
                        " type, for example texts") from error
    return classes, which.reshape(y.shape)


def add(table: _data.Table, names: Sequence[str], target: Any, is_class: bool) -> None:
    """The target of a model as fields of a table with these names: labels as words, numbers as numbers. (m,) or (m, k)."""
    y = np.asarray(target)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 1 and len(names) == 1:
        if is_class:
            classes, which = classes_of(y)
            table.add_words(names[0], texts_of(classes), which)
        else:
            require_no_missing(y)
            table.add_numbers(names[0], y)
        return
    require_no_missing(y)
    if len(names) == 1:
        table.add_numbers(names[0], y)
    elif y.ndim == 2 and y.shape[1] == len(names):
        for k, name in enumerate(names):
            table.add_numbers(name, y[:, k])
    else:
        raise ValueError(f"the target has the shape {y.shape}; expected ({table.rows}, {len(names)}): "
                         f"{', '.join(names)}")
