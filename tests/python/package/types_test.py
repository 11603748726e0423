"""The type hints, as mypy's strict mode reads them: those of the package, and what a program of a user's sees of them."""

import subprocess
import sys

import pytest

import stratanet
from conftest import ROOT

pytest.importorskip("mypy")

RIGHT = """
import numpy as np
import stratanet

model: stratanet.Model = stratanet.train("data.csv", epochs=3)
found: np.ndarray = model.predict_proba(np.zeros((3, 4)))
trace: stratanet.Trace = model.trace(found, example=3)
fitted: stratanet.StrataClassifier = stratanet.StrataClassifier(max_iter=3).fit([[1.0]], [1])
reveal_type(fitted.loss_curve_)
"""
WRONG = """
import stratanet

stratanet.train("data.csv", recipe=3)
stratanet.load("x").trace("y", example="z")
stratanet.StrataClassifier(max_iter="a")
"""


def mypy(*arguments):
    return subprocess.run([sys.executable, "-m", "mypy", "--config-file", ROOT / "python/mypy.ini", *map(str, arguments)],
                          capture_output=True, text=True, check=False, cwd=ROOT / "python")


def test_the_package(tmp_path):
    done = mypy("--cache-dir", ROOT / "build/mypy")
    assert done.returncode == 0, done.stdout


def test_a_program(tmp_path):
    (tmp_path / "right.py").write_text(RIGHT.replace("np.ndarray", "'np.ndarray[tuple[int, ...], np.dtype[np.float64]]'"))
    (tmp_path / "wrong.py").write_text(WRONG)
    right = mypy("--cache-dir", ROOT / "build/mypy", tmp_path / "right.py")
    assert right.returncode == 0, right.stdout
    assert 'Revealed type is "builtins.list[builtins.float]"' in right.stdout or "list[float]" in right.stdout
    wrong = mypy("--cache-dir", ROOT / "build/mypy", tmp_path / "wrong.py")
    assert [line.split(":")[1] for line in wrong.stdout.splitlines() if "error:" in line] == ["4", "5", "6"]


def test_the_names_of_the_package():
    assert set(stratanet.__all__) < set(dir(stratanet))
    for name in stratanet.__all__:
        assert getattr(stratanet, name) is not None
    assert stratanet.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="module 'stratanet' has no attribute 'Strata'"):
        stratanet.Strata
