r"""A classifier with one positive concave equilibrium layer, in the style of scikit-learn.

.. math:: z = s(W z + r(U x + b)),\quad y = C z + c,\quad P(\text{class } k) = e^{y_k}/\textstyle\sum_j e^{y_j}.

While it is trained (`rmtjac.learn.equilibrium.training`) z goes through a batch normalisation; an affine map in the
end, it is taken into C and c.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac import archive
from rmtjac.learn.equilibrium.layers import EquilibriumLayer, layer_of
from rmtjac.learn.equilibrium.training import Epoch, Trainer, Training
from rmtjac.learn.optimisation.adamw import precision_for
from rmtjac.provenance import provenance
from rmtjac.schema import Schema
from rmtjac.validate import finite, positive_int

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data
except ImportError:
    raise ImportError("PcDEQClassifier needs scikit-learn 1.6 or later; install rmtjac[learn]") from None

__all__ = ["PcDEQClassifier"]

_DEQ_RATE, _DEQ_STEPS, _LARGEST_RATE = 5e-4, 37_500, 5e-3
_SCHEMA = Schema(
    "pcdeq classifier",
    arrays={
        "weights": "float n n",
        "injection": "float n m",
        "biases": "float n",
        "coef": "float q n",
        "intercept": "float q",
        "classes": "label _",
        "history": f"float _ {len(Epoch._fields)}",
        "validation": "float _",
    },
    facts={"parameters": "object", "classes?": "[any] q", "versions": "object", "cpu": "text"},
)


class PcDEQClassifier(ClassifierMixin, BaseEstimator):
    """Classifier with one equilibrium layer whose fixed point exists, is unique, and is computed with a bound.

    Parameters
    ----------
    units
        n, size of the layer.
    activation
        s: that of `PcDEQ1` or of `PcDEQ2`.
    epochs, batch_size, learning_rate, weight_decay, drop
        AdamW; the rate is a tenth after the share `drop` of the epochs. The defaults are those of DEQ for MNIST.
        ``learning_rate="auto"`` is DEQ's 5e-4 for the 37,500 steps that 40 epochs of MNIST take; for fewer steps it
        grows as their number to the power -1/2, to at most 5e-3.
    tol
        Largest last step of the equilibria while training, which proves nothing; predictions use `predict_tol`.
    predict_tol
        Proved bound of the error of the equilibria, in every unit, in predictions.
    random_state
        Seed, or RandomState: initial weights and the order of the samples.
    progress
        Whether to show a bar on a terminal.

    Attributes
    ----------
    layer_
        The trained `PcDEQ1` or `PcDEQ2`; ``layer_.network(x)`` can be certified.
    coef_, intercept_
        C (q, n) and c (q,).
    classes_, n_features_in_
        As everywhere in scikit-learn.
    history_
        One `Epoch` per epoch: loss, accuracy, steps of the solution and of its adjoint.
    validation_
        Share of right answers after each epoch on the data given to `fit` for that; else empty.

    Notes
    -----
    Features are used as they are: give them mean 0 and variance 1, or nearly. Cost on MNIST (60,000 x 784), 80 units:
    about a second of one core an epoch.

    Examples
    --------
    >>> from rmtjac.learn import PcDEQClassifier, digits
    >>> data = digits()
    >>> model = PcDEQClassifier(units=40, epochs=30, random_state=0)
    >>> model.fit(data.train, data.train_labels).score(data.test, data.test_labels) > 0.9
    True
    """

    def __init__(
        self,
        units: int = 80,
        activation: str = "tanh",
        *,
        epochs: int = 40,
        batch_size: int = 64,
        learning_rate: float | str = "auto",
        weight_decay: float = 1.5e-2,
        drop: float = 0.75,
        tol: float = 1e-4,
        predict_tol: float = 1e-8,
        random_state: Any = None,
        progress: bool = False,
    ) -> None:
        self.units = units
        self.activation = activation
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.drop = drop
        self.tol = tol
        self.predict_tol = predict_tol
        self.random_state = random_state
        self.progress = progress

    def _rate(self, samples: int) -> float:
        if self.learning_rate != "auto":
            return finite("learning_rate", self.learning_rate, above=0.0)
        steps = self.epochs * math.ceil(samples / self.batch_size)
        return min(max(_DEQ_RATE * math.sqrt(_DEQ_STEPS / steps), _DEQ_RATE), _LARGEST_RATE)

    def _training(self, samples: int) -> Training:
        return Training(
            epochs=positive_int("epochs", self.epochs),
            batch_size=positive_int("batch_size", self.batch_size),
            rate=self._rate(samples),
            decay=finite("weight_decay", self.weight_decay, least=0.0),
            drop=finite("drop", self.drop, least=0.0),
            tol=finite("tol", self.tol, above=0.0),
        )

    def fit(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> PcDEQClassifier:
        """Train on X (K, m) with classes y (K,); with `validation` (X', y'), score on it after each epoch.

        Raises
        ------
        ValueError
            If the data are empty, not finite or of one class only, or a parameter is out of range.
        ArithmeticError
            If the training diverges.
        """
        from tqdm import tqdm

        kind, units = layer_of(self.activation), positive_int("units", self.units)
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32))
        training = self._training(len(X))
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds one class only, {self.classes_[0]}; two or more are needed to train a classifier"
            )
        seed = check_random_state(self.random_state).randint(2**32, dtype=np.uint64)
        draw, order = (np.random.default_rng([int(seed), k]) for k in range(2))
        precision = precision_for("X", X)
        rows = np.ascontiguousarray(X, dtype=precision)
        trainer = Trainer(
            X.shape[1], units, len(self.classes_), self.activation, kind.injection_activation, draw, training, precision
        )
        self.history_: list[Epoch] = []
        self.validation_: list[float] = []
        with tqdm(total=training.epochs, disable=None if self.progress else True, unit="epoch") as bar:
            for done in trainer.train(rows, labels, order):
                self.history_.append(done)
                if validation is not None:
                    self._take(trainer, kind, rows)
                    self.validation_.append(float(self.score(*validation)))
                bar.set_postfix(loss=done.loss, refresh=False)
                bar.update()
        self._take(trainer, kind, rows)
        return self

    def _take(self, trainer: Trainer, kind: type[EquilibriumLayer], x: np.ndarray) -> None:
        """Fold the normalisation, with its statistics over all of x, into the affine map after it."""
        trainer.settle(x)
        held = trainer.parameters
        self.layer_ = kind(held["W"], held["U"], held["b"], self.activation)
        slope, offset = trainer.norm.affine()
        outer = np.asarray(held["C"], dtype=float)
        self.coef_, self.intercept_ = outer * slope, outer @ offset + held["c"]

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        found = self.layer_.solve(X, finite("predict_tol", self.predict_tol, above=0.0))
        if found.errors.max() > self.predict_tol:
            warnings.warn(
                f"equilibria are proved to {found.errors.max():.2g} only, not to predict_tol={self.predict_tol!r}",
                ConvergenceWarning,
                stacklevel=3,
            )
        return found.z @ self.coef_.T + self.intercept_

    def decision_function(self, X: Any) -> np.ndarray:
        """Return y (K, q); for two classes their difference (K,), as scikit-learn has it."""
        y = self._outputs(X)
        return y[:, 1] - y[:, 0] if y.shape[1] == 2 else y

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, shape (K, q)."""
        y = self._outputs(X)
        chance = np.exp(y - y.max(axis=1, keepdims=True))
        return chance / chance.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each sample, shape (K,)."""
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def save(self, path: str | Path) -> Path:
        """Write the trained classifier to a file (npz, no pickles).

        Raises
        ------
        ValueError
            If its classes are neither numbers nor texts.
        """
        check_is_fitted(self)
        classes = self.classes_
        facts: dict[str, Any] = {"parameters": {**self.get_params(), "random_state": None}}
        if classes.dtype == object:
            plain = classes.tolist()
            for one in plain:
                if not isinstance(one, str | bool | int | float):
                    raise ValueError(f"classes_ holds {one!r}, which cannot be saved; use numbers or texts")
            # As JSON, so that they come back as the objects that they were.
            facts["classes"], classes = plain, np.empty(0)
        layer = self.layer_
        return archive.save(
            path, _SCHEMA.kind, provenance(**facts),
            {
                "weights": layer.weights, "injection": layer.injection, "biases": layer.biases, "coef": self.coef_,
                "intercept": self.intercept_, "classes": classes, "history": np.array(self.history_),
                "validation": np.array(self.validation_),
            },
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | Path) -> PcDEQClassifier:
        """Read a classifier that `save` wrote.

        Raises
        ------
        ValueError
            If the file does not hold one.
        """

        def build(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> PcDEQClassifier:
            new = cls(**facts["parameters"])
            new.layer_ = layer_of(new.activation)(
                arrays["weights"], arrays["injection"], arrays["biases"], new.activation
            )
            new.coef_, new.intercept_, new.classes_ = arrays["coef"], arrays["intercept"], arrays["classes"]
            if "classes" in facts:
                new.classes_ = np.array(facts["classes"], dtype=object)
            if len(new.classes_) != len(new.intercept_):
                raise ValueError(f"{len(new.classes_)} classes do not belong to {len(new.intercept_)} outputs")
            new.history_ = [Epoch(*row) for row in arrays["history"].tolist()]
            new.validation_ = arrays["validation"].tolist()
            new.n_features_in_ = new.layer_.injection.shape[1]
            return new

        return archive.restore(path, _SCHEMA, build)
