"""Training and models: the bits of the command line, arrays of every kind, callbacks."""

import copy
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import stratanet
from conftest import ROOT, table_of_numbers, without_name


def write_csv(file, X, y, names=None):
    names = names or [*[f"x{j}" for j in range(X.shape[1])], "target"]
    rows = [",".join(names)] + [",".join([*map(repr, map(float, x)), str(label)]) for x, label in zip(X, y)]
    file.write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("options", [{}, {"recipe": "plain"}, {"hidden_layers": [8], "epochs": 3, "seed": 7},
                                     {"precision": "float64", "epochs": 2}, {"validation": 0.25, "patience": 2, "epochs": 5}])
def test_an_array_gives_the_bits_of_the_command_line(strata, tmp_path, numbers, options):
    X, y = numbers
    X, y = X[:220], y[:220]
    write_csv(tmp_path / "data.csv", X, y)
    words = [each for name, value in options.items()
             for each in (f"--{name.replace('_', '-')}", ",".join(map(str, value)) if isinstance(value, list) else value)]
    strata("train", tmp_path / "data.csv", "--output", tmp_path / "m.strata", "--target", "target", "--quiet", *words)
    model = stratanet.train(X, y, data_name="data.csv", **options)
    assert model.to_bytes() == (tmp_path / "m.strata").read_bytes()


def test_files_give_the_file_of_the_command_line(strata, tmp_path):
    data = ROOT / "data/breast_cancer.csv"
    strata("train", data, "--output", tmp_path / "m.strata", "--quiet", "--epochs", 5)
    assert stratanet.train(data, epochs=5).to_bytes() == (tmp_path / "m.strata").read_bytes()
    assert stratanet.train([str(data)], epochs=5).to_bytes() == (tmp_path / "m.strata").read_bytes()


def test_the_name_of_the_data_is_in_the_record(numbers):
    one, other = (stratanet.train(*numbers, epochs=1, data_name=name) for name in ("one", "other"))
    assert one.describe()["training"]["data"] == "one"
    assert without_name(one.to_bytes())[1] == without_name(other.to_bytes())[1]


