"""The published unit cases of the notes' functions, made again from what was published: the seeds, the order of the draws and
the few numbers that were written down. They are those of the course exercise "Building your Deep Neural Network: Step by
Step" (deeplearning.ai, "Neural Networks and Deep Learning", week 4), in all the versions of it that printed other numbers.

    published_cases.py --write          writes published_cases.json beside this file
    published_cases.py --check          that file is what this script writes
    published_cases.py --against FILE   inputs and results are those of FILE, to every digit that was printed there

Ends with 77 (skipped) where FILE is not there. The published results are the ones computed here, rounded to 8 decimals.
"""

import argparse
import json
import math
import os
import pathlib
import sys

import numpy as np

CASES = pathlib.Path(__file__).with_name("published_cases.json")
ABOUT = ("Unit cases of the course exercise 'Building your Deep Neural Network: Step by Step' (deeplearning.ai, 'Neural Networks "
         "and Deep Learning', week 4): published seeds and results, computed again in float64 by published_cases.py")


def drawn(seed, *shapes):
    """np.random.seed(seed), then randn in the published order: {"W": (1, 3)} and so on."""
    np.random.seed(seed)
    return {name: np.random.randn(*shape) for name, shape in shapes}


def product(A, B):
    """A B, every element rounded once, so that the digits are the same on every machine."""
    return np.array([[math.fsum(a * b for a, b in zip(row, column)) for column in B.T] for row in A])


def mean_of_columns(A):
    return np.array([[math.fsum(row) / A.shape[1]] for row in A])


def sigmoid(Z):
    return np.array([[1 / (1 + math.exp(-z)) for z in row] for row in Z])


def relu(Z):
    return np.maximum(0, Z)


def initialize(dims, seed, scale):
    np.random.seed(seed)
    out = {}
    for l in range(1, len(dims)):
        out[f"W{l}"] = np.random.randn(dims[l], dims[l - 1]) * scale
        out[f"b{l}"] = np.zeros((dims[l], 1))
    return out


def linear_backward(dZ, A_prev, W):
    m = A_prev.shape[1]
    return {"dA_prev": product(W.T, dZ), "dW": product(dZ, A_prev.T) / m, "db": mean_of_columns(dZ)}


def sigmoid_backward(dA, Z):
    s = sigmoid(Z)
    return dA * s * (1 - s)


def model_forward(at):
    Z1 = product(at["W1"], at["X"]) + at["b1"]
    A1 = relu(Z1)
    Z2 = product(at["W2"], A1) + at["b2"]
    return {"AL": sigmoid(Z2), "Z1": Z1, "A1": A1, "Z2": Z2}


def model_backward(at):
    """Un-fused, as the notes write it: AL is no probability here, and the caches do not belong together."""
    AL, Y = at["AL"], at["Y"]
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    last = linear_backward(sigmoid_backward(dAL, at["Z2"]), at["A_prev2"], at["W2"])
    first = linear_backward(last["dA_prev"] * (at["Z1"] > 0), at["A_prev1"], at["W1"])
    return {"dA1": last["dA_prev"], "dW2": last["dW"], "db2": last["db"],
            "dA0": first["dA_prev"], "dW1": first["dW"], "db1": first["db"]}


