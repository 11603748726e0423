"""early_stopping.py PROGRAM [--only NAMES] [--seeds N] [-- OPTIONS]: early stopping beside scikit-learn's.

Strata without options but OPTIONS, and scikit-learn's MLPClassifier(early_stopping=True) on scaled inputs, learn from the same
rows and predict the same others: the five folds of digits and breast cancer, and the two parts of MNIST. Prints the mean
accuracy, the seconds that a training takes (reading not counted) and their ratio. By turns, on one thread each. Needs scikit-learn (./dev bench sets it up) and the local reference data.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DATA = pathlib.Path(__file__).resolve().parents[1] / "../shared/data"


def idx(name):
    with gzip.open(DATA / "mnist" / name) as file:
        raw = file.read()
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(raw[3])]
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def numbers(lines):
    """X and y of lines of text."""
    rows = [line.split(",") for line in lines]
    return numpy.array([row[:-1] for row in rows], float), numpy.array([row[-1] for row in rows])


def splits(name, folder):
    """Writes what the program reads; gives X and y to train on, X and y to test on."""
    if name == "mnist":
        arrays = [idx(f"{part}-{kind}-ubyte.gz") for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
        for part, (X, y) in (("train", arrays[:2]), ("test", arrays[2:])):
            numpy.savez(folder / f"{part}.npz", X=X, y=y)
        X, y, X_test, y_test = arrays
        yield X.reshape(len(X), -1), y, X_test.reshape(len(X_test), -1), y_test
        return
    header, *lines = (DATA / f"tables/{name}.csv").read_text().splitlines()
    folds = (DATA / f"tables/{name}.folds.csv").read_text().split()[1:]
    for fold in sorted(set(folds)):
        parts = [[line for line, each in zip(lines, folds) if (each == fold) == held] for held in (False, True)]
        for part, its in zip(("train", "test"), parts):
            (folder / f"{part}.csv").write_text("\n".join([header, *its]) + "\n")
        yield *numbers(parts[0]), *numbers(parts[1])


def by_strata(program, seed, folder, options):
    ending = "npz" if (folder / "train.npz").exists() else "csv"
    what = ["--target", "y", "--recipe", "plain", "--validation", "0.2", "--patience", "20"] if ending == "npz" else []
    command = [program, "train", f"train.{ending}", *what, "--seed", str(seed), "--threads", "1", "--json", *options]
    lines = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()
    measured = subprocess.run([program, "evaluate", "model.strata", f"test.{ending}", "--json", "--threads", "1"], cwd=folder,
                              check=True, capture_output=True, text=True).stdout
    return json.loads(measured)["accuracy"], json.loads(lines[-1])["seconds"]


def by_scikit_learn(X, y, X_test, y_test, seed, pixels):
    net = MLPClassifier(early_stopping=True, random_state=seed)
    if pixels:
        X, X_test = X / 255, X_test / 255
    else:
        net = make_pipeline(StandardScaler(), net)
    begin = time.perf_counter()
    net.fit(X, y)
    seconds = time.perf_counter() - begin
    return net.score(X_test, y_test), seconds


def main():
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--only", default="digits,breast_cancer,mnist")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args(words[:at])
    program, options = str(arguments.program.resolve()), words[at + 1:]
    for name in arguments.only.split(","):
        ours, theirs = [], []
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            for X, y, X_test, y_test in splits(name, folder):
                for seed in range(1, arguments.seeds + 1):
                    ours.append(by_strata(program, seed, folder, options))
                    theirs.append(by_scikit_learn(X, y, X_test, y_test, seed, name == "mnist"))
        for who, results in (("strata", ours), ("scikit-learn", theirs)):
            accuracy, seconds = (statistics.fmean(column) for column in zip(*results))
            print(f"{name:14} {who:13} accuracy {accuracy:.4f}  {seconds:8.3f} s", flush=True)
        ratio = statistics.median(t / o for (_, o), (_, t) in zip(ours, theirs))
        print(f"{name:14} scikit-learn takes {ratio:.1f} times as long", flush=True)


if __name__ == "__main__":
    main()
