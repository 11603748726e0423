"""The official safetensors library opens the model files of Strata, and finds the same numbers in them.

usage: check_safetensors.py PROGRAM      the program model_exchange of the build

Opens the files with the Python code of docs/formats.md, computes the predictions from nothing but what they say, and compares them
with those of Strata. Then the official library writes each file anew, in its own order, and Strata must read that.
"""

import datetime
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

VENV = Path(__file__).resolve().parents[2] / "build" / "venv" / "bin" / "python"

try:
    import numpy as np
    from safetensors.numpy import save_file
except ImportError as error:
    if VENV.exists() and os.environ.get("STRATA_IN_VENV") != "1":
        os.execve(VENV, [str(VENV), *sys.argv], {**os.environ, "STRATA_IN_VENV": "1"})
    sys.exit(f"{error}: run ./dev setup, which makes an environment with numpy and safetensors in build/venv")


def code_of_the_docs():
    page = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text()
    code, = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert "assert" in code, "the code of the page must check the checksum"
    return compile(code, "docs/formats.md", "exec")


def opened(file):
    """Whatever the code of the page sets: tensors, metadata, model, crc."""
    variables = {"file": file}
    exec(CODE, variables)
    return variables


def parts_of(days):
    """The parts of a date."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=round(days * 86_400_000))
    return {"year": when.year, "month": when.month, "day": when.day, "weekday": when.isoweekday(), "hour": when.hour}


def encoded(raw, about, tensors):
    """The columns of X of one example, not yet scaled, and which of them are scaled."""
    x, scaled, at = [], [], 0

    def add(value, is_scaled=False):
        x.append(value)
        scaled.append(is_scaled)

    for entry in about["inputs"]:
        width, kind, levels = math.prod(entry["shape"]), entry.get("type", "number"), entry.get("levels", [])
        value = raw[at]
        missing = math.isnan(value)
        if kind == "yes/no":
            add(0 if missing or value == 2 else 2 * value - 1, about.get("scaled-levels", False))
        elif entry.get("embedded"):
            add(len(levels) if missing else value)
        elif kind == "category":
            for level in range(len(levels) + entry.get("pooled", False)):
                add(float(value == level), about.get("scaled-levels", False))
        else:
            fill = entry.get("fill", tensors["scaling.offset"][len(x)] if about["scaling"] == "standard" else math.nan)
            numbers = [fill if math.isnan(number) else number for number in raw[at:at + width]]
            for part in entry.get("parts", []):
                add(parts_of(numbers[0])[part], True)
            for number in numbers:
                add(number, True)
        if entry.get("missing") and kind != "yes/no" and not entry.get("embedded"):
            add(float(missing))
        at += width
    return np.array(x, dtype=float), np.array(scaled)


def normal_of_share(quantiles, x):
    """The normal quantile of the share below x; where several quantiles are x, of the middle of them."""
    shares = np.linspace(0, 1, len(quantiles))
    first, behind = np.searchsorted(quantiles, x, "left"), np.searchsorted(quantiles, x, "right")
    share = shares[first:behind].mean() if behind > first else np.interp(x, quantiles, shares)
    return statistics.NormalDist().inv_cdf(min(max(share, 1e-7), 1 - 1e-7))


def scaled_example(x, is_scaled, tensors, about):
    if about["scaling"] == "1/255":
        return np.where(is_scaled, x / 255, x)
    if about["scaling"] == "none":
        return x
    offset, divisor = tensors["scaling.offset"], tensors["scaling.divisor"]
    t = np.divide(x - offset, divisor, out=np.zeros_like(x), where=divisor != 0)
    if about["scaling"] == "robust":
        return np.where(is_scaled, t / np.sqrt(1 + (t / 3) ** 2), x)
    if about["scaling"] == "quantile":
        begin = 0
        for j, count in enumerate(about["quantiles"]):
            if count > 0:
                t[j] = normal_of_share(tensors["scaling.quantiles"][begin:begin + count], x[j])
            begin += count
    return t


def staged(X, tensors, stage):
    """A[0] of the rows X, an example a row."""
    numbers = levels = pieces = 0
    parts = []
    for x, row in zip(X.T, stage.get("rows", [{"embedding": "none"}] * X.shape[1])):
        if row["embedding"] == "levels":
            E = tensors["E"][levels:levels + row["levels"]]
            parts.append(E[np.where((x >= 0) & (x < len(E)), x, len(E) - 1).astype(int)])
            levels += row["levels"]
            continue
        if row["embedding"] == "piecewise":
            b, T = np.array(row["edges"]), len(row["edges"]) - 1
            e = np.clip((x[:, None] - b[:-1]) / np.diff(b), 0, 1)
            bent = e @ tensors["V"][pieces:pieces + T] if T > 0 else 0
            parts.append(x[:, None] * tensors["U"][numbers] + bent + tensors["c"][numbers])
            numbers, pieces = numbers + 1, pieces + T
            continue
        parts.append(x[:, None])
        if row["embedding"] == "periodic":
            q = stage["periodic-units"]
            cosines = np.cos(2 * np.pi * np.outer(x, tensors["F"][numbers]) + tensors["phi"][numbers])
            parts.append(cosines @ tensors["V"][q * numbers:q * (numbers + 1)].T + tensors["c"][numbers])
            numbers += 1
    return np.concatenate(parts, axis=1) * tensors.get("s", 1)


def selu(Z):
    return 1.0507009873554805 * np.where(Z > 0, Z, 1.6732632423543772 * np.expm1(np.minimum(Z, 0)))


def said(X, tensors, about):
    """A[L] of one network for X (m, n_x), as it sees them, an example a row."""
    A = X.astype(about["precision"])
    functions = {"relu": lambda Z: np.maximum(Z, 0), "tanh": np.tanh, "selu": selu,
                 "mish": lambda Z: Z * np.tanh(np.log1p(np.exp(Z)))}
    layers = [functions[layer["activation"]] for layer in about["architecture"]["hidden"]]
    if "stage" in about["architecture"]:
        A = staged(A, tensors, about["architecture"]["stage"])
    for l, function in enumerate([*layers, lambda Z: Z], start=1):
        Z = A @ tensors[f"W{l}"] + tensors[f"b{l}"]
        A = Z + tensors.get(f"a{l}", 1) * (function(Z) - Z)
    loss = about["architecture"]["loss"]
    if loss == "binary-cross-entropy":
        return 1 / (1 + np.exp(-A))
    if loss == "categorical-cross-entropy":
        return softmax(A)
    return A


def softmax(Z):
    powers = np.exp(Z - Z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def mean_said(X, tensors, about):
    """A[L] of several networks: their mean, calibrated by the temperature."""
    A = 0
    for i in range(about["networks"]):
        prefix = f"networks.{i}."
        own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        A = A + tensors["shares"][i] * said(X, own, about)
    temperature = about.get("temperature", 1)
    if temperature != 1 and about["architecture"]["loss"] == "binary-cross-entropy":
        return 1 / (1 + np.exp(-np.log(A / (1 - A)) / temperature))
    return A if temperature == 1 else softmax(np.log(A) / temperature)


def predict(X, tensors, about):
    """X (m, n), the raw numbers of an example a row."""
    X = np.array([scaled_example(*encoded(raw, about, tensors), tensors, about) for raw in X])
    A = mean_said(X, tensors, about) if "networks" in about else said(X, tensors, about)
    if about["target"]["scaled"]:
        A = A * tensors["target.divisor"] + tensors["target.offset"]
    if about["target"].get("clamped"):
        A = np.clip(A, tensors["target.least"], tensors["target.largest"])
    return A


def predict_by_strata(program, file):
    return subprocess.run([program, "predict", file], capture_output=True, text=True)


def check(file, expected, program, folder):
    found = opened(file)
    tensors, metadata, about = found["tensors"], found["metadata"], found["model"]
    version = {"typed": "2", "staged": "4", "networks": "5", "pieces": "6"}.get(file.stem.split("_")[0], "1")
    assert metadata["format"] == "strata" and metadata["format_version"] == version, metadata
    dtype = np.dtype(about["precision"])
    first = "networks.0." if "networks" in about else ""

    for l, (W, b) in enumerate(zip(expected["W"], expected["b"]), start=1):
        stored = tensors[f"{first}W{l}"]
        assert stored.dtype == dtype and stored.flags.c_contiguous, (l, stored.dtype)
        assert np.array_equal(stored.T, np.array(W)), f"W{l} is not the transpose of W[{l}]"
        assert np.array_equal(tensors[f"{first}b{l}"], np.array(b)), f"b{l}"
    assert f"{first}W{len(expected['W']) + 1}" not in tensors

    X = np.array([math.nan if x is None else x for x in expected["X"]]).reshape(expected["examples"], -1)
    A = np.array(expected["A"]).reshape(expected["examples"], -1)
    np.testing.assert_allclose(predict(X, tensors, about), A, rtol=1e-12 if dtype == np.float64 else 2e-5)

    # Written by the other library: the same model, in the order of the names.
    again = folder / "again.strata"
    save_file(tensors, again, metadata)
    result = predict_by_strata(program, again)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["A"] == expected["A"], "predictions of the file that Python wrote"

    # A weight changed on purpose needs a new checksum, and is then taken.
    tensors[f"{first}b1"] = tensors[f"{first}b1"] + dtype.type(0.5)
    save_file(tensors, again, metadata)
    result = predict_by_strata(program, again)
    assert result.returncode == 1 and "checksum" in result.stderr, result.stderr
    try:
        opened(again)
    except AssertionError:
        pass
    else:
        raise AssertionError("the code of the page does not notice a changed weight")
    right, = re.findall("its checksum is ([0-9a-f]{8})", result.stderr)
    save_file(tensors, again, {**metadata, "crc32": right})
    assert opened(again)["metadata"]["crc32"] == right
    result = predict_by_strata(program, again)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["A"] != expected["A"]


CODE = code_of_the_docs()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([program, "write", folder], check=True)
        models = sorted(folder.glob("*.json"))
        assert len(models) >= 11, models
        for expected in models:
            check(expected.with_suffix(".strata"), json.loads(expected.read_text()), program, folder)
            print(f"{expected.stem}: the same numbers")


if __name__ == "__main__":
    main()
