"""The estimators beside what scikit-learn's own checks look at."""

import copy
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import stratanet
from conftest import ROOT, table_of_numbers
from stratanet import StrataClassifier, StrataRegressor

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.ensemble import StackingClassifier  # noqa: E402
from sklearn.exceptions import DataConversionWarning, NotFittedError  # noqa: E402
from sklearn.inspection import permutation_importance  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402


def weights_of(model):
    return [model.parameters(f"W{l}").tobytes() for l in range(1, len(model.describe()["layers"]) + 1)]


# --- the same as the command line ---

@pytest.mark.parametrize("rows, labels", [(120, [0, 1]), (200, [0, 1]), (200, [3, 1, 7]), (120, ["b", "a"])])
def test_without_arguments_it_is_the_command_line(rows, labels, tmp_path, strata):
    X, y = table_of_numbers(rows)
    if len(labels) == 3:
        y = np.digitize(X[:, 0], [-0.5, 0.5])
    y = np.array(labels)[y]
    lines = ["x0,x1,x2,x3,target", *[",".join([*map(repr, map(float, x)), str(label)]) for x, label in zip(X, y)]]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    strata("train", tmp_path / "data.csv", "--output", tmp_path / "m.strata", "--quiet")
    of_program = stratanet.load(tmp_path / "m.strata")
    fitted = StrataClassifier().fit(X, y)
    assert weights_of(fitted.model_) == weights_of(of_program)
    assert fitted.classes_.tolist() == sorted(labels)
    in_order = [of_program.classes.tolist().index(label) for label in fitted.classes_.tolist()]
    assert (fitted.predict_proba(X) == of_program.predict_proba(X)[:, in_order]).all()
    assert set(fitted.predict(X)) <= set(labels)


def test_a_regressor_without_arguments_is_the_command_line(tmp_path, strata):
    X, _ = table_of_numbers(150)
    y = X @ [1.0, 2.0, -1.0, 0.5]
    lines = ["x0,x1,x2,x3,target", *[",".join([*map(repr, map(float, x)), repr(float(value))]) for x, value in zip(X, y)]]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    strata("train", tmp_path / "data.csv", "--output", tmp_path / "m.strata", "--quiet")
    fitted = StrataRegressor().fit(X, y)
    assert weights_of(fitted.model_) == weights_of(stratanet.load(tmp_path / "m.strata"))
    assert fitted.score(X, y) > 0.9


def options_of(**parameters):
    from stratanet import _names
    return _names.resolved(parameters)


def test_a_parameter_of_the_training_begins_with_plain():
    assert options_of() == ({}, None)
    assert options_of(seed=3, members=2) == ({"seed": 3, "members": 2}, None)
    assert options_of(random_state=3) == ({"seed": 3}, None)
    assert options_of(scale="standard") == ({"scale": "standard"}, None)
    assert options_of(epochs=5) == ({"epochs": 5}, "plain")
    assert options_of(max_iter=5) == ({"epochs": 5}, "plain")
    assert options_of(hidden_layer_sizes=(3,), recipe="classic") == ({"hidden_layers": (3,)}, "classic")


