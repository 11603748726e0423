"""Who is measured: Strata's ways to train, and the peers, with what each is given and how its environment is made."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENVIRONMENT = ROOT / "build/tables-venv"
PYTHON = ENVIRONMENT / "bin/python"
PEER = HERE / "peer.py"


@dataclasses.dataclass(frozen=True)
class Contestant:
    name: str
    title: str
    how: str  # for the page
    options: tuple = ()  # Strata's
    package: str = ""  # a peer's
    bag: bool = False
    same_for_numbers: str = ""  # for numbers it is the same as that contestant

    @property
    def ours(self):
        return not self.package

    def takes(self, table):
        return not (self.same_for_numbers and table.task == "regression")

    def parts(self, table):
        """Single models: all parts; bags: the first."""
        return table.part_names[:1 if self.bag else None]


OURS = (
    Contestant("strata-plain", "Strata, plain", "`--recipe plain`", ("--recipe", "plain")),
    Contestant("strata", "Strata, default", "no option"),
    Contestant("strata-realmlp", "Strata, RealMLP", "`--recipe realmlp`", ("--recipe", "realmlp")),
    Contestant("strata-bag", "Strata, bag", "`--folds auto`: eight folds, 5×5 of at most 500 rows", ("--folds", "auto"), bag=True),
)
PEERS = (
    Contestant("sklearn-mlp", "scikit-learn MLP", "defaults; numbers with their mean for missing ones, standardised; categories one-hot",
               package="scikit-learn"),
    Contestant("sklearn-boosting", "HistGradientBoosting", "scikit-learn's, defaults; categories and missing numbers as they are",
               package="scikit-learn"),
    Contestant("xgboost", "XGBoost", "defaults; categories (`enable_categorical`) and missing numbers as they are", package="xgboost"),
    Contestant("lightgbm", "LightGBM", "defaults; categories and missing numbers as they are", package="lightgbm"),
    Contestant("catboost", "CatBoost", "defaults; categories as texts (`cat_features`), missing numbers as they are",
               package="catboost"),
    Contestant("realmlp", "RealMLP-TD", "pytabkit's on PyTorch, as it comes; the mean for a missing number, and a category that says so",
               package="pytabkit"),
    Contestant("realmlp-metric", "RealMLP-TD, by the metric", "the same, but the epoch by AUC or log-loss and no label smoothing; "
               "for numbers it is RealMLP-TD as it comes", package="pytabkit", same_for_numbers="realmlp"),
    Contestant("catboost-bag", "CatBoost, bag", "eight folds (5×5 of at most 500 rows), each cut where it does best on its own fold by the "
               "metric of the task; the mean", package="catboost", bag=True),
)


def say(text):
    print(text, file=sys.stderr, flush=True)


def make_environment():
    """The peers, in the versions of requirements.txt; one that cannot be had is left out, and said."""
    wanted = HERE / "requirements.txt"
    finished = ENVIRONMENT / "requirements.txt"
    if finished.exists() and finished.read_text() == wanted.read_text():
        return
    say(f"Installing the peers into {ENVIRONMENT.relative_to(ROOT)} (this takes some minutes)")
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--requirement", wanted]).returncode != 0:
        for package in wanted.read_text().splitlines():
            if not package.startswith("#") and subprocess.run([*pip, package]).returncode != 0:
                say(f"{package} cannot be had: it will be absent")
    shutil.copy(wanted, finished)


def versions():
    """{package: version} of what is installed for the peers."""
    return json.loads(subprocess.run([PYTHON, "-I", PEER, "versions"], check=True, capture_output=True, text=True).stdout)


def environment(threads):
    """The variables of a run: so many threads, whichever library has the pool."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    return {**os.environ, **{name: str(threads) for name in names}, "CUDA_VISIBLE_DEVICES": ""}


def commands(contestant, table, seed, threads, program):
    """(train, predict), to be run in a folder with train.csv and test.csv; the second leaves predictions.csv."""
    if contestant.ours:
        return ([program, "train", "train.csv", "--target", table.target, "--seed", str(seed), "--threads", str(threads),
                 # A target of few whole numbers is classes unless it is said to be a number.
                 *(["--task", "regression"] if table.task == "regression" else []), "--json", *contestant.options],
                [program, "predict", "model.strata", "test.csv", "--threads", str(threads), "--quiet", "--output", "predictions.csv"])
    words = [contestant.name, table.task, table.target, str(seed), str(threads), ",".join(table.names)]
    return [str(PYTHON), "-I", str(PEER), "train", *words], [str(PYTHON), "-I", str(PEER), "predict", *words]
