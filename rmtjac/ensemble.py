"""Ensembles of random networks: widths, activations, laws of weights and biases.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.laws import Cauchy, Gaussian, Law, LawCode, Orthogonal, law
from rmtjac.network import Network, describe, per_layer, short_widths
from rmtjac.rng import RngLike, as_generator
from rmtjac.validate import choice, positive_int

__all__ = ["Ensemble"]


def _laws(name: str, spec: object, depth: int) -> tuple[Law, ...]:
    """Return a law for each layer."""
    if isinstance(spec, (list, tuple)):
        if len(spec) != depth:
            raise ValueError(f"{name} has {len(spec)} entries; one, or one per layer ({depth}), is needed")
        return tuple(law(one, name) for one in spec)
    return (law(spec, name),) * depth  # type: ignore[arg-type]


class Ensemble:
    r"""Describe random networks of given widths with independent weights and biases.

    A network has L layers, :math:`x^{l+1} = \varphi_l(W^l x^l + b^l)`, :math:`l = 0, \ldots, L - 1`.

    Parameters
    ----------
    widths : sequence of int, shape (L + 1,)
        The widths n_0, ..., n_L; at least two.
    activation : str, Activation, or a sequence of L of them, default "tanh"
        The activation of all layers, or one for each layer.
    weights : str, Law, or a sequence of L of them, default Gaussian()
        The law of the weights: a law such as `Gaussian`, its text (``"gaussian:1.0"``), or one for each layer. The
        package `rmtjac.laws` describes the scale convention.
    biases : str, Law, or a sequence of L of them, optional
        The law of the biases. Default: no biases.

    Raises
    ------
    TypeError
        If an argument has a wrong type.
    ValueError
        If there are fewer than two widths, an activation or a law is not known, the length of a sequence is not the
        number of layers, or the law of the biases is orthogonal.

    See Also
    --------
    Network : A network with given weights.
    sample_spectrum : Singular values of the Jacobians of an ensemble.
    limit_spectrum : The limit of their distribution as the widths grow.
    count_fixed_points : The law of the number of fixed points.

    References
    ----------
    BS (10)-(11). See docs/references.md.

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
        """Return the ensemble in which all widths are equal.

        Parameters
        ----------
        width : int
            The width N of all layers, and of input and output.
        depth : int
            The number of layers L.
        activation : str, Activation, or a sequence of L of them, default "tanh"
            As for the class.
        weights : str, Law, or a sequence of L of them, default Gaussian()
            As for the class.
        biases : str, Law, or a sequence of L of them, optional
            As for the class.

        Returns
        -------
        Ensemble
            The ensemble.

        Raises
        ------
        ValueError
            If an argument is not allowed.
        """
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
        """Return the ensemble of BS Section IV: widths [2, N, ..., N, 2], weights and biases of scale 1/n.

        Parameters
        ----------
        width : int
            The width N of the hidden layers.
        depth : int
            The number of layers L; L = 1 has no hidden layer.
        law : {"cauchy", "gaussian"}, default "cauchy"
            The law of weights and biases.
        fan : {"in", "width"}, default "in"
            What n is: the number of inputs of the layer (2 in the first layer), or N in every layer.
        biases : bool, default True
            Whether there are biases; they follow the law of the weights.
        activation : str or Activation, default "hardtanh"
            The activation of all layers.

        Returns
        -------
        Ensemble
            The ensemble.

        Raises
        ------
        ValueError
            If an argument is not allowed.
        """
        width, depth = positive_int("width", width), positive_int("depth", depth)
        choice("law", law, ("cauchy", "gaussian"))
        choice("fan", fan, ("in", "width"))
        kind = Cauchy if law == "cauchy" else Gaussian
        entries = kind(1.0, power=1.0, fan=fan)
        if depth == 1 and fan == "width":  # no layer has the width N
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
        # Two activations of the user's own may have the same name.
        phis = {phi if phi.code is None else phi.spec for phi in self.activations}
        return len(phis) == 1 and all(len(set(map(repr, group))) == 1 for group in (self.weights, self.biases or "-"))

    def layer_numbers(self) -> list[dict[str, float]]:
        """Return the scales and the variances of an entry of W and of b for each layer, by the scale convention."""
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
        """Return codes and numbers of the laws of weights and biases, as the kernels take them.

        Returns
        -------
        codes : ndarray of int, shape (L, 2)
            The `LawCode` of the weights and of the biases of each layer.
        numbers : ndarray of float, shape (L, 4)
            Shape parameter and scale of the weights, then of the biases, of each layer.
        """
        codes, numbers = np.empty((self.depth, 2), dtype=np.int64), np.zeros((self.depth, 4))
        for l, layer in enumerate(self.layer_numbers()):
            w, b = self.weights[l], self.biases[l] if self.biases else None
            codes[l] = w.code, b.code if b else LawCode.NO_LAW
            numbers[l] = w.parameter, layer["weight_scale"], b.parameter if b else 0.0, layer["bias_scale"]
        return codes, numbers

    def draw(self, rng: RngLike) -> Network:
        """Draw one network: W^0, b^0, W^1, ..., in this order, from one generator.

        Parameters
        ----------
        rng : int, SeedSequence or Generator
            The seed, or the generator to draw from.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        ValueError
            If an entry leaves the range of a float (a heavy tail with a huge scale).

        References
        ----------
        BS (2)-(3). See docs/references.md.
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
        """Return a description that JSON can hold, with activations by their names; `from_dict` reads it back."""
        return {
            "widths": list(self.widths),
            "activations": [phi.spec for phi in self.activations],
            "weights": [one.to_dict() for one in self.weights],
            "biases": None if self.biases is None else [one.to_dict() for one in self.biases],
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Ensemble:
        """Return the ensemble that `to_dict` described.

        Parameters
        ----------
        facts : dict
            The description.

        Returns
        -------
        Ensemble
            The ensemble.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it describes no ensemble.
        """
        return cls(facts["widths"], facts["activations"], facts["weights"], facts["biases"])

    def __repr__(self) -> str:
        def short(laws: tuple[Law, ...]) -> str:
            """Return one law if all layers share it."""
            return repr(laws[0]) if len(set(laws)) == 1 else repr(list(laws))

        parts = [f"widths={short_widths(self.widths)}", f"activation={describe(self.activations)}"]
        parts.append(f"weights={short(self.weights)}")
        if self.biases is not None:
            parts.append(f"biases={short(self.biases)}")
        return f"Ensemble({', '.join(parts)})"
