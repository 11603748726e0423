"""Frames: the files that the same tables as CSV give, and what comes in which kind of frame."""

import numpy as np
import pytest

import stratanet
from conftest import table_of_numbers
from stratanet import StrataClassifier

pandas = pytest.importorskip("pandas")


def frame_of(rows=260):
    random = np.random.RandomState(1)
    X, y = table_of_numbers(rows)
    return pandas.DataFrame({
        "size, cm": X[:, 0], "age": random.randint(18, 90, rows), "weight": np.where(X[:, 1] > 1.5, np.nan, X[:, 1]),
        "town": np.array(["Ulm", "Bonn", "Köln", "Ulm "])[random.randint(0, 4, rows)],
        "member": X[:, 2] > 0, "since": pandas.Timestamp("2020-01-01") + pandas.to_timedelta(random.randint(0, 900, rows), "D"),
        "id": np.arange(rows) + 1000, "kind": np.array(["no", "yes"])[y]})


COLUMNS = {
    "numbers": ["size, cm", "weight", "kind"], "whole numbers": ["age", "size, cm", "kind"], "words": ["town", "age", "kind"],
    "truths": ["member", "age", "kind"], "dates": ["since", "size, cm", "kind"], "all": None,
}


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_frame_gives_the_file_of_its_csv(columns, tmp_path, strata):
    frame = frame_of()
    frame = frame[COLUMNS[columns]] if COLUMNS[columns] else frame
    frame.to_csv(tmp_path / "data.csv", index=False)
    strata("train", tmp_path / "data.csv", "--output", tmp_path / "m.strata", "--quiet", "--epochs", 3)
    model = stratanet.train(frame, epochs=3, data_name="data.csv")
    assert model.to_bytes() == (tmp_path / "m.strata").read_bytes()
    again = stratanet.train(frame, "kind", epochs=3, data_name="data.csv")
    assert again.to_bytes() == model.to_bytes()
    strata("predict", tmp_path / "m.strata", tmp_path / "data.csv", "--output", tmp_path / "p.csv", "--quiet")
    of_program = pandas.read_csv(tmp_path / "p.csv")
    found = model.predict_proba(frame)[:, 1].astype(np.float32)
    np.testing.assert_array_equal(of_program["probability_yes"].to_numpy().astype(np.float32), found)


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "nullable", "pyarrow types", "duckdb"])
def test_every_kind_of_frame_gives_the_same(kind):
    frame = frame_of()
    expected = stratanet.train(frame, "kind", epochs=2)
    if kind == "nullable":
        given = frame.convert_dtypes()
    elif kind == "pyarrow types":
        pytest.importorskip("pyarrow")
        given = frame.convert_dtypes(dtype_backend="pyarrow")
    elif kind == "pyarrow":
        given = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    elif kind == "polars":
        given = pytest.importorskip("polars").from_pandas(frame)
    else:
        given = pytest.importorskip("duckdb").sql("SELECT * FROM frame")
    found = stratanet.train(given, "kind", epochs=2)
    assert found.to_bytes() == expected.to_bytes()
    assert (found.predict_proba(given) == expected.predict_proba(frame)).all()
    assert (found.predict(given) == expected.predict(frame)).all()


def test_chunks_are_one_table():
    pyarrow = pytest.importorskip("pyarrow")
    frame = frame_of()
    whole = pyarrow.Table.from_pandas(frame)
    chunks = pyarrow.concat_tables([whole.slice(0, 100), whole.slice(100)])
    assert stratanet.train(chunks, "kind", epochs=2).to_bytes() == stratanet.train(frame, "kind", epochs=2).to_bytes()


def test_categories_go_by_value_and_never_by_code():
    frame = frame_of()[["town", "age", "kind"]]
    one = frame.assign(town=pandas.Categorical(frame["town"], categories=["Ulm", "Bonn", "Köln", "Ulm "]))
    other = frame.assign(town=pandas.Categorical(frame["town"], categories=["Köln", "Ulm ", "Ulm", "Bonn", "never"]))
    first, second = (stratanet.train(each, "kind", epochs=2) for each in (one, other))
    assert first.to_bytes() == second.to_bytes()
    assert (first.predict_proba(one) == first.predict_proba(other)).all()
    assert (first.predict_proba(one) == first.predict_proba(frame)).all()


def test_no_frame_is_written():
    frame = frame_of()
    before = frame.copy(deep=True)
    model = stratanet.train(frame, "kind", epochs=1)
    model.predict(frame)
    pandas.testing.assert_frame_equal(frame, before)


