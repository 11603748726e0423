#!/usr/bin/env python3
"""metrics_by_sklearn.py: writes metrics_cases.hpp, examples and what scikit-learn says of them. Needs scikit-learn, which
./dev bench sets up: build/bench-venv/bin/python tests/model/metrics_by_sklearn.py. Where a figure is not defined scikit-learn gives 0, or the mean with a 0 in it, or a
warning; the cases have NaN there, which this script decides by the definitions.
"""

import math
import pathlib
import random
import warnings

import numpy as np
import sklearn
from sklearn import metrics as sk

HERE = pathlib.Path(__file__).resolve().parent / "metrics_cases.hpp"
NAN = math.nan


def of_question(y, p, w):
    """A question of yes or no: p is the probability of yes."""
    said = (p > 0.5).astype(int)
    both = 0 < np.sum(w[y == 1]) < np.sum(w)
    one_said = len(set(said[w > 0])) == 1
    return {
        "balanced_accuracy": sk.balanced_accuracy_score(y, said, sample_weight=w),
        "f1": sk.f1_score(y, said, sample_weight=w, zero_division=NAN),
        "mcc": sk.matthews_corrcoef(y, said, sample_weight=w) if both and not one_said else NAN,
        "roc_auc": sk.roc_auc_score(y, p, sample_weight=w) if both else NAN,
        "pr_auc": sk.average_precision_score(y, p, sample_weight=w) if np.sum(w[y == 1]) > 0 else NAN,
        "log_loss": sk.log_loss(y, p, sample_weight=w, labels=[0, 1]),
        "brier": sk.brier_score_loss(y, p, sample_weight=w, labels=[0, 1]),
    }


