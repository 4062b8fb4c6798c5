import numpy as np
import pytest

pytest.importorskip("sklearn")

from rmtjac.learn import PcDEQClassifier, digits


@pytest.fixture(scope="module")
def data():
    return digits().standardised()


@pytest.fixture(scope="module")
def fitted(data):
    model = PcDEQClassifier(40, epochs=2, learning_rate=5e-3, random_state=0)
    return model.fit(data.train, data.train_labels, validation=(data.test, data.test_labels))


def test_files(fitted, data, tmp_path):
    path = fitted.save(tmp_path / "model.npz")
    again = PcDEQClassifier.load(path)
    np.testing.assert_array_equal(again.predict_proba(data.test), fitted.predict_proba(data.test))
    assert again.history_ == fitted.history_
    assert again.get_params()["units"] == 40
    names = fitted.__class__(epochs=1).fit(data.train, np.where(data.train_labels > 4, "high", "low"))
    loaded = PcDEQClassifier.load(names.save(tmp_path / "names.npz"))
    assert set(loaded.predict(data.test)) <= {"high", "low"}
    assert loaded.decision_function(data.test).shape == (360,)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is not a file that rmtjac wrote"):
        PcDEQClassifier.load(tmp_path / "bad.npz")


@pytest.mark.parametrize(
    "kind", ["numpy objects", "pandas text", "pandas objects", "pandas category", "pandas bool", "list", "floats"]
)
def test_labels_of_every_kind_come_back(kind, data, tmp_path):
    pd = pytest.importorskip("pandas")
    x, words = data.train[:80], np.where(data.train_labels[:80] > 4, "high", "low")
    labels = {
        "numpy objects": words.astype(object),
        "pandas text": pd.Series(words),
        "pandas objects": pd.Series(words, dtype=object),
        "pandas category": pd.Series(words, dtype="category"),
        "pandas bool": pd.Series(words == "low"),
        "list": words.tolist(),
        "floats": np.where(words == "low", 2.0, 7.0),
    }[kind]
    # Numbers as a grid search hands them over.
    model = PcDEQClassifier(np.int64(3), epochs=np.int32(1), learning_rate=np.float32(1e-3), random_state=0)
    model.fit(x, labels)
    again = PcDEQClassifier.load(model.save(tmp_path / "model.npz"))
    assert again.classes_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert set(again.predict(x).tolist()) <= set(np.asarray(labels).tolist())


def test_objects_that_json_does_not_hold_are_refused(data, tmp_path):
    labels = np.array([(0, 1), (2, 3)], dtype=object)  # the classes are numbers here, the saved array is made to lie
    model = PcDEQClassifier(2, epochs=1, random_state=0).fit(data.train[:20], np.arange(20) % 2)
    model.classes_ = np.empty(2, dtype=object)
    model.classes_[:] = [tuple(one) for one in labels.tolist()]
    with pytest.raises(ValueError, match="cannot be saved; use numbers or texts"):
        model.save(tmp_path / "model.npz")
    assert not (tmp_path / "model.npz").exists()
