"""Options as keyword arguments."""

import pathlib
import re

import numpy as np
import pytest

import stratanet
from stratanet import _abi, _options

ROOT = pathlib.Path(__file__).resolve().parents[3]


def text(name, value, known=()):
    return _options.text_of(_options.table()[name], value, known)


def test_the_table_is_that_of_the_documentation():
    page = (ROOT / "docs/parameters.md").read_text().split("## Recipes")[0]
    names = [name.replace("-", "_") for name in re.findall(r"^\| `--([\w-]+)", page, re.M)]
    assert list(_options.table()) == names


@pytest.mark.parametrize("name, value, expected", [
    ("hidden_layers", [64, 32], "64,32"), ("hidden_layers", (64,), "64"), ("hidden_layers", 64, "64"),
    ("hidden_layers", np.array([3, 4]), "3,4"), ("hidden_layers", [], "none"), ("hidden_layers", "64,32", "64,32"),
    ("learning_rate", 0.001, "0.001"), ("learning_rate", np.float32(0.5), "0.5"), ("learning_rate", 1e-05, "1e-05"),
    ("epochs", np.int64(7), "7"), ("dropout", [0.1, 0.2], "0.1,0.2"),
    ("class_weights", {"a": 1, "b": 5.0}, "a:1,b:5.0"), ("class_weights", {"a,b": 2, 1: 3}, '"a,b":2,1:3'),
    ("weight_decay", {"weights": 0.01, "biases": 0}, "weights:0.01,biases:0"),
    ("inputs", ["a", "b, c", 'say "x"'], 'a,"b, c","say ""x"""'), ("inputs", "a,b", "a,b"), ("target", ["y"], "y"),
    ("header", True, "yes"), ("header", False, "no"), ("slopes", True, "learned"), ("slopes", False, "fixed"),
    ("input_scale", True, "learned"), ("clamp_target", True, "training"), ("clamp_target", False, "none"),
    ("patience", False, "none"), ("embedding_size", np.False_, "none"),
    ("validation", pathlib.Path("held.csv"), "held.csv"), ("validation", 0.2, "0.2"),
])
def test_values_become_texts(name, value, expected):
    assert text(name, value) == expected
    if name not in ("validation", "class_weights") and expected != "a:1,b:5.0":
        _options.options_of({name: value})  # which the library takes


def test_a_name_of_the_data_with_a_comma_is_one_name():
    assert text("target", "size, cm", ["size, cm", "age"]) == '"size, cm"'
    assert text("target", "size, cm", ["size", "cm"]) == "size, cm"


@pytest.mark.parametrize("name, value, message", [
    ("epochs", True, "epochs: expected a whole number, at least 1, found True"),
    ("embedding_size", True, "embedding_size: expected a whole number from 1 to 1000; none, found True"),
    ("epochs", object, "epochs: expected a whole number, at least 1, found <class 'object'> of type type"),
    ("activation", {"a": object()}, "activation: expected auto, identity"),
])
def test_what_no_option_takes_is_a_type_error(name, value, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        text(name, value)


def test_none_is_not_set():
    options = _options.options_of({"epochs": None, "seed": 3})
    assert _abi.bytes_of("strata_options_get", options.pointer, b"epochs") == b""
    assert _abi.bytes_of("strata_options_get", options.pointer, b"seed") == b"3"


def test_a_recipe_is_what_others_override():
    options = _options.options_of({"hidden_layers": [5]}, "plain")
    assert _abi.bytes_of("strata_options_get", options.pointer, b"hidden-layers") == b"5"
    assert _abi.bytes_of("strata_options_get", options.pointer, b"learning-rate") == b"0.005"
    with pytest.raises(ValueError, match="recipe: expected one of plain, realmlp, classic, found 'plane'"):
        _options.options_of({}, "plane")


def test_an_unknown_option_is_a_type_error_with_the_nearest(numbers):
    with pytest.raises(TypeError, match=r"train\(\) has no option 'lerning_rate'; did you mean 'learning_rate'\?"):
        stratanet.train(*numbers, lerning_rate=0.1)
    with pytest.raises(TypeError, match=r"has no option 'sample_weights'; did you mean 'sample_weight'\?"):
        stratanet.train(*numbers, sample_weights=[1])
    with pytest.raises(TypeError, match=r"has no option 'zzz'$"):
        stratanet.train(*numbers, zzz=1)


def test_epochs_and_iterations_contradict(numbers):
    with pytest.raises(ValueError, match="iterations and epochs both say how long to train; give one of them"):
        stratanet.train(*numbers, epochs=2, iterations=3)


def test_a_wrong_value_is_a_value_error_that_names_the_option(numbers):
    with pytest.raises(ValueError, match="learning_rate: .*found '-1'"):
        stratanet.train(*numbers, learning_rate=-1)


def test_what_leaves_the_recipe_open_is_what_the_library_says(numbers):
    """An option is the user's own training exactly where the plan of a table no longer has that of its recipe."""
    import json

    from stratanet import _data

    X, y = numbers
    table = _data.table_of(X)
    table.add_numbers("target", y)
    values = {"seed": 2, "members": 3, "precision": "float64", "monitor": "accuracy", "metrics": "f1", "patience": 5,
              "min_delta": 0.1, "optimizer": "adam", "epochs": 3, "dropout": 0.2, "tol": 0.1, "validation": "none",
              "scale": "standard", "threads": 1, "l2": 0.1, "batch_size": 16, "activation": "tanh"}
    for name, value in values.items():
        options = _options.options_of({"target": "target", name: value})
        plan = json.loads(_abi.bytes_of("strata_plan", table.pointer, options.pointer, None))
        is_open = plan["options"]["members"] == "4" or name == "members" and plan["options"]["hidden-layers"] == "64,64"
        assert is_open != _options.says_how_to_train([name]), name
