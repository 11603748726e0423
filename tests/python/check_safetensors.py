"""The official safetensors library opens the model files of Strata, and finds the same numbers in them.

usage: check_safetensors.py PROGRAM      the program model_exchange of the build

Opens the files with the Python code of docs/formats.md, computes the predictions from nothing but what they say, and compares them
with those of Strata. Then the official library writes each file anew, in its own order, and Strata must read that.
"""

import json
import os
import re
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


def predict(X, tensors, about):
    """X (m, n_x), an example a row."""
    if about["scaling"] == "standard":
        X = (X - tensors["scaling.offset"]) / tensors["scaling.divisor"]
    elif about["scaling"] == "1/255":
        X = X / 255
    dtype = np.dtype(about["precision"])
    A = X.astype(dtype)
    functions = {"relu": lambda Z: np.maximum(Z, 0), "tanh": np.tanh}
    layers = [functions[layer["activation"]] for layer in about["architecture"]["hidden"]]
    for l, function in enumerate([*layers, lambda Z: Z], start=1):
        A = function(A @ tensors[f"W{l}"] + tensors[f"b{l}"])
    loss = about["architecture"]["loss"]
    if loss == "binary-cross-entropy":
        return 1 / (1 + np.exp(-A))
    if loss == "categorical-cross-entropy":
        powers = np.exp(A - A.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    if about["target"]["scaled"]:
        A = A * tensors["target.divisor"] + tensors["target.offset"]
    return A


def predict_by_strata(program, file):
    return subprocess.run([program, "predict", file], capture_output=True, text=True)


def check(file, expected, program, folder):
    found = opened(file)
    tensors, metadata, about = found["tensors"], found["metadata"], found["model"]
    assert metadata["format"] == "strata" and metadata["format_version"] == "1", metadata
    dtype = np.dtype(about["precision"])

    for l, (W, b) in enumerate(zip(expected["W"], expected["b"]), start=1):
        stored = tensors[f"W{l}"]
        assert stored.dtype == dtype and stored.flags.c_contiguous, (l, stored.dtype)
        assert np.array_equal(stored.T, np.array(W)), f"W{l} is not the transpose of W[{l}]"
        assert np.array_equal(tensors[f"b{l}"], np.array(b)), f"b{l}"
    assert f"W{len(expected['W']) + 1}" not in tensors

    X = np.array(expected["X"]).reshape(expected["examples"], -1)
    A = np.array(expected["A"]).reshape(expected["examples"], -1)
    np.testing.assert_allclose(predict(X, tensors, about), A, rtol=1e-12 if dtype == np.float64 else 2e-5)

    # Written by the other library: the same model, in the order of the names.
    again = folder / "again.strata"
    save_file(tensors, again, metadata)
    result = predict_by_strata(program, again)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["A"] == expected["A"], "predictions of the file that Python wrote"

    # A weight changed on purpose needs a new checksum, and is then taken.
    tensors["b1"] = tensors["b1"] + dtype.type(0.5)
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
        assert len(models) >= 4, models
        for expected in models:
            check(expected.with_suffix(".strata"), json.loads(expected.read_text()), program, folder)
            print(f"{expected.stem}: the same numbers")


if __name__ == "__main__":
    main()