@pytest.mark.parametrize("theirs, ours", [
    ({"hidden_layer_sizes": (5, 4)}, {"hidden_layers": (5, 4)}), ({"alpha": 0.1}, {"l2": 0.1}),
    ({"learning_rate_init": 0.1}, {"learning_rate": 0.1}), ({"max_iter": 7}, {"epochs": 7}), ({"beta_1": 0.8}, {"beta1": 0.8}),
    ({"beta_2": 0.8}, {"beta2": 0.8}), ({"activation": "logistic"}, {"activation": "sigmoid"}),
    ({"batch_size": "auto"}, {"batch_size": 200}), ({"learning_rate": "constant"}, {"schedule": "constant"}),
    ({"solver": "adam"}, {"optimizer": "adam"}), ({"solver": "sgd"}, {"optimizer": "nesterov"}),
    ({"solver": "sgd", "nesterovs_momentum": False}, {"optimizer": "momentum"}),
    ({"early_stopping": True}, {"validation": 0.1, "patience": 10}),
    ({"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 3}, {"validation": 0.2, "patience": 3}),
    ({"early_stopping": False}, {"validation": "none"}), ({"n_iter_no_change": 7}, {"tol": 1e-4, "tol_epochs": 7}),
    ({"n_iter_no_change": 7, "tol": 0.1}, {"tol": 0.1, "tol_epochs": 7}), ({"class_weight": "balanced"}, {"class_weights": "balanced"}),
    ({"n_jobs": 2}, {"threads": 2}),
])
def test_the_names_of_scikit_learn(theirs, ours):
    assert options_of(**theirs)[0] == ours


@pytest.mark.parametrize("given, message", [
    ({"hidden_layer_sizes": (5,), "hidden_layers": (5,)}, "hidden_layer_sizes and hidden_layers say the same"),
    ({"alpha": 1, "l2": 1}, "alpha and l2 say the same"), ({"max_iter": 1, "epochs": 1}, "max_iter and epochs say the same"),
    ({"random_state": 1, "seed": 1}, "random_state and seed say the same"),
    ({"solver": "adam", "optimizer": "adam"}, "solver and optimizer say the same"),
    ({"early_stopping": True, "patience": 3}, "early_stopping and patience say the same"),
    ({"early_stopping": True, "validation": 0.3}, "early_stopping and validation say the same"),
    ({"n_jobs": 1, "threads": 1}, "n_jobs and threads say the same"),
    ({"n_iter_no_change": 3, "tol_epochs": 3}, "n_iter_no_change and tol_epochs say the same"),
    ({"solver": "newton"}, "solver: expected 'adam' or 'sgd', found 'newton'"),
    ({"nesterovs_momentum": True}, "nesterovs_momentum belongs to solver='sgd'"),
    ({"validation_fraction": 0.1}, "validation_fraction belongs to early_stopping=True"),
    ({"random_state": "x"}, "random_state: expected a whole number, a RandomState or None, found 'x'"),
])
def test_what_contradicts_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        options_of(**given)


@pytest.mark.parametrize("given, message", [
    ({"solver": "lbfgs"}, "solver='lbfgs' is none of Strata's optimizers"),
    ({"learning_rate": "adaptive"}, "Strata's learning_rate is a number"),
])
def test_what_there_is_not_yet(given, message):
    with pytest.raises(NotImplementedError, match=message):
        options_of(**given)


def test_a_random_state_draws_a_seed(numbers):
    fitted = [StrataClassifier(max_iter=1, random_state=np.random.RandomState(k)).fit(*numbers) for k in (0, 0, 1)]
    probabilities = [each.predict_proba(numbers[0]) for each in fitted]
    assert (probabilities[0] == probabilities[1]).all()
    assert (probabilities[0] != probabilities[2]).any()


def test_the_parameters_are_those_of_the_table():
    done = subprocess.run([sys.executable, ROOT / "python/generate.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- what a fit leaves ---

def test_attributes(numbers):
    X, y = numbers
    fitted = StrataClassifier(hidden_layers=[6], max_iter=4, early_stopping=True, n_iter_no_change=4).fit(X, y)
    assert fitted.n_features_in_ == 4 and not hasattr(fitted, "feature_names_in_")
    assert fitted.classes_.tolist() == [0, 1]
    assert fitted.n_iter_ == len(fitted.loss_curve_) == len(fitted.validation_curve_) == 4
    assert fitted.best_epoch_ == int(np.argmin(fitted.validation_curve_)) + 1
    assert [each.shape for each in fitted.coefs_] == [(4, 6), (6, 1)]
    assert [each.shape for each in fitted.intercepts_] == [(6,), (1,)]
    assert (fitted.n_layers_, fitted.n_outputs_) == (3, 1)
    assert isinstance(fitted.model_, stratanet.Model)
    with pytest.raises(AttributeError):
        StrataClassifier().coefs_
    with pytest.raises(NotFittedError):
        StrataClassifier().predict(X)
    assert StrataClassifier(max_iter=1, validation="none").fit(X, y).validation_curve_ is None


@pytest.mark.parametrize("labels", [[0, 1], [1.0, -2.0], ["yes", "no"], [True, False], [b"a", b"b"], ["", " "], ["1", "01"],
                                    [10, 9], [np.float32(1), np.float32(3)], ["a\0b", "a"]])
def test_labels_of_any_kind_come_back(labels, numbers):
    X, y = numbers
    given = np.array(labels)[y] if not any(isinstance(each, str) for each in labels) else np.array(labels, dtype=object)[y]
    fitted = StrataClassifier(max_iter=10).fit(X, given)
    assert fitted.classes_.tolist() == sorted(set(given.tolist()))
    found = fitted.predict(X)
    assert found.dtype == given.dtype
    assert (found == given).mean() > 0.7
    assert (found == fitted.classes_[fitted.predict_proba(X).argmax(axis=1)]).all()


@pytest.mark.parametrize("labels, words", [([1.0, -2.0], ["-2", "1"]), ([True, False], ["False", "True"]),
                                           (["", "x"], ["0", "1"]), ([b"a", b"b"], ["a", "b"])])
def test_the_file_has_the_labels_as_a_csv_would(labels, words, numbers):
    X, y = numbers
    fitted = StrataClassifier(max_iter=1).fit(X, np.array(labels, dtype=object if "" in labels else None)[y])
    assert fitted.model_.describe()["classes"] == words


def test_classes_are_in_the_order_of_scikit_learn(numbers):
    X, _ = numbers
    y = np.array(["10", "9", "1"])[np.digitize(X[:, 0], [-0.5, 0.5])]  # by value for the engine, by signs here
    fitted = StrataClassifier(max_iter=20).fit(X, y)
    assert fitted.classes_.tolist() == ["1", "10", "9"]
    assert fitted.score(X, y) > 0.8


def test_class_weights(numbers):
    X, y = numbers
    words = np.array(["a,b", "c"])[y]
    heavy = StrataClassifier(max_iter=5, class_weight={"a,b": 1000, "c": 1}).fit(X, words)
    assert (heavy.predict(X) == "a,b").mean() > 0.9
    numbers_too = StrataClassifier(max_iter=5, class_weight={0: 1000, 1: 1}).fit(X, y)
    assert (numbers_too.predict(X) == 0).mean() > 0.9
    with pytest.raises(ValueError, match="class_weight: 'd' is none of the classes"):
        StrataClassifier(max_iter=1, class_weight={"d": 2}).fit(X, words)


def test_several_labels_and_several_outputs(numbers):
    X, y = numbers
    Y = np.c_[y, 1 - y, (X[:, 3] > 0)]
    fitted = StrataClassifier(max_iter=10).fit(X, Y)
    assert fitted.predict(X).shape == fitted.predict_proba(X).shape == (300, 3)
    assert (fitted.predict(X) == Y).mean() > 0.7
    regressor = StrataRegressor(max_iter=10).fit(X, np.c_[X[:, 0], X[:, 1] * 100])
    assert regressor.predict(X).shape == (300, 2)
    assert regressor.score(X, np.c_[X[:, 0], X[:, 1] * 100]) > 0.8
    with pytest.raises(ValueError, match="several labels a row are expected as 0 and 1"):
        StrataClassifier().fit(X, np.c_[y, y + 5])
    with pytest.warns(DataConversionWarning):
        StrataClassifier(max_iter=1).fit(X, y.reshape(-1, 1))


def test_rows_to_measure_on(numbers):
    X, y = numbers
    fitted = StrataClassifier(max_iter=4, patience=4).fit(X[:200], y[:200], eval_set=(X[200:], y[200:]))
    assert fitted.model_.describe()["training"]["rows"] == 200
    assert fitted.model_.report["validation_examples"] == 100
    assert len(fitted.validation_curve_) == 4
    weights = np.ones(100)
    weights[:50] = 0
    again = StrataClassifier(max_iter=4, patience=4).fit(X[:200], y[:200], eval_set=[(X[200:], y[200:], weights)])
    assert again.model_.report["validation_examples"] == 50
    with pytest.raises(ValueError, match="eval_set: expected"):
        StrataClassifier().fit(X, y, eval_set=X)
    with pytest.raises(ValueError, match="y has the class 5, which is not one of the classes"):
        StrataClassifier().fit(X, y, eval_set=(X, y + 5))
    with pytest.raises(ValueError, match="X has 3 features, but StrataClassifier is expecting 4"):
        StrataClassifier().fit(X, y, eval_set=(X[:, :3], y))


def test_weights_of_rows(numbers):
    X, y = numbers
    weights = np.where(y == 1, 1000.0, 1.0)
    assert StrataClassifier(max_iter=5).fit(X, y, sample_weight=weights).predict(X).mean() > 0.9
    assert StrataClassifier(max_iter=1).fit(X, y, sample_weight=2).model_.describe()["training"]["rows"] == 300
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(3,\), expected \(300,\)!"):
        StrataClassifier().fit(X, y, sample_weight=[1, 2, 3])
    with pytest.raises(ValueError, match="sample_weight: expected finite numbers of at least 0"):
        StrataClassifier().fit(X, y, sample_weight=-np.ones(300))
    with pytest.raises(ValueError, match="sample_weight: the weight of every row is zero"):
        StrataRegressor().fit(X, y, sample_weight=0)
    with pytest.raises(ValueError, match="y has 1 class, of rows with a weight above 0"):
        StrataClassifier().fit(X, y, sample_weight=y)


def test_partial_fit_goes_on(numbers):
    X, y = numbers
    fitted = StrataClassifier(hidden_layers=[8], learning_rate=0.01)
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        fitted.partial_fit(X, y)
    labels = np.array(["a", "b", "never"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.partial_fit(X[:20], labels[y[:20]], classes=labels)
    del fitted.model_
    for _ in range(15):
        for first in range(0, 300, 100):
            fitted.partial_fit(X[first:first + 100], labels[y[first:first + 100]], classes=labels)
    assert fitted.n_iter_ == len(fitted.loss_curve_) == 45
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]
    assert fitted.classes_.tolist() == labels.tolist()
    assert fitted.score(X, labels[y]) > 0.8
    assert fitted.predict_proba(X)[:, 2].max() < 0.1
    for _ in range(100):
        fitted.partial_fit(X[:50], ["never"] * 50)
    assert fitted.predict_proba(X[:50])[:, 2].mean() > 0.3
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        fitted.partial_fit(X, labels[y], classes=["a", "b"])
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        StrataClassifier(early_stopping=True).partial_fit(X, y, classes=[0, 1])
    regressor = StrataRegressor(hidden_layers=[8], learning_rate=0.01)
    for _ in range(30):
        regressor.partial_fit(X, X[:, 0])
    assert regressor.score(X, X[:, 0]) > 0.8


def test_a_warm_start_goes_on(numbers):
    X, y = numbers
    fitted = StrataClassifier(max_iter=3, warm_start=True).fit(X, y)
    first = fitted.model_
    fitted.fit(X, y)
    assert fitted.model_.report["before_accuracy"] == pytest.approx(first.report["train_accuracy"])
    assert "before_accuracy" not in StrataClassifier(max_iter=3).fit(X, y).fit(X, y).model_.report


def test_from_model(tmp_path, numbers):
    X, y = numbers
    words = np.array(["no", "yes"])[y]
    fitted = StrataClassifier(max_iter=3).fit(X, words)
    fitted.model_.save(tmp_path / "m.strata")
    for model in (tmp_path / "m.strata", fitted.model_):
        again = StrataClassifier.from_model(model)
        assert (again.predict_proba(X) == fitted.predict_proba(X)).all()
        assert (again.predict(X) == fitted.predict(X)).all()
        assert again.n_features_in_ == 4
    with pytest.raises(ValueError, match="the model predicts classes; take StrataClassifier.from_model"):
        StrataRegressor.from_model(fitted.model_)


def test_importances_on_request(numbers):
    X, y = numbers
    fitted = StrataClassifier(max_iter=30, importance_repeats=3).fit(X, y)
    assert fitted.feature_importances_.shape == (4,)
    assert fitted.feature_importances_[0] > fitted.feature_importances_[3] + 0.05
    assert not hasattr(StrataClassifier(max_iter=1).fit(X, y), "feature_importances_")


# --- in company ---

def test_the_tools_of_scikit_learn(numbers):
    X, y = numbers
    network = StrataClassifier(max_iter=10)
    pipeline = make_pipeline(StandardScaler(), network).fit(X, y)
    assert pipeline.score(X, y) > 0.8
    search = GridSearchCV(network, {"hidden_layer_sizes": [(4,), (8,)], "alpha": [0, 0.1]}, n_jobs=2, cv=3).fit(X, y)
    alone = GridSearchCV(network, {"hidden_layer_sizes": [(4,), (8,)], "alpha": [0, 0.1]}, cv=3).fit(X, y)
    assert (search.cv_results_["mean_test_score"] == alone.cv_results_["mean_test_score"]).all()
    assert cross_val_score(network, X, y).mean() > 0.6
    assert CalibratedClassifierCV(network, cv=2).fit(X, y).predict_proba(X).shape == (300, 2)
    stack = StackingClassifier([("net", network)], LogisticRegression(), cv=2).fit(X, y)
    assert stack.score(X, y) > 0.7
    assert permutation_importance(network.fit(X, y), X, y, n_repeats=2).importances_mean.shape == (4,)


@pytest.mark.parametrize("twin", [lambda each: pickle.loads(pickle.dumps(each)), copy.deepcopy, copy.copy], ids=str)
def test_copies_predict_the_same(twin, numbers):
    X, y = numbers
    fitted = StrataClassifier(max_iter=2).fit(X, y)
    before = fitted.predict_proba(X[:1])  # and what is fast is there
    again = twin(fitted)
    assert (again.predict_proba(X[:1]) == before).all()
    assert again.loss_curve_ == fitted.loss_curve_
    assert again.get_params() == fitted.get_params()
    assert not hasattr(clone(fitted), "model_")


def test_joblib_keeps_it(tmp_path, numbers):
    import joblib
    fitted = StrataRegressor(max_iter=2).fit(numbers[0], numbers[0][:, 0])
    joblib.dump(fitted, tmp_path / "it")
    assert (joblib.load(tmp_path / "it").predict(numbers[0]) == fitted.predict(numbers[0])).all()


def test_a_damaged_state_is_found():
    X, y = table_of_numbers()
    state = pickle.dumps(StrataClassifier(max_iter=2).fit(X, y))
    raw = StrataClassifier(max_iter=2).fit(X, y).model_.to_bytes()
    at = state.index(raw[-64:]) + 20
    with pytest.raises(ValueError):
        pickle.loads(state[:at] + bytes([state[at] ^ 255]) + state[at + 1:])


def test_it_shows_itself(numbers):
    network = StrataClassifier(hidden_layer_sizes=(5,))
    assert repr(network) == "StrataClassifier(hidden_layer_sizes=(5,))"
    assert "StrataClassifier" in network._repr_html_()


def test_one_fit_at_a_time(numbers):
    X, y = numbers
    network = StrataClassifier(max_iter=200, n_jobs=1)
    begun = threading.Event()
    thread = threading.Thread(target=lambda: network.fit(np.tile(X, (20, 1)), np.tile(y, 20),
                                                         on_epoch=lambda _: begun.set() or ended.is_set()))
    ended = threading.Event()
    thread.start()
    begun.wait(20)
    try:
        with pytest.raises(RuntimeError, match="this StrataClassifier is being fitted by another thread"):
            network.fit(X, y)
    finally:
        ended.set()
        thread.join()
    network.fit(X, y)


def test_ctrl_c_keeps_the_best_so_far(numbers):
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.warns(stratanet.StrataWarning, match="the training was interrupted; what was best until then is kept"):
        fitted = StrataClassifier(max_iter=1000000, validation=0.2, patience=1000000, n_jobs=1).fit(*numbers)
    assert fitted.model_.describe()["training"]["ended"] == "interrupted"
    assert fitted.best_epoch_ == int(np.argmin(fitted.validation_curve_)) + 1 < fitted.n_iter_
    assert fitted.score(*numbers) > 0.8


def test_one_thread_in_workers_of_joblib():
    import joblib
    from stratanet import _model
    assert not _model.in_worker()
    for backend in ("loky", "threading"):
        found = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(_model.threads_of)(None) for _ in range(2))
        assert found == [1, 1], backend


# --- what is wrong ---

def test_wrong_features(numbers):
    X, y = numbers
    fitted = StrataClassifier(max_iter=1).fit(X, y)
    for rows in (1, 300):
        with pytest.raises(ValueError, match="X has 3 features, but StrataClassifier is expecting 4 features as input"):
            fitted.predict_proba(X[:rows, :3])
        wrong = X[:rows].copy()
        wrong[0, 1] = np.inf
        with pytest.raises(ValueError, match="Input X contains infinity or a value too large for dtype"):
            fitted.predict_proba(wrong)
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
        fitted.predict(X[0])
    with pytest.raises(ValueError, match="could not convert string to float"):
        fitted.predict(np.array([["a", "b", "c", "d"]], dtype=object))
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="Sparse data was passed"):
        fitted.predict(sparse.csr_matrix(X))


def test_wrong_targets(numbers):
    X, y = numbers
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        StrataClassifier().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="y has 1 class, and a classifier tells at least 2 classes apart"):
        StrataClassifier().fit(X, np.zeros(300))
    with pytest.raises(ValueError, match="Input y contains NaN in 1 of 300 places, the first in row 3"):
        StrataClassifier().fit(X, np.where(np.arange(300) == 3, np.nan, y))
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        StrataRegressor().fit(X, None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        StrataClassifier().fit(X, y[:10])
    with pytest.raises(ValueError, match="Input y contains NaN"):
        StrataRegressor().fit(X, np.where(np.arange(300) == 3, np.nan, y))


def test_missing_numbers_are_learned_from(numbers):
    X, y = numbers
    X = X.copy()
    X[::7, 1] = np.nan
    fitted = StrataClassifier(max_iter=20).fit(X, y)
    assert fitted.score(X, y) > 0.7
    assert np.isfinite(fitted.predict_proba(X[:1])).all()


def test_one_row_is_predicted_in_no_time(numbers):
    X, y = numbers
    fitted = StrataClassifier(max_iter=2, hidden_layers=[16]).fit(X, y)
    row = X[:1].astype(np.float32)
    fitted.predict_proba(row)
    best = min(_time(fitted, row) for _ in range(20))
    assert best < 60e-6  # 15 on a machine that does nothing else; scikit-learn's checks alone take as long as this


def _time(fitted, row, calls=200):
    begun = time.perf_counter()
    for _ in range(calls):
        fitted.predict_proba(row)
    return (time.perf_counter() - begun) / calls
