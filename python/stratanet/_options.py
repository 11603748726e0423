"""Options as keyword arguments: the names and values of Python become those of the library's own table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from . import _abi

# Options whose value is names of columns, which may have commas of their own, or words.
_NAMES = frozenset({"target", "inputs", "numeric", "categorical", "date", "ignore", "missing"})
# What belongs to every recipe: who sets only these still gets the recipe that suits the table
# (docs/decisions/0018-default-recipe.md).
_OF_EVERY_RECIPE = frozenset({"seed", "members", "precision", "monitor", "metrics", "patience", "min_delta"})


class Option(NamedTuple):
    """A row of the library's table of options, with the name that it has in Python."""

    name: str
    value: str
    group: str
    default: str
    range: str
    help: str


_table: dict[str, Option] | None = None


def table() -> dict[str, Option]:
    """All options, by their names in Python."""
    global _table
    if _table is None:
        rows = _abi.json_of("strata_describe_options")["options"]
        options = [Option(row["name"].replace("-", "_"), row["value"], row["group"], row["default"], row["range"],
                          row["help"]) for row in rows]
        _table = {option.name: option for option in options}
    return _table


def recipes() -> dict[str, str]:
    """What each recipe is."""
    return {row["name"]: row["help"] for row in _abi.json_of("strata_describe_options")["recipes"]}


def nearest(name: str, names: Iterable[str]) -> str:
    """"; did you mean 'epochs'?", or nothing where no name is near."""
    import difflib  # here, for only a mistake needs it

    found = difflib.get_close_matches(name.lower().replace("-", "_"), list(names), 1, 0.6)
    return f"; did you mean '{found[0]}'?" if found else ""


def quoted(name: str) -> str:
    """A name as a list of names takes it."""
    if any(sign in name for sign in ',":') or name != name.strip() or not name:
        return '"' + name.replace('"', '""') + '"'
    return name


def _is_sequence(value: Any) -> bool:
    return isinstance(value, (list, tuple, range)) or (hasattr(value, "__array__") and
                                                                       getattr(value, "ndim", 0) == 1)


def _truth(option: Option, value: bool) -> str:
    """Which of the words of an option True and False are: 'yes' and 'no', or 'none' and the only other one."""
    words = option.range.replace(";", ",").split(", ")
    if "yes" in words and "no" in words:
        return "yes" if value else "no"
    nothing = [word for word in words if word in ("none", "fixed")]
    if nothing and not value:
        return nothing[0]
    others = [word for word in words if word not in nothing]
    if nothing and len(others) == 1 and " " not in others[0]:
        return others[0]
    raise TypeError(f"{option.name}: expected {option.range}, found {value}")


def _one(option: Option, value: Any) -> str:
    """The text of a value that is no list."""
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        return path if isinstance(path, str) else os.fsdecode(path)
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return _truth(option, bool(value))
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()  # a number of NumPy's
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    raise TypeError(f"{option.name}: expected {option.range or 'a text'}, found {value!r} of type "
                    f"{type(value).__name__}")


def text_of(option: Option, value: Any, known: Iterable[str] = ()) -> str:
    """The text that the library takes for a value of Python. `known`: names of the data, for options that name some.

    Raises TypeError for a type that no option has.
    """
    if isinstance(value, Mapping):
        return ",".join(f"{quoted(str(key))}:{_one(option, each)}" for key, each in value.items())
    if option.name in _NAMES:
        if isinstance(value, str):
            return quoted(value) if value in known else value
        if _is_sequence(value):
            return ",".join(quoted(str(each)) for each in value)
    if _is_sequence(value):
        values = list(value)
        if not values and option.name == "hidden_layers":
            return "none"
        return ",".join(_one(option, each) for each in values)
    return _one(option, value)


def require_known(function: str, names: Iterable[str], others: Iterable[str] = ()) -> None:
    """Raises TypeError for the first name that is no option, with the nearest one. `others`: what `function` takes too."""
    for name in names:
        if name not in table():
            raise TypeError(f"{function}() has no option '{name}'{nearest(name, [*table(), *others])}")


def says_how_to_train(names: Iterable[str]) -> bool:
    """Is one of these options of the network or its training, so that these are the user's own?"""
    return any(table()[name].group in ("Network", "Training") and name not in _OF_EVERY_RECIPE for name in names)


def options_of(given: Mapping[str, Any], recipe: str | None = None, known: Iterable[str] = ()) -> _abi.Handle:
    """The options of the library with these set, but for those that are None."""
    if given.get("epochs") is not None and given.get("iterations") is not None:
        raise ValueError("iterations and epochs both say how long to train; give one of them")  # the last one would count
    options = _abi.made("options")
    lib = _abi.library()
    if recipe is not None:
        _abi.check(lib.strata_options_set_recipe(options.pointer, _abi.encoded(recipe)))
    for name, value in given.items():
        if value is not None:
            text = _abi.encoded(text_of(table()[name], value, known))
            _abi.check(lib.strata_options_set(options.pointer, name.encode(), text))
    return options
