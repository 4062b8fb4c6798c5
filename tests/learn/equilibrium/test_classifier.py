import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from rmtjac import nonnegative  # noqa: E402
from rmtjac.learn import PcDEQ1, PcDEQClassifier, digits  # noqa: E402


@parametrize_with_checks([PcDEQClassifier(epochs=40)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data():
    return digits().standardised()


@pytest.fixture(scope="module")
def fitted(data):
    model = PcDEQClassifier(40, epochs=15, learning_rate=5e-3, random_state=0)
    return model.fit(data.train, data.train_labels, validation=(data.test, data.test_labels))


_OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name in ("softsign", "hardtanh", "erf", "arctan")]


@pytest.mark.parametrize("activation", ["tanh", "relu6", "sigmoid", *_OTHERS])
def test_digits(activation, data):
    # scikit-learn on the same split: logistic regression .911, a support vector machine with an rbf kernel .942.
    model = PcDEQClassifier(80, activation, epochs=40, learning_rate=5e-3, random_state=1)
    model.fit(data.train, data.train_labels)
    assert model.score(data.test, data.test_labels) > 0.915
    assert model.history_[-1].accuracy > 0.99


def test_what_is_trained_can_be_certified(fitted, data):
    found = fitted.layer_.solve(data.test[:5], 1e-12)
    for x, z in zip(data.test[:5], found.z, strict=True):
        proof = nonnegative.certify(fitted.layer_.network(x))
        assert (proof.shape, proof.unique, proof.positive) == ("point", True, True)
        assert (z >= proof.least.lower - 1e-11).all()
        assert (z <= proof.least.upper + 1e-11).all()


def test_validation_and_history(fitted, data):
    assert len(fitted.history_) == len(fitted.validation_) == 15
    assert fitted.validation_[-1] == fitted.score(data.test, data.test_labels)
    assert fitted.history_[-1].loss < fitted.history_[0].loss


def test_probabilities(fitted, data):
    chance = fitted.predict_proba(data.test)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0, rtol=1e-12)
    assert (chance.argmax(axis=1) == fitted.predict(data.test)).all()
    assert (fitted.decision_function(data.test).argmax(axis=1) == chance.argmax(axis=1)).all()


def test_a_seed_fixes_every_bit(fitted, data):
    again = PcDEQClassifier(40, epochs=15, learning_rate=5e-3, random_state=0).fit(data.train, data.train_labels)
    np.testing.assert_array_equal(again.layer_.weights, fitted.layer_.weights)
    other = PcDEQClassifier(40, epochs=1, random_state=1).fit(data.train, data.train_labels)
    assert (other.layer_.injection != fitted.layer_.injection).any()


@pytest.mark.parametrize(("scale", "most"), [(1e39, None), (1e100, None), (1e200, 1e200), (1e300, 1e300)])
def test_features_beyond_single_precision(scale, most, data):
    x, y = data.train[:60] / np.abs(data.train[:60]).max(), data.train_labels[:60]
    model = PcDEQClassifier(3, epochs=2, random_state=0)
    if most is None:
        assert np.isfinite(model.fit(scale * x, y).predict_proba(scale * x)).all()
    else:
        with pytest.raises(ValueError, match=rf"X holds values of size {most:.3g}".replace("+", r"\+")):
            model.fit(scale * x, y)


def test_bad_arguments(data):
    x, y = data.train[:50], data.train_labels[:50]
    bad = {
        "units": 0,
        "epochs": 2.5,
        "learning_rate": 0.0,
        "weight_decay": -1.0,
        "tol": 0.0,
        "batch_size": 0,
        "drop": np.nan,
    }
    for name, value in bad.items():
        with pytest.raises((TypeError, ValueError), match=f"{name}={value}"):
            PcDEQClassifier(**{name: value}).fit(x, y)
    with pytest.raises(ValueError, match="activation='relu' must be one of"):
        PcDEQClassifier(activation="relu").fit(x, y)
    with pytest.raises(ValueError, match="y holds one class only, 3"):
        PcDEQClassifier().fit(x, np.full(50, 3))
    with pytest.raises(ValueError, match="contains NaN"):
        PcDEQClassifier().fit(np.full((4, 2), np.nan), [0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        PcDEQClassifier().fit(np.zeros((0, 3)), [])


def test_what_is_not_proved_is_reported(fitted, data, tmp_path):
    from sklearn.exceptions import ConvergenceWarning

    model = PcDEQClassifier.load(fitted.save(tmp_path / "model.npz"))
    # A slope of 1 all the way from near 0 to 6: the bound is infinite until long after the last step.
    model.layer_ = PcDEQ1(np.eye(40), np.zeros((40, 64)), np.full(40, -30.0), "relu6")
    with pytest.warns(ConvergenceWarning, match=r"proved to inf only, not to predict_tol=1e-08"):
        model.predict(data.test)


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 2))])
def test_the_rate_of_its_own_choice_on_digits(seed, data):
    # With DEQ's rate for MNIST, 5e-4, a set of this size ends below .905 in 40 epochs.
    model = PcDEQClassifier(random_state=seed).fit(data.train, data.train_labels)
    assert model.score(data.test, data.test_labels) > 0.915


def test_rates():
    model = PcDEQClassifier()
    assert model._rate(60_000) == pytest.approx(5e-4, rel=1e-3)  # DEQ's, for MNIST
    assert model._rate(10**7) == 5e-4
    assert model._rate(10) == 5e-3
    assert PcDEQClassifier(learning_rate=0.25)._rate(10) == 0.25
    for wrong in ("fast", 0.0, -1.0, np.inf, None):
        with pytest.raises((TypeError, ValueError), match="learning_rate="):
            PcDEQClassifier(learning_rate=wrong)._rate(10)


def test_odd_sizes():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-2.0, 0.5, (33, 1)), rng.normal(2.0, 0.5, (32, 1))])  # 65: one would be left alone
    y = np.repeat([7, -1], [33, 32])
    model = PcDEQClassifier(1, epochs=200, learning_rate=1e-2, random_state=0).fit(x, y)
    assert model.score(x, y) == 1.0
    two = PcDEQClassifier(3, epochs=2, random_state=0).fit([[0.0], [1.0]], [0, 1])
    assert two.predict([[0.5]]).shape == (1,)
    huge = PcDEQClassifier(4, epochs=3, random_state=0).fit(1e6 * x, y)
    assert np.isfinite(huge.predict_proba(1e6 * x)).all()
