"""One peer on one split, in its own environment: trains and leaves a file, or predicts from such a file.

    peer.py versions
    peer.py train   PEER TASK TARGET SEED THREADS NAMES   train.csv -> model.pickle
    peer.py predict PEER TASK TARGET SEED THREADS NAMES   model.pickle, test.csv -> predictions.csv

The last line on standard output is JSON: seconds of reading and seconds in all. The clock starts when the libraries are loaded.
NAMES: columns to leave out, with commas between. The columns that pandas does not read as numbers are categories.
"""

import importlib.metadata
import json
import pathlib
import pickle
import sys
import time

PACKAGES = ("pytabkit", "torch", "scikit-learn", "xgboost", "lightgbm", "catboost", "pandas", "numpy")


class Columns:
    """What is known of the columns from the rows to train on, and a table as a peer wants it."""

    def __init__(self, frame):
        from pandas.api.types import is_numeric_dtype
        self.levels = {name: sorted(frame[name].dropna().unique()) for name in frame if not is_numeric_dtype(frame[name])}
        self.means = {name: frame[name].mean() for name in frame if name not in self.levels}
        self.lacking = [name for name in self.means if frame[name].isna().any()]

    def categories(self, frame):
        """Categories as pandas' own type; a value that was not trained on is a missing one. Numbers may be missing."""
        import pandas
        return frame.assign(**{name: pandas.Categorical(frame[name], categories=levels) for name, levels in self.levels.items()})

    def texts(self, frame):
        """Categories as texts, one of which says that there is none. Numbers may be missing."""
        return frame.assign(**{name: frame[name].astype(object).where(frame[name].notna(), "missing") for name in self.levels})

    def filled(self, frame):
        """As categories; a missing number is the mean, and where training rows lack some a category more says which were."""
        import pandas
        marks = {f"{name} is missing": pandas.Categorical(frame[name].isna().map({True: "yes", False: "no"}), categories=["no", "yes"])
                 for name in self.lacking}
        numbers = {name: frame[name].fillna(mean).astype(float) for name, mean in self.means.items()}
        return self.categories(frame).assign(**numbers, **marks)


