"""A network with given weights: its values, its Jacobian, and its file.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rmtjac.activations import Activation, activation
from rmtjac.archive.results import restore, save
from rmtjac.archive.schema import Schema
from rmtjac.provenance import provenance
from rmtjac.validate import real_array

__all__ = ["Network", "NetworkArrays"]

_SCHEMA = Schema(
    "Network",
    arrays={"weights_{layers}": "float _ _", "biases_{layers}": "float _"},
    facts={"activations": "[text] layers", "provenance": "object"},
)


def _read_only(name: str, array: object, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return a read-only copy of an array of finite numbers; its shape must be `shape`, where None allows any size."""
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
    biases: np.ndarray  # the vectors of all layers, one after the other
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
    r"""Evaluate a deep network with given weights, :math:`x^{l+1} = \varphi_l(W^l x^l + b^l)`, l = 0 ... L-1.

    An instance is a function, ``network(x)``, and does not change: its arrays are read-only copies.

    Parameters
    ----------
    weights : sequence of array_like of float, W^l of shape (n_{l+1}, n_l)
        The matrices W^0 ... W^{L-1}.
    biases : sequence of array_like of float, b^l of shape (n_{l+1},), optional
        The vectors b^0 ... b^{L-1}. By default all biases are 0.
    activation : str, Activation or sequence of them
        The activation of all layers, or one for each layer.

    Attributes
    ----------
    weights : tuple of ndarray of float
        The matrices W^0 ... W^{L-1}.
    biases : tuple of ndarray of float
        The vectors b^0 ... b^{L-1}.
    activations : tuple of Activation
        The activation of each layer.

    Raises
    ------
    ValueError
        If shapes do not chain, an entry is not finite, or an activation is not known.
    TypeError
        If an array is not real, or an activation is neither a name nor an `Activation`.

    See Also
    --------
    Ensemble.draw : Draw a network with random weights.
    find_fixed_points : Find the fixed points of a network from R^n to itself.

    Notes
    -----
    Cost of one value: 2 n_l n_{l+1} floating-point operations in each layer.

    References
    ----------
    BS (1)-(4)
    See docs/references.md.

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
        """The widths n_0 ... n_L."""
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
        """Return inputs as an array of shape (..., n_0)."""
        x = real_array("x", x)
        if x.ndim == 0 or x.shape[-1] != self.widths[0]:
            raise ValueError(f"x has shape {x.shape}; (..., {self.widths[0]}) is needed")
        return x

    def preactivations(self, x: object) -> list[np.ndarray]:
        """Return the preactivations h^l = W^l x^l + b^l of all layers.

        Parameters
        ----------
        x : array_like of float, shape (..., n_0)
            The inputs.

        Returns
        -------
        list of ndarray of float
            The preactivations h^0 ... h^{L-1}; h^l has shape (..., n_{l+1}).

        Raises
        ------
        ValueError
            If the last axis of `x` has not length n_0.

        References
        ----------
        BS (2)-(4)
        See docs/references.md.
        """
        x = self._inputs(x)
        out = []
        for matrix, vector, phi in zip(self.weights, self.biases, self.activations, strict=True):
            out.append(x @ matrix.T + vector)
            x = phi(out[-1])
        return out

    def __call__(self, x: object) -> np.ndarray:
        """Return the outputs x^L, shape (..., n_L), for inputs of shape (..., n_0)."""
        return self.activations[-1](self.preactivations(x)[-1])

    def jacobian(self, x: object) -> np.ndarray:
        r"""Return the Jacobian :math:`J = D^{L-1} W^{L-1} \cdots D^0 W^0`, :math:`D^l = diag(\varphi_l'(h^l))`.

        Parameters
        ----------
        x : array_like of float, shape (..., n_0)
            The inputs.

        Returns
        -------
        ndarray of float, shape (..., n_L, n_0)
            The derivatives of the outputs by the inputs. At a kink of an activation one of the one-sided slopes counts.

        Raises
        ------
        ValueError
            If the last axis of `x` has not length n_0.

        Notes
        -----
        Cost: L - 1 matrix products for each input.

        References
        ----------
        BS (10)-(11)
        See docs/references.md.
        """
        product: np.ndarray | None = None
        for matrix, phi, h in zip(self.weights, self.activations, self.preactivations(x), strict=True):
            layer = phi.derivative(h)[..., :, None] * matrix
            product = layer if product is None else layer @ product
        assert product is not None
        return product

    def save(self, path: str | Path) -> Path:
        """Write the network to a file (npz, without pickled objects); activations are stored by name.

        Parameters
        ----------
        path : str or Path
            The file to write.

        Returns
        -------
        Path
            The file that was written.
        """
        specs = [phi.spec for phi in self.activations]
        arrays = {f"weights_{l}": matrix for l, matrix in enumerate(self.weights)}
        arrays |= {f"biases_{l}": vector for l, vector in enumerate(self.biases)}
        return save(path, "Network", {"activations": specs, "provenance": provenance()}, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Read a network from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file to read. An activation that the package does not know must be registered first.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        ValueError
            If the file is damaged, holds something else, or names an unknown activation.
        """

        def build(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Network:
            layers = range(len(facts["activations"]))
            weights, biases = ([arrays[f"{name}_{l}"] for l in layers] for name in ("weights", "biases"))
            return cls(weights, biases, facts["activations"])

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        return f"Network(widths={short_widths(self.widths)}, activation={describe(self.activations)})"


def per_layer(spec: object, depth: int) -> tuple[Activation, ...]:
    """Return one `Activation` for each of `depth` layers, from one for all layers or a sequence of them."""
    if isinstance(spec, (str, Activation)):
        return (activation(spec),) * depth
    if not isinstance(spec, Sequence):
        raise TypeError(f"activation={spec!r} must be a name, an Activation, or a list with one per layer")
    if len(spec) != depth:
        raise ValueError(f"activation has {len(spec)} entries; one, or one per layer ({depth}), is needed")
    return tuple(activation(one) for one in spec)


def describe(layers: Sequence[Activation]) -> str:
    """Return the names of activations for a repr: one name if all layers share it, else a list."""
    specs = [phi.spec for phi in layers]
    return repr(specs[0]) if len(set(specs)) == 1 else repr(specs)


def short_widths(widths: tuple[int, ...]) -> str:
    """Return the widths as text, the middle ones left out if there are many."""
    return (
        repr(list(widths))
        if len(widths) <= 6
        else f"[{widths[0]}, {widths[1]}, ..., {widths[-1]}] (depth {len(widths) - 1})"
    )