def test_a_target_beside_the_frame_and_several_of_its_columns():
    frame = frame_of()
    inside = stratanet.train(frame, "kind", epochs=2)
    beside = stratanet.train(frame.drop(columns="kind"), frame["kind"], epochs=2)
    assert (beside.predict_proba(frame) == inside.predict_proba(frame)).all()
    several = stratanet.train(frame.drop(columns="kind"), ["age", "size, cm"], epochs=1)
    assert several.predict(frame).shape == (260, 2)
    with pytest.raises(ValueError, match="target: the data have a column 'kind' too, so that the answer would be an input"):
        stratanet.train(frame, frame["kind"])
    weighted = stratanet.train(frame, "kind", sample_weight=np.arange(260) + 1, epochs=1)
    assert weighted.describe()["training"]["options"]["weight-column"] == "weight_"


def test_rows_to_measure_on_in_frames():
    frame = frame_of()
    model = stratanet.train(frame[:200], "kind", eval_set=frame[200:], epochs=2, patience=2)
    assert model.report["validation_examples"] == 60
    fitted = StrataClassifier(max_iter=2, patience=2)
    fitted.fit(frame[:200].drop(columns="kind"), frame["kind"][:200],
               eval_set=(frame[200:].drop(columns="kind"), frame["kind"][200:]))
    assert fitted.model_.report["validation_examples"] == 60
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match="X is a frame of pandas, and the rows to measure on are a DataFrame"):
        stratanet.train(frame, "kind", eval_set=polars.from_pandas(frame))
    both = polars.from_pandas(frame)
    assert stratanet.train(both[:200], "kind", eval_set=both[200:], epochs=2, patience=2).to_bytes() == model.to_bytes()


def test_estimators_know_the_names():
    frame = frame_of()
    X, y = frame.drop(columns="kind"), frame["kind"]
    fitted = StrataClassifier(max_iter=3).fit(X, y)
    assert fitted.feature_names_in_.tolist() == list(X.columns)
    assert fitted.n_features_in_ == 7
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert (fitted.predict_proba(X) == stratanet.train(frame, "kind", epochs=3, recipe="plain").predict_proba(X)).all()
    with pytest.raises(ValueError, match="Feature names unseen at fit time:\n- years\nFeature names seen at fit time, yet now"):
        fitted.predict(X.rename(columns={"age": "years"}))
    with pytest.raises(ValueError, match="Feature names must be in the same order as they were in fit"):
        fitted.predict(X[X.columns[::-1]])
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        fitted.predict(X[:0])
    again = StrataClassifier.from_model(fitted.model_)
    assert again.feature_names_in_.tolist() == [name for name in X.columns if name != "id"]  # which tells rows apart


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "u2", "object", "Float64"])
def test_a_row_of_a_frame_is_predicted_as_many_are(dtype):
    X, y = table_of_numbers()
    frame = pandas.DataFrame(np.round(np.abs(X) * 50), columns=list("abcd")).astype(dtype)
    fitted = StrataClassifier(max_iter=3).fit(frame, y)
    many = fitted.predict_proba(frame)
    few = fitted.predict_proba(frame[:3])
    assert (few == many[:3]).all()
    predictor = fitted.model_.predictor()
    numbers = predictor.numbers_of(frame[:3], list("abcd"))
    assert (numbers is not None) == (dtype not in ("object", "Float64"))
    if numbers is not None:
        assert (predictor.outputs(numbers) is not None) == (numbers.dtype.itemsize >= 4)
    assert predictor.numbers_of(frame, list("abcd")) is None  # many
    assert predictor.numbers_of(frame[:3].rename(columns={"a": "z"}), list("abcd")) is None
    assert predictor.numbers_of(frame[:3][list("bacd")], list("abcd")) is None


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "duckdb", "pandas"])
def test_estimators_take_every_kind_of_frame(kind):
    frame = frame_of()
    X = frame.drop(columns="kind")
    expected = StrataClassifier(max_iter=2).fit(X, frame["kind"], sample_weight=np.arange(260) + 1)
    if kind == "polars":
        given = pytest.importorskip("polars").from_pandas(X)
        y = pytest.importorskip("polars").from_pandas(frame["kind"])
    elif kind == "pyarrow":
        given = pytest.importorskip("pyarrow").Table.from_pandas(X)
        y = pytest.importorskip("pyarrow").chunked_array([frame["kind"]])
    elif kind == "duckdb":
        given, y = pytest.importorskip("duckdb").sql("SELECT * FROM X"), frame["kind"].astype("string")
    else:
        given, y = X.convert_dtypes(), frame["kind"].astype("category")
    found = StrataClassifier(max_iter=2).fit(given, y, sample_weight=np.arange(260) + 1)
    assert found.feature_names_in_.tolist() == list(X.columns)
    assert (found.predict_proba(given) == expected.predict_proba(X)).all()
    assert (found.predict_proba(X) == expected.predict_proba(X)).all()
    assert found.predict(given).tolist() == expected.predict(X).tolist()
    if kind in ("polars", "pyarrow"):
        order = ["age", "size, cm", *X.columns[2:]]
        with pytest.raises(ValueError, match="Feature names must be in the same order as they were in fit"):
            found.predict(given.select(order))
        names = ["years" if each == "age" else each for each in X.columns]
        renamed = given.rename({"age": "years"}) if kind == "polars" else given.rename_columns(names)
        with pytest.raises(ValueError, match="unseen at fit time:\n- years\nFeature names seen at fit time, yet now missing:\n- age"):
            found.predict(renamed)