def sklearn_mlp(task, seed, threads):
    """Its defaults, on scaled numbers and one column for each level of a category."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    inputs = make_column_transformer((numbers, make_column_selector(dtype_include="number")),
                                     (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")))
    return make_pipeline(inputs, (MLPRegressor if task == "regression" else MLPClassifier)(random_state=seed))


def sklearn_boosting(task, seed, threads):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    return (HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier)(random_state=seed)


def xgboost(task, seed, threads):
    from xgboost import XGBClassifier, XGBRegressor
    return (XGBRegressor if task == "regression" else XGBClassifier)(enable_categorical=True, random_state=seed, n_jobs=threads)


def lightgbm(task, seed, threads):
    from lightgbm import LGBMClassifier, LGBMRegressor
    return (LGBMRegressor if task == "regression" else LGBMClassifier)(random_state=seed, n_jobs=threads, verbose=-1)


def catboost(task, seed, threads, **options):
    from catboost import CatBoostClassifier, CatBoostRegressor
    return (CatBoostRegressor if task == "regression" else CatBoostClassifier)(
        random_seed=seed, thread_count=threads, verbose=False, allow_writing_files=False, **options)


class CatBoostBag:
    """As --folds auto does: 8 models, or 5 x 5 of at most 500 rows. Each is cut where it does best on the fold that it was not
    trained on, by the metric of the task; the prediction is their mean."""

    METRIC = {"binary": "AUC", "multiclass": "MultiClass", "regression": "RMSE"}

    def __init__(self, task, seed, threads):
        self.task, self.seed, self.threads, self.models = task, seed, threads, []
        catboost(task, seed, threads)  # loads the library

    def fit(self, inputs, target, cat_features):
        from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold
        folds, times = (5, 5) if len(target) <= 500 else (8, 1)
        parting = RepeatedKFold if self.task == "regression" else RepeatedStratifiedKFold
        for train, held in parting(n_splits=folds, n_repeats=times, random_state=self.seed).split(inputs, target):
            model = catboost(self.task, self.seed + len(self.models), self.threads, eval_metric=self.METRIC[self.task],
                             use_best_model=True)
            model.fit(inputs.iloc[train], target[train], cat_features=cat_features,
                      eval_set=(inputs.iloc[held], target[held]))
            self.models.append(model)

    def predict(self, inputs):
        return sum(model.predict(inputs) for model in self.models) / len(self.models)

    def predict_proba(self, inputs):
        return sum(model.predict_proba(inputs) for model in self.models) / len(self.models)


def realmlp(task, seed, threads, **options):
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor
    return (RealMLP_TD_Regressor if task == "regression" else RealMLP_TD_Classifier)(
        device="cpu", random_state=seed, n_threads=threads, **options)


def realmlp_metric(task, seed, threads):
    """The metric of the task selects the epoch, and labels are not smoothed."""
    return realmlp(task, seed, threads, use_ls=False, val_metric_name={"binary": "1-auc_ovr", "multiclass": "cross_entropy"}[task])


PEERS = {"sklearn-mlp": (sklearn_mlp, Columns.texts), "sklearn-boosting": (sklearn_boosting, Columns.categories),
         "xgboost": (xgboost, Columns.categories), "lightgbm": (lightgbm, Columns.categories),
         "catboost": (catboost, Columns.texts), "catboost-bag": (CatBoostBag, Columns.texts),
         "realmlp": (realmlp, Columns.filled), "realmlp-metric": (realmlp_metric, Columns.filled)}


def versions():
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def read(file, target, task, names):
    """(inputs, target); classes are texts, as they stand in the file."""
    import pandas
    frame = pandas.read_csv(file, dtype=None if task == "regression" else {target: str}, keep_default_na=True)
    return frame.drop(columns=[target, *names]), frame[target]


def train(model, way, task, target, names):
    import numpy
    begin = time.perf_counter()
    inputs, values = read("train.csv", target, task, names)
    seconds = time.perf_counter() - begin
    columns = Columns(inputs)
    classes, codes = (None, values.to_numpy(float)) if task == "regression" else numpy.unique(values.to_numpy(str), return_inverse=True)
    how = {"cat_features": list(columns.levels)} if isinstance(model, CatBoostBag) or "catboost" in type(model).__module__ else {}
    model.fit(way(columns, inputs), codes, **how)
    pathlib.Path("model.pickle").write_bytes(pickle.dumps((columns, classes, model)))
    return {"reading": seconds, "seconds": time.perf_counter() - begin}


def predict(way, task, target, names):
    begin = time.perf_counter()
    columns, classes, model = pickle.loads(pathlib.Path("model.pickle").read_bytes())
    opened = time.perf_counter()
    inputs, _ = read("test.csv", target, task, names)
    reading = time.perf_counter() - opened
    inputs = way(columns, inputs)
    rows = model.predict(inputs).reshape(-1, 1) if classes is None else model.predict_proba(inputs)
    seconds = time.perf_counter() - begin
    header = [target] if classes is None else [f"probability_{name}" for name in classes]
    with open("predictions.csv", "w") as out:
        for line in (header, *rows.tolist()):
            print(*line, sep=",", file=out)
    return {"reading": reading, "seconds": seconds}


def main():
    what, *words = sys.argv[1:]
    if what == "versions":
        print(json.dumps(versions()))
        return
    name, task, target, seed, threads, names = words
    make, way = PEERS[name]
    model = make(task, int(seed), int(threads))
    import pandas  # loaded before the clock starts
    names = [name for name in names.split(",") if name]
    done = train(model, way, task, target, names) if what == "train" else predict(way, task, target, names)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