def of_classes(y, P, w):
    """One of several classes: P has a column for each."""
    said, labels = P.argmax(axis=1), list(range(P.shape[1]))
    shares = [np.sum(w[y == k]) for k in labels]
    several = sum(share > 0 for share in shares) > 1 and len(set(said)) > 1
    all_there = all(share > 0 for share in shares)
    by_class = [sk.roc_auc_score(y == k, P[:, k], sample_weight=w) for k in labels] if all_there else [NAN]
    return {
        "accuracy": sk.accuracy_score(y, said, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(y, said, sample_weight=w),
        "f1": sk.f1_score(y, said, sample_weight=w, average="macro"),
        "mcc": sk.matthews_corrcoef(y, said, sample_weight=w) if several else NAN,
        "roc_auc": np.mean(by_class),
        "pr_auc": sk.average_precision_score(np.eye(len(labels))[y], P, sample_weight=w) if all_there else NAN,
        "log_loss": sk.log_loss(y, P, sample_weight=w, labels=labels),
        "brier": np.average(np.sum((P - np.eye(len(labels))[y]) ** 2, axis=1), weights=w),
    }


def of_numbers(y, a, w):
    constant = any(len(set(column)) == 1 for column in y.T)
    return {
        "rmse": sk.root_mean_squared_error(y, a, sample_weight=w),
        "mae": sk.mean_absolute_error(y, a, sample_weight=w),
        "r2": NAN if constant else sk.r2_score(y, a, sample_weight=w),
        "mape": NAN if (y == 0).any() else sk.mean_absolute_percentage_error(y, a, sample_weight=w),
        "pinball": sk.mean_pinball_loss(y, a, sample_weight=w),
    }


def probabilities(dice, m, classes):
    """Of few values, so that there are ties."""
    rows = []
    for _ in range(m):
        parts = [dice.randrange(1, 9) for _ in range(classes)]
        rows.append([part / sum(parts) for part in parts])
    return np.array(rows)


def cases():
    dice = random.Random(7)
    for name, m, weighted, absent in (("binary", 40, False, False), ("binary_weighted", 40, True, False), ("binary_one", 1, False, False),
                                      ("binary_one_class", 9, True, True), ("binary_surely", 6, False, False)):
        p = np.array([dice.randrange(0, 21) / 20 for _ in range(m)])
        y = np.array([0 if absent else int(dice.random() < 0.2 + 0.6 * x) for x in p])
        if name == "binary_surely":  # all are said to be the same, and one is wrong for certain
            p, y = np.array([1, 1, 0.9, 0.8, 0.9, 1.0]), np.array([1, 0, 1, 1, 0, 1])
        w = np.array([dice.randrange(0, 7) / 2 if weighted else 1.0 for _ in range(m)])
        figures = of_question(y, p, w) | {"accuracy": sk.accuracy_score(y, p > 0.5, sample_weight=w)}
        yield name, "binary", 1, p[:, None], y[:, None], w, figures
    p = np.array([[dice.randrange(0, 21) / 20 for _ in range(3)] for _ in range(30)])
    y = (np.array([[dice.random() for _ in range(3)] for _ in range(30)]) < p).astype(int)
    w = np.array([dice.randrange(1, 5) / 4 for _ in range(30)])
    each = [of_question(y[:, q], p[:, q], w) for q in range(3)]
    figures = {key: np.mean([of[key] for of in each]) for key in each[0]}
    yield "questions", "binary", 3, p, y, w, figures | {"accuracy": sk.accuracy_score(y, (p > 0.5).astype(int), sample_weight=w)}
    for name, m, K, weighted, absent in (("classes", 50, 4, False, False), ("classes_weighted", 50, 3, True, False),
                                         ("classes_one_absent", 20, 3, False, True), ("softmax_of_two", 25, 2, True, False)):
        P = probabilities(dice, m, K)
        y = np.array([dice.choices(range(K), P[i])[0] if dice.random() < 0.6 else dice.randrange(K) for i in range(m)])
        if absent:
            y[y == 1] = 2
        w = np.array([dice.randrange(0, 7) / 4 if weighted else 1.0 for _ in range(m)])
        if K == 2:
            figures = of_question(y, P[:, 1], w) | {"accuracy": sk.accuracy_score(y, P.argmax(axis=1), sample_weight=w)}
        else:
            figures = of_classes(y, P, w)
        yield name, "classes" if K > 2 else "binary", K, P, np.eye(K)[y], w, figures
    for name, m, n, weighted in (("numbers", 30, 1, False), ("numbers_weighted", 30, 1, True), ("numbers_several", 20, 3, True),
                                 ("numbers_one", 1, 1, False), ("numbers_same", 5, 1, False), ("numbers_with_0", 5, 1, False)):
        y = np.array([[round(dice.gauss(3, 2), 3) for _ in range(n)] for _ in range(m)])
        a = np.array([[round(value + dice.gauss(0, 1), 3) for value in row] for row in y])
        if name == "numbers_same":
            y[:] = 2.5
        if name == "numbers_with_0":
            y[2] = 0
        w = np.array([dice.randrange(1, 7) / 4 if weighted else 1.0 for _ in range(m)])
        yield name, "regression", n, a, y, w, of_numbers(y, a, w)


def text():
    show = lambda x: "kNone" if math.isnan(x) else repr(float(x))
    wrapped = lambda numbers: ",\n      ".join(", ".join(map(show, numbers[i:i + 8])) for i in range(0, len(numbers), 8))
    lines = [f"// Made by metrics_by_sklearn.py with scikit-learn {sklearn.__version__}: do not edit.", "// clang-format off", "#pragma once", "",
             "#include <map>", "#include <string>", "#include <vector>", "", '#include "strata/model.hpp"', "",
             "namespace strata::testing {", "", "inline constexpr double kNone = Metrics::kNone;", "",
             "/// Example after example: what the network says, what is true (0 and 1, or numbers), and what each counts.",
             "struct MetricsCase {", "  std::string name;", "  Task task;", "  int outputs;", "  std::vector<double> a, y, w;",
             "  std::map<std::string, double> figures;", "};", "", "inline const std::vector<MetricsCase> kMetricsCases = {"]
    for name, task, n, a, y, w, figures in cases():
        weights = [] if np.all(w == 1) else list(w)
        lines.append(f'    {{"{name}", Task::{task}, {n},')
        for numbers in (a.ravel(), y.ravel(), weights):
            lines.append(f"     {{{wrapped(list(numbers))}}},")
        pairs = [f'{{"{key}", {show(value)}}}' for key, value in sorted(figures.items())]
        lines.append("     {" + ",\n      ".join(pairs) + "}},")
    return "\n".join(lines + ["};", "", "}  // namespace strata::testing", ""])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    HERE.write_text(text())