def test_partial_fit_of_a_frame():
    frame = frame_of()
    X = frame.drop(columns="kind")
    fitted = StrataClassifier(hidden_layers=[8], learning_rate=0.01)
    for _ in range(10):
        fitted.partial_fit(X[:130], frame["kind"][:130], classes=["no", "yes"])
        fitted.partial_fit(X[130:], frame["kind"][130:])
    assert fitted.n_iter_ == 20
    assert fitted.score(X, frame["kind"]) > 0.75
    assert fitted.classes_.tolist() == ["no", "yes"]


def test_frames_in_pipelines_with_set_output():
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    frame = frame_of()
    scale = make_column_transformer((StandardScaler(), make_column_selector(dtype_include=float)), remainder="passthrough",
                                    verbose_feature_names_out=False).set_output(transform="pandas")
    pipeline = make_pipeline(scale, StrataClassifier(max_iter=20)).fit(frame.drop(columns="kind"), frame["kind"])
    assert pipeline.score(frame.drop(columns="kind"), frame["kind"]) > 0.7
    assert "town" in pipeline[-1].feature_names_in_


def test_frames_of_numbers_and_arrays_warn_as_scikit_learn_does():
    X, y = table_of_numbers()
    fitted = StrataClassifier(max_iter=1).fit(pandas.DataFrame(X, columns=list("abcd")), y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        found = fitted.predict_proba(X)
    assert (found == fitted.predict_proba(pandas.DataFrame(X, columns=list("abcd")))).all()


def test_the_columns_of_a_matrix_are_read_where_they_are():
    X, y = table_of_numbers()
    frame = pandas.DataFrame(X, columns=list("abcd"), copy=False)
    from stratanet import _data
    table = _data.table_of(frame)
    assert table.names == list("abcd")
    assert all(np.shares_memory(each, X) for each in table.handle.holds[1:])
    assert len(table.handle.holds) == 5
    assert stratanet.train(frame, y, epochs=2).to_bytes() == stratanet.train(frame.copy(), y, epochs=2).to_bytes()
    bytes_too = pandas.DataFrame(np.round(np.abs(X) * 20).astype(np.uint8), columns=list("abcd"), copy=False)
    assert stratanet.train(bytes_too, y, epochs=2).describe()["scale"] == "standard"  # and not that of pixels
    frame.columns = [0, ("b", "c"), "z", 1.5]
    assert stratanet.train(frame, y, epochs=1).inputs == ["0", "('b', 'c')", "z", "1.5"]


def test_what_is_wrong_with_a_frame():
    frame = frame_of()
    with pytest.raises(ValueError, match="the frame has several columns named 'age'; rename them"):
        stratanet.train(pandas.concat([frame, frame[["age"]]], axis=1), "kind")
    model = stratanet.train(frame, "kind", epochs=1)
    with pytest.raises(KeyError, match="target: the data have no column 'knd'; did you mean 'kind'?"):
        stratanet.train(frame, "knd")
    with pytest.raises(ValueError, match="the frame lacks 1 of the model's 6 inputs: 'age'"):
        model.predict(frame.drop(columns="age"))
    with pytest.raises(ValueError, match=r"age.*example 3.*'old'"):
        model.predict(frame.assign(age=[*frame["age"][:3], "old", *frame["age"][4:]]))
    with pytest.raises(ValueError, match="contains NaN|is missing in"):
        stratanet.train(frame.assign(kind=frame["kind"].where(frame["age"] > 20)), "kind", epochs=1)
    with pytest.raises(TypeError, match="time spans"):
        stratanet.train(frame.assign(span=frame["since"] - frame["since"].min()), "kind")
    with pytest.raises(TypeError, match="'list'|list"):
        stratanet.train(pytest.importorskip("pyarrow").table({"list": [[1], [2]], "kind": ["a", "b"]}), "kind")
