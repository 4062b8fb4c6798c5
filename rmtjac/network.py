"""A network with given weights: forward pass, Jacobian, files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rmtjac.activations import Activation, activation
from rmtjac.archive import provenance, restore, save
from rmtjac.schema import Schema
from rmtjac.validate import real_array

__all__ = ["Network", "NetworkArrays"]

_SCHEMA = Schema(
    "Network",
    arrays={"weights_{layers}": "float _ _", "biases_{layers}": "float _"},
    facts={"activations": "[text] layers", "provenance": "object"},
)


def _read_only(name: str, array: object, shape: tuple[int | None, ...]) -> np.ndarray:
    out = np.array(real_array(name, array), order="C")
    if out.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, out.shape, strict=True)):
        wanted = " x ".join("?" if n is None else str(n) for n in shape)
        raise ValueError(f"{name} has shape {out.shape}; {wanted} is needed")
    if not np.isfinite(out).all():
        raise ValueError(f"{name} holds NaN or infinite entries")
    out.flags.writeable = False
    return out


class NetworkArrays(NamedTuple):
    """A network as the flat arrays that the compiled kernels take; see `Network.arrays`."""

    weights: np.ndarray  # the transposed matrices, one after the other
    biases: np.ndarray  # those of all layers, one after the other
    row_sums: np.ndarray  # for each neuron the sum of the absolute weights into it, rounded up
    widths: np.ndarray  # n_0 ... n_L
    codes: np.ndarray  # for each layer the `rmtjac.kernels.activations.Code`, -1 for an activation without one
    parameters: np.ndarray  # for each layer the parameter of the activation
    column_sums: np.ndarray  # for each neuron below the last layer the sum of the absolute weights out of it

    def after(self, layer: int) -> NetworkArrays:
        """Return the network without its first layers, from number `layer` on; the arrays are views."""
        neurons = int(self.widths[1 : layer + 1].sum())
        entries = int((self.widths[1 : layer + 1] * self.widths[:layer]).sum())
        return NetworkArrays(
            self.weights[entries:], self.biases[neurons:], self.row_sums[neurons:], self.widths[layer:],
            self.codes[layer:], self.parameters[layer:], self.column_sums[neurons:],
        )  # fmt: skip


class Network:
    r"""A deep network :math:`x^{l+1} = \varphi(W^l x^l + b^l)`, l = 0 ... L-1 (BS eq. 2-4).

    Parameters
    ----------
    weights
        ``[W0, ..., W_{L-1}]``, W^l of shape (n_{l+1}, n_l).
    biases
        ``[b0, ..., b_{L-1}]``, b^l of shape (n_{l+1},); ``None`` for none.
    activation
        A name, an `Activation`, or one per layer.

    Raises
    ------
    ValueError
        If shapes do not chain, an entry is not finite, or an activation is not known.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[2.0, 0.0], [0.0, 0.1]]], activation="hardtanh")
    >>> net([1.0, 1.0])
    array([1. , 0.1])
    >>> net.jacobian([1.0, 1.0])
    array([[0. , 0. ],
           [0. , 0.1]])
    """

    def __init__(
        self,
        weights: Sequence[object],
        biases: Sequence[object] | None = None,
        activation: str | Activation | Sequence[str | Activation] = "tanh",
    ) -> None:
        if not len(weights):
            raise ValueError("weights=[] must hold at least one matrix")
        matrices: list[np.ndarray] = []
        for l, matrix in enumerate(weights):
            below = matrices[-1].shape[0] if matrices else None
            matrices.append(_read_only(f"weights[{l}]", matrix, (None, below)))
        if biases is None:
            biases = [np.zeros(matrix.shape[0]) for matrix in matrices]
        if len(biases) != len(matrices):
            raise ValueError(f"biases has {len(biases)} entries; one per layer is needed ({len(matrices)})")
        self.weights = tuple(matrices)
        self.biases = tuple(
            _read_only(f"biases[{l}]", vector, (matrix.shape[0],))
            for l, (vector, matrix) in enumerate(zip(biases, matrices, strict=True))
        )
        self.activations = per_layer(activation, len(matrices))

    @property
    def widths(self) -> tuple[int, ...]:
        """n_0 ... n_L."""
        return (self.weights[0].shape[1], *(matrix.shape[0] for matrix in self.weights))

    @property
    def depth(self) -> int:
        """The number of layers L."""
        return len(self.weights)

    @cached_property
    def arrays(self) -> NetworkArrays:
        """The network as flat arrays, for the compiled kernels; computed once."""
        # A sum of k terms has an error of at most k units in the last place, so this rounds up.
        sums = [np.abs(matrix).sum(axis=1) * (1.0 + matrix.shape[1] * 2.0**-52) for matrix in self.weights]
        effects = [np.zeros(0), *(np.abs(matrix).sum(axis=0) for matrix in self.weights[1:])]
        return NetworkArrays(
            weights=np.concatenate([matrix.T.ravel() for matrix in self.weights]),
            biases=np.concatenate(self.biases),
            row_sums=np.concatenate(sums),
            widths=np.array(self.widths, dtype=np.int64),
            codes=np.array([-1 if phi.code is None else phi.code for phi in self.activations], dtype=np.int64),
            parameters=np.array([phi.parameter for phi in self.activations]),
            column_sums=np.concatenate(effects),
        )

    def _inputs(self, x: object) -> np.ndarray:
        x = real_array("x", x)
        if x.ndim == 0 or x.shape[-1] != self.widths[0]:
            raise ValueError(f"x has shape {x.shape}; (..., {self.widths[0]}) is needed")
        return x

    def preactivations(self, x: object) -> list[np.ndarray]:
        """Return ``[h^0, ..., h^{L-1}]``, h^l = W^l x^l + b^l of shape (..., n_{l+1})."""
        x = self._inputs(x)
        out = []
        for matrix, vector, phi in zip(self.weights, self.biases, self.activations, strict=True):
            out.append(x @ matrix.T + vector)
            x = phi(out[-1])
        return out

    def __call__(self, x: object) -> np.ndarray:
        """Return x^L of shape (..., n_L) for inputs of shape (..., n_0)."""
        return self.activations[-1](self.preactivations(x)[-1])

    def jacobian(self, x: object) -> np.ndarray:
        r"""Return :math:`J = D^{L-1} W^{L-1} \cdots D^0 W^0` of shape (..., n_L, n_0) (BS eq. 10-11).

        Cost: L - 1 matrix products per input.
        """
        product: np.ndarray | None = None
        for matrix, phi, h in zip(self.weights, self.activations, self.preactivations(x), strict=True):
            layer = phi.derivative(h)[..., :, None] * matrix
            product = layer if product is None else layer @ product
        assert product is not None
        return product

    def save(self, path: str | Path) -> Path:
        """Write the network to `path` (npz, no pickles). Activations are stored by name."""
        specs = [phi.spec for phi in self.activations]
        arrays = {f"weights_{l}": matrix for l, matrix in enumerate(self.weights)}
        arrays |= {f"biases_{l}": vector for l, vector in enumerate(self.biases)}
        return save(path, "Network", {"activations": specs, "provenance": provenance()}, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Read a network that `save` wrote; an activation of one's own must be registered first."""

        def build(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Network:
            layers = range(len(facts["activations"]))
            weights, biases = ([arrays[f"{name}_{l}"] for l in layers] for name in ("weights", "biases"))
            return cls(weights, biases, facts["activations"])

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        return f"Network(widths={list(self.widths)}, activation={describe(self.activations)})"


def per_layer(spec: object, depth: int) -> tuple[Activation, ...]:
    """Return one `Activation` per layer from one for all or a sequence of `depth`."""
    if isinstance(spec, (str, Activation)):
        return (activation(spec),) * depth
    if not isinstance(spec, Sequence):
        raise TypeError(f"activation={spec!r} must be a name, an Activation, or a list with one per layer")
    if len(spec) != depth:
        raise ValueError(f"activation has {len(spec)} entries; one, or one per layer ({depth}), is needed")
    return tuple(activation(one) for one in spec)


def describe(layers: Sequence[Activation]) -> str:
    """Short text for a repr: one name when all layers share it."""
    specs = [phi.spec for phi in layers]
    return repr(specs[0]) if len(set(specs)) == 1 else repr(specs)
