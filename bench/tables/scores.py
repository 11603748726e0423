"""How good predictions are, in plain Python: the area under the ROC curve, log-loss, accuracy, RMSE."""

import csv
import math

# What a task is ranked by.
METRIC = {"binary": "auc", "multiclass": "log_loss", "regression": "rmse"}
LEAST = 1e-15  # a probability below this counts as this: log-loss is finite


def auc(truth, score):
    """The area under the ROC curve, by ranks; equal scores share theirs. truth: true or false of each."""
    order = sorted(range(len(score)), key=lambda i: score[i])
    ranks, i = 0.0, 0
    while i < len(order):
        j = i
        while j < len(order) and score[order[j]] == score[order[i]]:
            j += 1
        ranks += sum(truth[k] for k in order[i:j]) * (i + j + 1) / 2
        i = j
    right = sum(truth)
    return (ranks - right * (right + 1) / 2) / (right * (len(truth) - right))


def log_loss(truth, classes, rows):
    """The mean of -ln of the probability of the right class. rows: a probability of each class."""
    at = {name: k for k, name in enumerate(classes)}
    return -sum(math.log(max(row[at[y]], LEAST)) for y, row in zip(truth, rows, strict=True)) / len(truth)


def accuracy(truth, classes, rows):
    return sum(classes[max(range(len(row)), key=row.__getitem__)] == y for y, row in zip(truth, rows, strict=True)) / len(truth)


def rmse(truth, rows):
    return math.sqrt(sum((float(y) - row[0]) ** 2 for y, row in zip(truth, rows, strict=True)) / len(truth))


def figures(task, truth, classes, rows):
    """{metric: value}. truth: the cells of the target; rows: of each the probabilities of the classes, or one number."""
    if task == "regression":
        return {"rmse": rmse(truth, rows)}
    found = {"accuracy": accuracy(truth, classes, rows), "log_loss": log_loss(truth, classes, rows)}
    if task == "binary":
        found["auc"] = auc([y == classes[1] for y in truth], [row[1] for row in rows])
    return found


def error(metric, value):
    """What is to be small: 1 - AUC, log-loss, RMSE."""
    return 1 - value if metric in ("auc", "accuracy") else value


def read_predictions(file):
    """(classes, rows) of what `strata predict` prints: columns probability_CLASS, or one of numbers."""
    with open(file, newline="") as lines:
        header, *rows = csv.reader(lines)
    prefix = "probability_"
    columns = [k for k, name in enumerate(header) if name.startswith(prefix)] or [len(header) - 1]
    return [header[k].removeprefix(prefix) for k in columns], [[float(row[k]) for k in columns] for row in rows]