DTYPES = ["f2", "f4", "f8", "g", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "?", ">f4", ">i8"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_real_type_is_read(dtype):
    X, y = table_of_numbers(60)
    values = (X > 0) if dtype == "?" else np.round(np.abs(X) * 20).astype(dtype)
    found = stratanet.train(values, y, epochs=2)
    expected = stratanet.train(values.astype(np.float64), y, epochs=2)
    assert found.to_bytes() == expected.to_bytes()
    assert (found.predict_proba(values) == expected.predict_proba(values.astype(np.float64))).all()


def layouts(X):
    wide = np.zeros((2 * len(X), 3 * X.shape[1]), X.dtype)
    wide[::2, ::3] = X
    backwards = np.ascontiguousarray(X[::-1, ::-1])
    return {"Fortran": np.asfortranarray(X), "every second row and third column": wide[::2, ::3],
            "backwards": backwards[::-1, ::-1], "rows of structures": unaligned(X),
            "at an odd address": np.frombuffer(b"?" + X.tobytes(), X.dtype, offset=1).reshape(X.shape)}


def unaligned(X):
    packed = np.zeros(len(X), dtype=np.dtype([("skip", "u1"), ("x", X.dtype, X.shape[1])]))
    packed["x"] = X
    return packed["x"]


@pytest.mark.parametrize("layout", layouts(np.zeros((4, 2))))
def test_every_layout_is_read_and_never_written(layout, numbers):
    X, y = numbers
    given = layouts(X)[layout]
    given.flags.writeable = False
    before = given.copy()
    model = stratanet.train(given, y, epochs=2)
    assert model.to_bytes() == stratanet.train(X, y, epochs=2).to_bytes()
    assert (model.predict_proba(given) == model.predict_proba(X)).all()
    assert (given == before).all()


def test_a_mapped_file_is_read_where_it_is(tmp_path, numbers):
    X, y = numbers
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert stratanet.train(mapped, y, epochs=2).to_bytes() == stratanet.train(X, y, epochs=2).to_bytes()


@pytest.mark.parametrize("change, message", [(lambda file: file.open("ab").write(b"more"), r"it had \d+ bytes and has \d+"),
                                             (lambda file: os.utime(file, (1, 1)), "it was written to")])
def test_a_mapped_file_that_changes_is_found(tmp_path, numbers, change, message):
    X, y = numbers
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for view in (mapped, np.asarray(mapped)[::2]):
        changed = []
        with pytest.raises(RuntimeError, match=f"X.npy changed while it was trained on: {message}"):
            stratanet.train(view, y[:len(view)], epochs=2,
                            on_epoch=lambda _: changed or changed.append(1) or change(tmp_path / "X.npy") and None)
        np.save(tmp_path / "X.npy", X)


def test_numbers_are_not_copied(numbers):
    from stratanet import _data
    X, _ = numbers
    table = _data.table_of(X)
    assert table.handle.holds[0] is X


def test_labels_come_back_as_they_are_written(numbers):
    X, y = numbers
    words = np.array(["no", "yes"])[y]
    model = stratanet.train(X, words, epochs=3)
    assert model.task == "binary"
    assert model.classes.tolist() == ["no", "yes"]
    assert set(model.predict(X)) == {"no", "yes"}
    assert (model.predict(X) == words).mean() > 0.6
    assert stratanet.train(X, y, epochs=1).classes.dtype == np.int64
    assert stratanet.train(X, y * 0.5, epochs=1, task="binary").classes.tolist() == [0.0, 0.5]


def test_several_targets_are_numbers_or_questions(numbers):
    X, y = numbers
    model = stratanet.train(X, np.c_[X[:, 0], X[:, 1]], epochs=2)
    assert model.task == "regression"
    assert model.predict(X).shape == (300, 2)
    questions = stratanet.train(X, np.c_[y, 1 - y, y], epochs=2, task="binary")
    assert questions.predict_proba(X).shape == (300, 3)
    assert set(questions.predict(X).ravel()) <= {0, 1}
    with pytest.raises(TypeError, match="the model predicts numbers, which have no probabilities"):
        model.predict_proba(X)


def test_pictures_are_arrays_of_several_dimensions(numbers):
    y = numbers[1]
    pictures = np.random.RandomState(0).randint(0, 255, (300, 4, 5, 3)).astype(np.uint8)
    model = stratanet.train(pictures, y, epochs=1)
    assert model.describe()["inputs"] == [{"name": "x", "shape": [4, 5, 3]}]
    assert model.predict(pictures).shape == (300,)


def test_weights_and_rows_to_measure_on(numbers):
    X, y = numbers
    weights = np.ones(300)
    weights[:100] = 0
    weighted = stratanet.train(X, y, epochs=2, sample_weight=weights)
    assert weighted.describe()["training"]["weight_0"] == 100
    held = stratanet.train(X[:200], y[:200], epochs=3, eval_set=(X[200:], y[200:]), patience=3)
    assert held.describe()["training"]["rows"] == 200
    assert held.report["validation_examples"] == 100
    assert [sorted(each)[:2] for each in held.history][:1] == [["best", "cost"]]
    with pytest.raises(ValueError, match="eval_set and validation_column both say it"):
        stratanet.train(X, y, eval_set=(X, y), validation_column="x0")
    with pytest.raises(ValueError, match="sample_weight and weight_column both say it"):
        stratanet.train(X, y, sample_weight=weights, weight_column="x0")
    with pytest.raises(ValueError, match=r"eval_set: expected \(X, y\)"):
        stratanet.train(X, y, eval_set=X)


def test_a_model_goes_on(numbers):
    X, y = numbers
    first = stratanet.train(X, y, epochs=2)
    further = stratanet.train(X, y, continue_from=first, epochs=3)
    assert further.describe()["training"]["before"][0]["epochs"] == 2
    assert further.report["before_accuracy"] == pytest.approx(first.report["train_accuracy"])


def test_a_bag_says_what_its_networks_say_of_the_others(numbers):
    X, y = numbers
    model = stratanet.train(X, y, epochs=2, folds=3)
    rows, values = model.out_of_fold
    assert rows.tolist() == list(range(300))
    assert values.shape == (300, 2)
    np.testing.assert_allclose(values.sum(axis=1), 1)
    assert model.networks == 3
    assert stratanet.train(X, y, epochs=1).out_of_fold is None


# --- callbacks ---

def test_epochs_are_told_and_can_end_the_training(numbers):
    told = []
    model = stratanet.train(*numbers, epochs=500, threads=1, on_epoch=lambda report: told.append(report) or len(told) == 3)
    assert [each["epoch"] for each in told[:3]] == [1, 2, 3]
    assert len(told) < 500
    assert model.report["ending"] == "interrupted"
    assert model.history == told


def test_costs_are_told(numbers):
    told = []
    stratanet.train(*numbers, epochs=2, on_cost=told.append, report_every=1)
    assert [each["iteration"] for each in told] == list(range(20))


class Broken(Exception):
    pass


def test_what_a_callback_raises_arrives(numbers):
    def fail(_):
        raise Broken("here")
    for name in ("on_epoch", "on_cost"):
        with pytest.raises(Broken, match="here"):
            stratanet.train(*numbers, epochs=5, **{name: fail})
    assert stratanet.train(*numbers, epochs=1).task == "binary"  # nothing is left of it


def test_warnings_are_warnings_and_an_error_where_they_are_to_be(numbers):
    X, y = numbers
    X = np.c_[X, np.ones(len(X))]
    with pytest.warns(stratanet.StrataWarning, match="the same number in every row") as caught:
        stratanet.train(X, y, epochs=1)
    assert caught[0].filename == __file__
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(stratanet.StrataWarning):
            stratanet.train(X, y, epochs=1)


def test_ctrl_c_keeps_what_is_trained(numbers):
    X, y = numbers
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.perf_counter()
    with pytest.warns(stratanet.StrataWarning, match="interrupted"):
        model = stratanet.train(np.tile(X, (40, 1)), np.tile(y, 40), epochs=100000, threads=1)
    assert 0.4 < time.perf_counter() - begun < 5
    assert model.report["ending"] == "interrupted"
    assert model.report["epochs"] > 0


def test_what_another_handler_of_ctrl_c_raises_arrives(numbers):
    def handler(*_):
        raise Broken("by hand")
    before = signal.signal(signal.SIGINT, handler)
    try:
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(Broken, match="by hand"):
            stratanet.train(*numbers, epochs=1000000, threads=1)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_interpreter_runs_while_the_engine_works(numbers):
    X, y = numbers
    ticks, ended = [], threading.Event()

    def tick():
        while not ended.wait(0.005):
            ticks.append(1)
    thread = threading.Thread(target=tick)
    thread.start()
    begun = time.perf_counter()
    stratanet.train(np.tile(X, (20, 1)), np.tile(y, 20), epochs=20, threads=1)
    lasted = time.perf_counter() - begun
    ended.set()
    thread.join()
    assert len(ticks) > lasted / 0.005 / 4


def test_several_threads_train_at_once_and_give_the_same(numbers):
    expected = stratanet.train(*numbers, epochs=5).to_bytes()
    found = []
    threads = [threading.Thread(target=lambda: found.append(stratanet.train(*numbers, epochs=5).to_bytes()))
               for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [expected] * 4


def test_notes_and_a_bar_go_where_they_should(numbers, capsys, monkeypatch):
    model = stratanet.train(*numbers, epochs=2, verbose=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == model.notes  # a pipe has no bar
    stratanet.train(*numbers, epochs=2)
    assert capsys.readouterr().err == ""

    class Terminal(io.StringIO):
        def isatty(self):
            return True
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    stratanet.train(*numbers, epochs=2, verbose=True)
    assert "] 100 %  cost" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")


# --- models ---

def test_a_model_is_its_bytes(tmp_path, numbers):
    X, y = numbers
    model = stratanet.train(X, y, epochs=2)
    model.save(tmp_path / "m.strata")
    assert (tmp_path / "m.strata").read_bytes() == model.to_bytes()
    for again in (stratanet.load(tmp_path / "m.strata"), stratanet.Model.from_bytes(model.to_bytes()),
                  stratanet.Model.from_bytes(memoryview(model.to_bytes())), pickle.loads(pickle.dumps(model)),
                  copy.deepcopy(model)):
        assert again.to_bytes() == model.to_bytes()
        assert (again.predict_proba(X) == model.predict_proba(X)).all()
    damaged = bytearray(model.to_bytes())
    damaged[-3] ^= 255
    with pytest.raises(ValueError):
        stratanet.Model.from_bytes(bytes(damaged))
    with pytest.raises(OSError):
        model.save(tmp_path / "no folder" / "m.strata")


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["binary", "classes", "numbers", "several"])
def test_few_rows_are_predicted_as_many_are(precision, kind, numbers):
    X, y = numbers
    targets = {"binary": y, "classes": np.digitize(X[:, 0], [-1, 0, 1]), "numbers": X @ [1, 2, 3, 4.0],
               "several": X[:, :2] * 3 + 100}
    model = stratanet.train(X, targets[kind], epochs=3, precision=precision)
    for given in (X, np.asfortranarray(X), *([X.astype(np.float32)] if precision == "float32" else [])):
        values = model._predicted(given, None)[0]
        for rows in (1, 2, 7):
            found = model.predictor().outputs(given[:rows])
            assert found.dtype == np.float64
            assert (found == values[:rows]).all()
    assert model.predictor().outputs(X[:0]) is None
    assert model.predictor().outputs(X[0]) is None
    assert model.predictor().outputs(X[:, :3]) is None
    assert model.predictor().outputs(X[:2].astype(int)) is None
    assert model.predictor().outputs(X[:2].tolist()) is None
    wrong = X[:2].copy()
    wrong[1, 1] = np.inf
    assert model.predictor().outputs(wrong) is None


def test_wrong_data_for_a_model(numbers):
    X, y = numbers
    model = stratanet.train(X, y, epochs=1)
    with pytest.raises(ValueError, match="X has 3 features, but the model is expecting 4 features as input: x0, x1, x2, x3"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
        model.predict(X[0])
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        model.predict(X[:0])
    with pytest.raises(ValueError, match="X: x1, example 2.*is inf"):
        wrong = X.copy()
        wrong[2, 1] = np.inf
        model.predict(wrong)
    with pytest.raises(FileNotFoundError):
        model.predict("nothing.csv")


@pytest.mark.parametrize("wrong, error, message", [
    (np.array([["a", "b"]] * 9), TypeError, "X is an array of <U1, which may be anything; expected numbers"),
    (np.array([[1, None]] * 9), TypeError, "X is an array of objects"),
    (np.ones((9, 2)) * 1j, ValueError, "Complex data not supported"),
    (np.ones(9), ValueError, "Expected 2D array, got 1D array instead"),
    (np.ones((0, 2)), ValueError, "Found array with 0 sample"),
    (np.ones((9, 0)), ValueError, "0 feature"),
])
def test_arrays_that_are_no_tables(wrong, error, message):
    with pytest.raises(error, match=message):
        stratanet.train(wrong, [0, 1, 0, 1, 0, 1, 0, 1, 0], epochs=1)


def test_sparse_matrices_are_a_type_error():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"Sparse data was passed for X, but dense data is required. Use '.toarray\(\)'"):
        stratanet.train(sparse.csr_matrix(np.eye(9)), np.arange(9) % 2, epochs=1)


def test_tensors_are_arrays(numbers):
    class Device(str):
        type = property(lambda self: str(self).split(":")[0])

    class Tensor:
        def __init__(self, values, device="cpu"):
            self._values, self.device = values, Device(device)

        def detach(self):
            return self

        def numpy(self):
            return self._values
    Tensor.__module__ = "torch"
    X, y = numbers
    assert stratanet.train(Tensor(X), y, epochs=1).to_bytes() == stratanet.train(X, y, epochs=1).to_bytes()
    with pytest.raises(TypeError, match=r"X is a tensor on cuda:0; expected one in memory: give X.cpu\(\)"):
        stratanet.train(Tensor(X, "cuda:0"), y, epochs=1)


def test_missing_labels_are_a_value_error_with_the_row(numbers):
    X, y = numbers
    missing = y.astype(float)
    missing[7] = np.nan
    with pytest.raises(ValueError, match="Input y contains NaN in 1 of 300 places, the first in row 7"):
        stratanet.train(X, missing, epochs=1)
    words = np.array(["a", "b"], dtype=object)[y]
    words[5:8] = None
    with pytest.raises(ValueError, match="contains NaN in 3 of 300 places, the first in row 5"):
        stratanet.train(X, words, epochs=1)
    mixed = np.array(["a", 1], dtype=object)[y]
    with pytest.raises(TypeError, match="y holds labels of different types, int and str, which have no order"):
        stratanet.train(X, mixed, epochs=1)


def test_looking_inside(numbers):
    X, y = numbers
    model = stratanet.train(X, y, epochs=2, hidden_layers=[5])
    trace = model.trace(X[:10], target=y[:10])
    assert list(trace)[:4] == ["X", "Y", "Z1", "A1"]
    assert trace["X"].shape == (4, 10)
    W1, b1 = model.parameters("W1"), model.parameters("b1")
    np.testing.assert_allclose(trace["Z1"], W1 @ trace["X"] + b1, atol=1e-5)
    assert trace.equations["Z1"] == "Z[1] = W[1] A[0] + b[1]"
    assert trace.layers["Z1"] == 1
    assert trace.cost > 0
    assert len(model.trace(X[:10], example=3, layer=2)) < len(trace)
    with pytest.raises(KeyError, match="the trace has no 'Z9' .it has: X, "):
        trace["Z9"]
    check = model.check_gradients(X, examples=10, target=y)
    assert check["passed"] and check["examples"] == 10
    assert model.evaluate(X, y)["accuracy"] == pytest.approx((model.predict(X) == y).mean())
    with pytest.raises(ValueError, match="there is no layer 9"):
        model.parameters("W9")
    with pytest.raises(ValueError, match="the network has no 'Q'"):
        model.parameters("Q")


def test_a_summary_is_short_and_right(numbers):
    model = stratanet.train(*numbers, epochs=2, hidden_layers=[5], validation=0.2)
    lines = model.summary().splitlines()
    assert lines[0] == "binary of 'target': 0, 1"
    assert lines[1] == "inputs: 4 (x0, x1, x2, x3), scaled: standard"
    assert lines[2] == "layers: 4-5-1, 31 parameters, float32"
    assert lines[3].startswith("training: 240 rows of the table, 2 epochs, 16 updates, ended: done")
    assert lines[4].startswith("train: loss ") and lines[5].startswith("validation: loss ")
    assert repr(model) == "<stratanet.Model: binary of 'target': 0, 1, 31 parameters>"


def test_describe_takes_data_files_and_models(tmp_path, numbers):
    X, y = numbers
    assert [each["name"] for each in stratanet.describe(X)["columns"]] == ["x0", "x1", "x2", "x3"]
    assert stratanet.describe(ROOT / "data/breast_cancer.csv")["rows"] == 569
    model = stratanet.train(X, y, epochs=1)
    model.save(tmp_path / "m.strata")
    assert stratanet.describe(tmp_path / "m.strata") == stratanet.describe(model) == model.describe()
    with pytest.raises(TypeError, match=r"describe\(\) has no option 'seperator'; did you mean 'separator'\?"):
        stratanet.describe(ROOT / "data/breast_cancer.csv", seperator=";")


def test_threads_are_counted_as_joblib_does(numbers):
    from stratanet import _model
    assert _model.threads_of(None) == 0
    assert _model.threads_of(3) == 3
    assert _model.threads_of(-1) == len(os.sched_getaffinity(0))
    assert _model.threads_of(-1000) == 1
    with pytest.raises(ValueError, match="n_jobs: expected"):
        _model.threads_of(0)
    with pytest.raises(TypeError, match="n_jobs: expected a whole number or None, found 1.5"):
        _model.threads_of(1.5)
    with pytest.raises(ValueError, match="n_jobs and threads both say"):
        stratanet.train(*numbers, n_jobs=1, threads=2)
    X, y = numbers
    assert stratanet.train(X, y, epochs=2, n_jobs=1).to_bytes() == stratanet.train(X, y, epochs=2, n_jobs=2).to_bytes()
