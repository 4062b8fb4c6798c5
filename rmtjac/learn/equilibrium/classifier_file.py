"""The file of a trained classifier; this module does not load scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import results as archive
from rmtjac.archive.schema import Schema
from rmtjac.learn.equilibrium.layers import layer_of
from rmtjac.learn.equilibrium.training import Epoch
from rmtjac.provenance import provenance

__all__ = ["read", "write"]

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


def write(model: Any, path: str | Path) -> Path:
    """Write a trained classifier to a file, and return the path."""
    classes = model.classes_
    facts: dict[str, Any] = {"parameters": {**model.get_params(), "random_state": None}}
    if classes.dtype == object:
        plain = classes.tolist()
        for one in plain:
            if not isinstance(one, str | bool | int | float):
                raise ValueError(f"classes_ holds {one!r}, which cannot be saved; use numbers or texts")
        # JSON gives back the same objects.
        facts["classes"], classes = plain, np.empty(0)
    layer = model.layer_
    return archive.save(
        path, _SCHEMA.kind, provenance(**facts),
        {
            "weights": layer.weights, "injection": layer.injection, "biases": layer.biases, "coef": model.coef_,
            "intercept": model.intercept_, "classes": classes, "history": np.array(model.history_),
            "validation": np.array(model.validation_),
        },
    )  # fmt: skip


def read(cls: type[Any], path: str | Path) -> Any:
    """Return the classifier, of class `cls`, that `write` wrote."""

    def build(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
        new = cls(**facts["parameters"])
        new.layer_ = layer_of(new.activation)(arrays["weights"], arrays["injection"], arrays["biases"], new.activation)
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
