"""What the tests of the package have in common.

    STRATANET_LIBRARY=build/release/libstrata_c.so STRATA_PROGRAM=build/release/bin/strata PYTHONPATH=python \
        python -m pytest tests/python/package
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
os.environ.setdefault("STRATANET_LIBRARY", str(ROOT / "build/release/libstrata_c.so"))
PROGRAM = os.environ.get("STRATA_PROGRAM", str(ROOT / "build/release/bin/strata"))


def table_of_numbers(rows=300, seed=0):
    """X (rows, 4), and the class of each row, which a network learns at once."""
    random = np.random.RandomState(seed)
    X = random.randn(rows, 4)
    return X, (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


@pytest.fixture
def numbers():
    return table_of_numbers()


@pytest.fixture
def strata():
    """Runs the program: strata("train", …)."""
    def run(*arguments):
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


def without_name(model):
    """The bytes of a model's file, but for what its record calls the data."""
    size = int.from_bytes(model[:8], "little")
    head = json.loads(model[8:8 + size])
    return head, model[8 + size:]
