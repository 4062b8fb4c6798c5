r"""A classifier with one positive concave equilibrium layer, in the style of scikit-learn.

.. math:: z = s(W z + r(U x + b)),\quad y = C z + c,\quad P(\text{class } k) = e^{y_k}/\textstyle\sum_j e^{y_j}.

During the training (`rmtjac.learn.equilibrium.training`) a batch normalisation acts on z. After the training this
affine map is multiplied into C and c.

Sources: DEQ (docs/references.md).
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.learn.equilibrium.base import EquilibriumLayer
from rmtjac.learn.equilibrium.classifier_file import read, write
from rmtjac.learn.equilibrium.layers import layer_of
from rmtjac.learn.equilibrium.training import Epoch, Trainer, Training, rate_for
from rmtjac.learn.optimisation.adamw import precision_for
from rmtjac.validate import finite, positive_int

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data
except ImportError:
    raise ImportError("PcDEQClassifier needs scikit-learn 1.6 or later; install rmtjac[learn]") from None

__all__ = ["PcDEQClassifier"]


class PcDEQClassifier(ClassifierMixin, BaseEstimator):
    """Classify with one equilibrium layer, whose fixed point exists, is unique, and has a proved error bound.

    Parameters
    ----------
    units : int, optional
        Size n of the layer.
    activation : str, optional
        The activation s: one of `PcDEQ1` or of `PcDEQ2`.
    epochs, batch_size : int, optional
        Number of epochs, and of samples in each step of AdamW. The defaults, here and below, are those of DEQ for
        MNIST.
    learning_rate : float or {"auto"}, optional
        Learning rate. ``"auto"`` means 5e-4, the rate of DEQ, for the 37,500 steps of 40 epochs of MNIST. For fewer
        steps the rate is larger, as their number to the power -1/2, up to 5e-3.
    weight_decay : float, optional
        Decoupled weight decay.
    drop : float, optional
        Share of the epochs after which the rate is divided by ten.
    tol : float, optional
        In the training, an equilibrium counts as found once no unit moves by more than this. That proves nothing;
        predictions use `predict_tol`.
    predict_tol : float, optional
        Largest proved error of the equilibria, in every unit, in predictions.
    random_state : int, RandomState or None, optional
        Seed of the initial weights and of the order of the samples.
    progress : bool, optional
        Whether to show a progress bar on a terminal.

    Attributes
    ----------
    layer_ : PcDEQ1 or PcDEQ2
        The trained layer; ``layer_.network(x)`` can be certified.
    coef_ : ndarray of float, shape (q, n)
        The matrix C.
    intercept_ : ndarray of float, shape (q,)
        The vector c.
    classes_ : ndarray, shape (q,)
        The classes, in ascending order.
    n_features_in_ : int
        Number m of features.
    history_ : list of Epoch
        For each epoch the loss, the accuracy, and the steps of the solution and of its adjoint.
    validation_ : list of float
        Share of right answers after each epoch on the validation data of `fit`; empty without such data.

    See Also
    --------
    PcDEQ1, PcDEQ2 : The layers.

    Notes
    -----
    Features are not scaled: standardise them to about mean 0 and variance 1. Cost on MNIST (60,000 x 784) with 80
    units: each epoch takes about a second of one core.

    References
    ----------
    DEQ.
    See docs/references.md.

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
        """Return the learning rate for this number of samples."""
        if self.learning_rate != "auto":
            return finite("learning_rate", self.learning_rate, above=0.0)
        return rate_for(self.epochs * math.ceil(samples / self.batch_size))

    def _training(self, samples: int) -> Training:
        """Return the checked parameters of the training."""
        return Training(
            epochs=positive_int("epochs", self.epochs),
            batch_size=positive_int("batch_size", self.batch_size),
            rate=self._rate(samples),
            decay=finite("weight_decay", self.weight_decay, least=0.0),
            drop=finite("drop", self.drop, least=0.0),
            tol=finite("tol", self.tol, above=0.0),
        )

    def fit(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> PcDEQClassifier:
        """Train on samples and their classes.

        Parameters
        ----------
        X : array_like of float, shape (K, m)
            The samples.
        y : array_like, shape (K,)
            Their classes.
        validation : tuple of array_like, optional
            Samples and classes (X', y') to score on after each epoch.

        Returns
        -------
        PcDEQClassifier
            The classifier itself, trained.

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
        """Store the layer, and the affine map after it times the normalisation with its statistics over all of x."""
        trainer.settle(x)
        held = trainer.parameters
        self.layer_ = kind(held["W"], held["U"], held["b"], self.activation)
        slope, offset = trainer.norm.affine()
        outer = np.asarray(held["C"], dtype=float)
        self.coef_, self.intercept_ = outer * slope, outer @ offset + held["c"]

    def _outputs(self, X: Any) -> np.ndarray:
        """Return y (K, q); warn where equilibria are not proved to `predict_tol`."""
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
        """Return the outputs y of the classifier.

        Parameters
        ----------
        X : array_like of float, shape (K, m)
            The samples.

        Returns
        -------
        ndarray of float, shape (K, q)
            The outputs; for two classes their difference, of shape (K,), as scikit-learn defines it.
        """
        y = self._outputs(X)
        return y[:, 1] - y[:, 0] if y.shape[1] == 2 else y

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array_like of float, shape (K, m)
            The samples.

        Returns
        -------
        ndarray of float, shape (K, q)
            Probabilities, in the order of ``classes_``.
        """
        y = self._outputs(X)
        chance = np.exp(y - y.max(axis=1, keepdims=True))
        return chance / chance.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : array_like of float, shape (K, m)
            The samples.

        Returns
        -------
        ndarray, shape (K,)
            The classes.
        """
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def save(self, path: str | Path) -> Path:
        """Write the trained classifier to a file (npz, without pickled objects).

        Parameters
        ----------
        path : str or Path
            Where to write; the ending ``.npz`` is added if it is missing.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        ValueError
            If its classes are neither numbers nor texts.
        """
        check_is_fitted(self)
        return write(self, path)

    @classmethod
    def load(cls, path: str | Path) -> PcDEQClassifier:
        """Read a classifier from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        PcDEQClassifier
            A trained classifier that predicts the same.

        Raises
        ------
        ValueError
            If the file does not hold a classifier.
        """
        found: PcDEQClassifier = read(cls, path)
        return found