def cases():
    """(id, function, inputs, results)"""
    for n_x in (3, 2):
        yield (f"initialize_parameters/{n_x}-2-1", "initialize_parameters",
               {"n_x": n_x, "n_h": 2, "n_y": 1, "seed": 1, "scale": 0.01}, initialize((n_x, 2, 1), 1, 0.01))
    yield ("initialize_parameters_deep/5-4-3", "initialize_parameters_deep",
           {"layer_dims": np.array([5.0, 4.0, 3.0]), "seed": 3, "scale": 0.01}, initialize((5, 4, 3), 3, 0.01))

    at = drawn(1, ("A", (3, 2)), ("W", (1, 3)), ("b", (1, 1)))
    yield "linear_forward/seed1", "linear_forward", at, {"Z": product(at["W"], at["A"]) + at["b"]}

    at = drawn(2, ("A_prev", (3, 2)), ("W", (1, 3)), ("b", (1, 1)))
    Z = product(at["W"], at["A_prev"]) + at["b"]
    yield ("linear_activation_forward/sigmoid/seed2", "linear_activation_forward", {**at, "activation": "sigmoid"},
           {"A": sigmoid(Z), "Z": Z})

    at = drawn(1, ("X", (4, 2)), ("W1", (3, 4)), ("b1", (3, 1)), ("W2", (1, 3)), ("b2", (1, 1)))
    yield "L_model_forward/2layer/seed1", "L_model_forward", at, model_forward(at)

    AL = np.array([[0.8, 0.9, 0.4]])
    yield ("compute_cost/111", "compute_cost", {"AL": AL, "Y": np.ones((1, 3))},
           {"cost": np.array(-math.fsum(math.log(a) for a in AL[0]) / 3)})

    for n, n_prev, m in ((1, 3, 2), (3, 5, 4)):
        at = drawn(1, ("dZ", (n, m)), ("A_prev", (n_prev, m)), ("W", (n, n_prev)), ("b", (n, 1)))
        yield f"linear_backward/{n}x{m}", "linear_backward", at, linear_backward(at["dZ"], at["A_prev"], at["W"])

    at = drawn(2, ("dA", (1, 2)), ("A_prev", (3, 2)), ("W", (1, 3)), ("b", (1, 1)), ("Z", (1, 2)))
    yield ("linear_activation_backward/sigmoid/seed2", "linear_activation_backward", {**at, "activation": "sigmoid"},
           linear_backward(sigmoid_backward(at["dA"], at["Z"]), at["A_prev"], at["W"]))

    at = drawn(3, ("AL", (1, 2)), ("A_prev1", (4, 2)), ("W1", (3, 4)), ("b1", (3, 1)), ("Z1", (3, 2)), ("A_prev2", (3, 2)),
               ("W2", (1, 3)), ("b2", (1, 1)), ("Z2", (1, 2)))
    at["Y"] = np.array([[1.0, 0.0]])
    results = model_backward(at)
    yield "L_model_backward/seed3", "L_model_backward", at, results
    # An older version names the gradients one layer higher: its dA1 is today's dA0.
    yield ("L_model_backward/seed3/old-naming", "L_model_backward", at,
           {"dW1": results["dW1"], "db1": results["db1"], "dA1": results["dA0"]})

    shapes = (("W1", (3, 4)), ("b1", (3, 1)), ("W2", (1, 3)), ("b2", (1, 1)))
    p, d = drawn(2, *shapes), drawn(3, *shapes)
    yield ("update_parameters/lr0.1", "update_parameters",
           {"learning_rate": 0.1, **p, **{"d" + name: value for name, value in d.items()}},
           {name: p[name] - 0.1 * d[name] for name in p})


def array(values, digits=None):
    """As JSON. Inputs have all digits; results have 15, which no rounding of an exponential changes."""
    data = [float(x) + 0.0 if digits is None else float(f"{x:.{digits}g}") + 0.0 for x in values.ravel()]
    return {"shape": list(values.shape), "data": data}


def text():
    lines = []
    for name, function, inputs, results in cases():
        parts = [f'"id": {json.dumps(name)}, "function": {json.dumps(function)}']
        for key, values, digits in (("inputs", inputs, None), ("results", results, 15)):
            members = [f"  {json.dumps(k)}: {json.dumps(array(v, digits) if isinstance(v, np.ndarray) else v)}"
                       for k, v in values.items()]
            parts.append(f' {json.dumps(key)}: {{\n' + ",\n".join(members) + "\n }")
        lines.append("{" + ",\n".join(parts) + "}")
    return f'{{"about": {json.dumps(ABOUT)},\n"cases": [\n' + ",\n".join(lines) + "\n]}\n"


def decimals(x):
    return max(8, len(repr(x).partition(".")[2].partition("e")[0]))  # trailing zeros are not in a JSON number


def faults(own, published):
    """Inputs bit for bit; every result rounded to the decimals that were printed."""
    if [c["id"] for c in own] != [c["id"] for c in published]:
        yield "the published cases are others, or in another order"
        return
    for mine, theirs in zip(own, published):
        if mine["function"] != theirs["function"] or mine["inputs"] != theirs["inputs"]:
            yield f"{mine['id']}: the inputs are not the published ones"
        for name, wanted in theirs["published"].items():
            found = mine["results"].get(name, {"shape": None, "data": []})
            if found["shape"] != wanted["shape"]:
                yield f"{mine['id']}: {name} has another shape"
            for x, printed in zip(found["data"], wanted["data"]):
                # A number with more digits than ours is compared to ours.
                if round(x, decimals(printed)) != printed and not (decimals(printed) > 14 and abs(x - printed) < 1e-15):
                    yield f"{mine['id']}: {name}: {x} is not {printed}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--against")
    arguments = parser.parse_args()
    made = text()
    if arguments.write:
        CASES.write_text(made)
    if arguments.check and CASES.read_text() != made:
        sys.exit(f"{CASES.name} is not what {os.path.basename(__file__)} writes; look at both, then run it with --write")
    if arguments.against:
        if not os.path.exists(arguments.against):
            print("skipped: the published cases in the shared reference data are not here")
            sys.exit(77)
        with open(arguments.against, encoding="utf-8") as stream:
            published = json.load(stream)["cases"]
        own = json.loads(made)["cases"]
        found = list(faults(own, published))
        # The comparison must go red when one digit changes.
        own[3]["results"]["Z"]["data"][0] += 1e-8
        if not found and len(list(faults(own, published))) != 1:
            found.append("the comparison accepts a changed digit")
        if found:
            sys.exit("\n".join(found))
    print(f"{len(json.loads(made)['cases'])} cases")


if __name__ == "__main__":
    main()
