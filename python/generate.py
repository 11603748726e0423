"""Writes stratanet/_parameters.py: what the estimators take, from the library's own table of options.

    STRATANET_LIBRARY=…/libstrata_c.so python generate.py           # compares, and says what differs
    STRATANET_LIBRARY=…/libstrata_c.so python generate.py --write
"""

import pathlib
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "stratanet" / "_parameters.py"

# Options that an estimator does not take: y and its class say the first two, the others are about files and reports.
NOT_TAKEN = {"target", "task", "separator", "header", "comment", "transpose", "bad_rows", "report_every"}

# Names beside those of the options: the type, and what they say.
OTHERS = {
    "recipe": ("str | None", "Begin with a named set of options: {recipes}. None: the size of the table and its classes "
                             "decide, or plain as soon as a parameter of the net or its training is given."),
    "hidden_layer_sizes": ("Any", "scikit-learn's name of hidden_layers."),
    "solver": ("str | None", "'adam', or 'sgd': optimizer='nesterov', or 'momentum' with nesterovs_momentum=False."),
    "alpha": ("float | None", "scikit-learn's name of l2."),
    "learning_rate_init": ("float | None", "scikit-learn's name of learning_rate."),
    "max_iter": ("int | None", "scikit-learn's name of epochs."),
    "random_state": ("Any", "scikit-learn's name of seed; a RandomState draws one."),
    "beta_1": ("float | None", "scikit-learn's name of beta1."),
    "beta_2": ("float | None", "scikit-learn's name of beta2."),
    "nesterovs_momentum": ("bool | None", "With solver='sgd'; None: yes."),
    "early_stopping": ("bool | None", "True: validation_fraction of the rows is held back, and the epoch that does best on "
                                      "it is kept (validation and patience). False: all rows are trained on."),
    "validation_fraction": ("float | None", "With early_stopping; None: 0.1."),
    "n_iter_no_change": ("int | None", "Epochs without a better one after which the training stops: with early_stopping "
                                       "(None: 10) patience, else tol_epochs, with tol=1e-4 where none is given."),
    "class_weight": ("Any", "scikit-learn's name of class_weights: a dict of labels and weights, or 'balanced'."),
    "n_jobs": ("int | None", "Threads; None: as STRATA_THREADS says, else all, and one inside joblib's workers."),
    "importance_repeats": ("int | None", "So many permutations of each feature measure feature_importances_; None: none."),
    "data_name": ("str | None", "What the record of the model calls the data."),
    "warm_start": ("bool", "fit goes on from the model that is there."),
    "verbose": ("bool", "Tells what was chosen and, on a terminal or in a notebook, how far the training is."),
}
ONLY_CLASSIFIER = {"class_weight", "class_weights", "label_smoothing", "calibrate"}
ONLY_REGRESSOR = {"scale_target", "clamp_target", "huber_delta", "quantile"}

HEAD = '''"""Made by generate.py from the table of options: change that."""

from typing import Any

from sklearn.base import BaseEstimator


class _Parameters(BaseEstimator):
    def _set(self, given: dict[str, Any]) -> None:
        """The arguments of __init__, as they are."""
        for name, value in given.items():
            if name != "self":
                setattr(self, name, value)


_OF_BOTH = """\\
'''


def described(name, text):
    return textwrap.fill(text, 119, initial_indent=f"    {name}: ", subsequent_indent="        ", break_long_words=False,
                         break_on_hyphens=False)


def class_of(kind, parameters, own, left_out):
    lines = [f"class {kind}Parameters(_Parameters):", '    __doc__ = f"""'
             f"What a Strata{kind} takes.", "", "    A parameter that is None is not set, and has its default.", "",
             *[described(name, text) for name, (_, text) in parameters.items() if name in own], "{_OF_BOTH}", '    """', "",
              "    def __init__(", "        self,", "        *,"]
    for name, (hint, _) in parameters.items():
        if name not in left_out:
            lines.append(f"        {name}: {hint} = {'False' if hint == 'bool' else 'None'},")
    return "\n".join([*lines, "    ) -> None:", "        self._set(locals())"])


def page():
    sys.path.insert(0, str(HERE))
    from stratanet import _options

    options = {name: option._replace(help=option.help.replace("\\", "\\\\")) for name, option in _options.table().items()}
    recipes = "; ".join(f"{name}: {text.split('.')[0]}" for name, text in _options.recipes().items())
    others = {name: (hint, text.format(recipes=recipes)) for name, (hint, text) in OTHERS.items()}
    parameters = {name: ("Any", f"{option.help} Default: {option.default or 'not set'}. Values: {option.range}.")
                  for name, option in options.items() if name not in NOT_TAKEN}
    parameters.update(others)
    of_both = [described(name, text) for name, (_, text) in parameters.items() if name not in ONLY_CLASSIFIER | ONLY_REGRESSOR]
    kinds = (("Classifier", ONLY_CLASSIFIER, ONLY_REGRESSOR), ("Regressor", ONLY_REGRESSOR, ONLY_CLASSIFIER))
    return HEAD + "\n".join(of_both) + '"""\n' + "".join(f"\n\n{class_of(kind, parameters, own, left_out)}\n"
                                                       for kind, own, left_out in kinds)


def main():
    text = page()
    if "--write" in sys.argv:
        FILE.write_text(text)
    elif not FILE.exists() or FILE.read_text() != text:
        sys.exit(f"{FILE} is not what the table of options says; write it with: generate.py --write")


if __name__ == "__main__":
    main()
