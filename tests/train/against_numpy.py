"""Trains the same networks from the same arrays in NumPy, float64, and with the program, and compares every cost.

The NumPy side is written from the equations alone: un-fused, examples in columns. Usage: against_numpy.py STRATA
"""

import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ITERATIONS = 25


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "softplus": (lambda z: np.log1p(np.exp(z)), sigmoid),
}


def head(task, z):
    if task == "binary":
        return sigmoid(z)
    if task == "classes":
        e = np.exp(z - z.max(axis=0))
        return e / e.sum(axis=0)
    return z


def loss(task, a, y):
    if task == "binary":
        return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
    if task == "classes":
        return -np.sum(y * np.log(a))
    return 0.5 * np.sum((a - y) ** 2)


def train(task, g_name, optimizer, l2, decay, rate, X, Y, parameters):
    g, derivative = ACTIVATIONS[g_name]
    parameters = [array.copy() for array in parameters]
    first = [np.zeros_like(array) for array in parameters]
    second = [np.zeros_like(array) for array in parameters]
    m, L, costs = X.shape[1], len(parameters) // 2, []
    for t in range(1, ITERATIONS + 1):
        A, Z = [X], [None]
        for l in range(L):
            Z.append(parameters[2 * l] @ A[-1] + parameters[2 * l + 1])
            A.append(g(Z[-1]) if l < L - 1 else head(task, Z[-1]))
        costs.append(loss(task, A[-1], Y) / m + l2 / (2 * m) * sum(np.sum(W * W) for W in parameters[::2]))
        gradients, dZ = [None] * len(parameters), A[-1] - Y
        for l in reversed(range(L)):
            W = parameters[2 * l]
            gradients[2 * l] = dZ @ A[l].T / m + l2 / m * W
            gradients[2 * l + 1] = dZ.sum(axis=1, keepdims=True) / m
            if l > 0:
                dZ = (W.T @ dZ) * derivative(Z[l])
        for i, (p, d, v, s) in enumerate(zip(parameters, gradients, first, second)):
            p -= rate * (decay if i % 2 == 0 else 0) * p  # beside the step, of what W is before it
            if optimizer == "gradient-descent":
                p -= rate * d
            elif optimizer == "momentum":
                v[:] = 0.9 * v + 0.1 * d
                p -= rate * v
            else:
                v[:] = 0.9 * v + 0.1 * d
                s[:] = 0.999 * s + 0.001 * d * d
                p -= rate * (v / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    return costs


def main(program):
    random = np.random.RandomState(7)
    m, n_x, hidden = 37, 4, [6, 5]
    X = random.randn(n_x, m)
    worst, runs = 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for task, g_name, optimizer, (l2, decay) in itertools.product(
                ("binary", "classes", "regression"), ACTIVATIONS, ("gradient-descent", "momentum", "adam"),
                ((0, 0), (0.7, 0), (0, 0.7))):
            n_y = 3 if task == "classes" else 1
            label = random.randint(0, n_y if task == "classes" else 2, m)
            label[:n_y + 1] = np.arange(n_y + 1) % (n_y if task == "classes" else 2)
            target = random.randn(m) if task == "regression" else label
            Y = np.eye(3)[label].T if task == "classes" else target[None, :].astype(float)
            sizes = [n_x, *hidden, n_y]
            parameters = []
            for n_prev, n in zip(sizes, sizes[1:]):
                parameters += [random.randn(n, n_prev) / np.sqrt(n_prev), 0.1 * random.randn(n, 1)]
            names = [f"{letter}{l}" for l in range(1, len(sizes)) for letter in "Wb"]
            np.savez(folder / "weights.npz", **dict(zip(names, parameters)))
            np.savez(folder / "data.npz", X=X.T, y=target)
            rate = 0.05
            command = [program, "train", folder / "data.npz", "--target", "y", "--task", task, "--scale", "none", "--precision",
                       "float64", "--hidden-layers", "6,5", "--activation", g_name, "--optimizer", optimizer, "--l2", str(l2), "--weight-decay", str(decay),
                       "--learning-rate", str(rate), "--batch-size", "full", "--iterations", str(ITERATIONS),
                       "--report-every", "1", "--initializer", folder / "weights.npz", "--json", "--output",
                       folder / "model.strata"]
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"{command}\n{done.stderr}")
            events = [json.loads(line) for line in done.stdout.splitlines()]
            found = [event["cost"] for event in events if event["event"] == "cost"]
            expected = train(task, g_name, optimizer, l2, decay, rate, X, Y, parameters)
            if len(found) != ITERATIONS:
                sys.exit(f"{len(found)} costs")
            difference = max(abs(a / b - 1) for a, b in zip(found, expected))
            worst, runs = max(worst, difference), runs + 1
            if not difference < 1e-10:
                sys.exit(f"{task} {g_name} {optimizer} l2={l2} decay={decay}: the costs differ by {difference:.1e}")
        # Arrays that do not fit are refused before training.
        np.savez(folder / "wrong.npz", W1=np.zeros((6, 3)), b1=np.zeros((6, 1)))
        command[command.index("--initializer") + 1] = folder / "wrong.npz"
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 2 or "there is no array 'W2'" not in done.stderr:
            sys.exit(f"a missing array: exit code {done.returncode}, {done.stderr}")
    print(f"{runs} trainings of {ITERATIONS} steps, largest relative difference of a cost {worst:.1e}")


if __name__ == "__main__":
    main(sys.argv[1])
