"""A law of random networks: widths, activation, laws of weights and biases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.laws import Cauchy, Gaussian, Law, Orthogonal, law
from rmtjac.network import Network, describe, per_layer
from rmtjac.rng import RngLike, as_generator
from rmtjac.validate import choice, positive_int

__all__ = ["Ensemble"]


def _laws(name: str, spec: object, depth: int) -> tuple[Law, ...]:
    if isinstance(spec, (list, tuple)):
        if len(spec) != depth:
            raise ValueError(f"{name} has {len(spec)} entries; one, or one per layer ({depth}), is needed")
        return tuple(law(one, name) for one in spec)
    return (law(spec, name),) * depth  # type: ignore[arg-type]


class Ensemble:
    """Random networks of given widths with independent weights and biases.

    Parameters
    ----------
    widths
        n_0 ... n_L, at least two positive whole numbers.
    activation
        A name, an `Activation`, or one per layer.
    weights, biases
        A law (`Gaussian`, `Cauchy`, ...), its text (``"gaussian:1.0"``), or one per layer;
        ``biases=None`` for none. The module `rmtjac.laws` spells out the scale convention.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(width=100, depth=2, activation="hardtanh", biases=rj.Gaussian(std=0.1))
    >>> ens
    Ensemble(widths=[100, 100, 100], activation='hardtanh', weights=Gaussian(), biases=Gaussian(std=0.1))
    >>> ens.draw(rng=0).jacobian([0.5] * 100).shape
    (100, 100)
    """

    def __init__(
        self,
        widths: Sequence[int],
        activation: str | Activation | Sequence[str | Activation] = "tanh",
        weights: str | Law | Sequence[str | Law] = Gaussian(),  # noqa: B008 (laws are immutable)
        biases: str | Law | Sequence[str | Law] | None = None,
    ) -> None:
        if isinstance(widths, (str, int)) or len(widths) < 2:
            raise ValueError(f"widths={widths!r} must list at least two layer widths, n_0 ... n_L")
        self.widths = tuple(positive_int(f"widths[{l}]", n) for l, n in enumerate(widths))
        self.activations = per_layer(activation, self.depth)
        self.weights = _laws("weights", weights, self.depth)
        self.biases = None if biases is None else _laws("biases", biases, self.depth)
        for one in self.biases or ():
            if isinstance(one, Orthogonal):
                raise ValueError(f"biases={one!r}: an orthogonal law draws matrices; give the biases another law")

    @classmethod
    def square(
        cls,
        width: int,
        depth: int,
        activation: str | Activation | Sequence[str | Activation] = "tanh",
        weights: str | Law | Sequence[str | Law] = Gaussian(),  # noqa: B008
        biases: str | Law | Sequence[str | Law] | None = None,
    ) -> Ensemble:
        """Return the ensemble with all widths equal."""
        return cls([positive_int("width", width)] * (positive_int("depth", depth) + 1), activation, weights, biases)

    @classmethod
    def berlyand_slavin(
        cls,
        width: int,
        depth: int,
        law: str = "cauchy",
        fan: str = "in",
        biases: bool = True,
        activation: str | Activation = "hardtanh",
    ) -> Ensemble:
        """Return the networks of BS Section IV: widths [2, N, ..., N, 2], weights and biases of scale 1/n.

        Parameters
        ----------
        width, depth
            N and L; L = 1 has no hidden layer.
        law
            ``"cauchy"`` or ``"gaussian"``.
        fan
            ``"in"``: n is the fan-in of the layer (2 in the first one); ``"width"``: n = N in every layer.
        biases
            Whether there are any; they follow the law of the weights.
        """
        width, depth = positive_int("width", width), positive_int("depth", depth)
        choice("law", law, ("cauchy", "gaussian"))
        choice("fan", fan, ("in", "width"))
        kind = Cauchy if law == "cauchy" else Gaussian
        entries = kind(1.0, power=1.0, fan=fan)
        if depth == 1 and fan == "width":  # there is no layer of width N to take it from
            entries = kind(1.0 / width, power=0.0)
        return cls([2, *[width] * (depth - 1), 2], activation, entries, entries if biases else None)

    @property
    def depth(self) -> int:
        """The number of layers L."""
        return len(self.widths) - 1

    @property
    def is_square(self) -> bool:
        """Whether all widths are equal."""
        return len(set(self.widths)) == 1

    @property
    def identical_layers(self) -> bool:
        """Whether all layers share activation and laws."""
        # Two activations of a user's own may have one name.
        phis = {phi if phi.code is None else phi.spec for phi in self.activations}
        return len(phis) == 1 and all(len(set(map(repr, group))) == 1 for group in (self.weights, self.biases or "-"))

    def layer_numbers(self) -> list[dict[str, float]]:
        """Return per layer the scales and variances of an entry of W and b, with the conventions worked out."""
        top = max(self.widths)
        out = []
        for l in range(self.depth):
            fans = self.widths[l], self.widths[l + 1], top
            w, b = self.weights[l], self.biases[l] if self.biases else None
            out.append(
                {
                    "weight_scale": w.entry_scale(*fans),
                    "weight_variance": w.entry_variance(*fans),
                    "row_variance": w.row_variance(*fans),
                    "bias_scale": b.entry_scale(*fans, bias=True) if b else 0.0,
                    "bias_variance": b.entry_variance(*fans, bias=True) if b else 0.0,
                }
            )
        return out

    def kernel_arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the law codes (L, 2) and the shape parameters and scales (L, 4) of weights and biases."""
        codes, numbers = np.empty((self.depth, 2), dtype=np.int64), np.zeros((self.depth, 4))
        for l, layer in enumerate(self.layer_numbers()):
            w, b = self.weights[l], self.biases[l] if self.biases else None
            codes[l] = w.code, b.code if b else -1
            numbers[l] = w.parameter, layer["weight_scale"], b.parameter if b else 0.0, layer["bias_scale"]
        return codes, numbers

    def draw(self, rng: RngLike) -> Network:
        """Draw one network: W^0, b^0, W^1, ... in this order from one generator.

        Raises
        ------
        ValueError
            If an entry leaves the range of a float (a heavy tail with a huge scale).
        """
        from rmtjac.kernels.samples.draw import draw_matrix, draw_vector

        generator = as_generator(rng)
        weights, biases = [], []
        for l, (codes, numbers) in enumerate(zip(*self.kernel_arrays(), strict=True)):
            rows, columns = self.widths[l + 1], self.widths[l]
            weights.append(draw_matrix(generator, codes[0], numbers[0], numbers[1], rows, columns))
            biases.append(draw_vector(generator, codes[1], numbers[2], numbers[3], rows))
        return Network(weights, biases, self.activations)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description; `from_dict` reads it back (activations by name)."""
        return {
            "widths": list(self.widths),
            "activations": [phi.spec for phi in self.activations],
            "weights": [one.to_dict() for one in self.weights],
            "biases": None if self.biases is None else [one.to_dict() for one in self.biases],
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Ensemble:
        """Make the ensemble that `to_dict` described."""
        return cls(facts["widths"], facts["activations"], facts["weights"], facts["biases"])

    def __repr__(self) -> str:
        def short(laws: tuple[Law, ...]) -> str:
            return repr(laws[0]) if len(set(laws)) == 1 else repr(list(laws))

        parts = [f"widths={_short_widths(self.widths)}", f"activation={describe(self.activations)}"]
        parts.append(f"weights={short(self.weights)}")
        if self.biases is not None:
            parts.append(f"biases={short(self.biases)}")
        return f"Ensemble({', '.join(parts)})"


def _short_widths(widths: tuple[int, ...]) -> str:
    return (
        repr(list(widths))
        if len(widths) <= 6
        else f"[{widths[0]}, {widths[1]}, ..., {widths[-1]}] (depth {len(widths) - 1})"
    )
