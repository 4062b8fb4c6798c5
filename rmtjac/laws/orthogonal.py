"""The law of random orthogonal matrices."""

from __future__ import annotations

from dataclasses import dataclass

from rmtjac.laws.base import Law, LawCode

__all__ = ["Orthogonal"]


@dataclass(frozen=True, repr=False)
class Orthogonal(Law):
    """Draw Haar-distributed orthogonal matrices, times a gain.

    A matrix that is not square has orthonormal rows or orthonormal columns, whichever are fewer, times the gain. All
    singular values of a layer equal `gain`, so the law has no power of the fan. Only weights can have this law.

    Parameters
    ----------
    gain : float, default 1.0
        The factor, at least 0.

    Raises
    ------
    TypeError
        If `gain` is not a number.
    ValueError
        If `gain` is negative or not finite.

    See Also
    --------
    Gaussian : Normal entries.

    References
    ----------
    Orthogonal layers in the limit equation: docs/theory/layers.md. See docs/references.md.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> weights = rj.Ensemble([4, 3], weights=rj.Orthogonal(2.0)).draw(rng=0).weights[0]
    >>> np.linalg.svd(weights, compute_uv=False).round(12)
    array([2., 2., 2.])
    """

    gain: float = 1.0
    power = None
    fan = "in"
    code = LawCode.ORTHOGONAL.value
    scale_name = "gain"

    @property
    def amplitude(self) -> float:
        """The gain."""
        return self.gain

    def entry_scale(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return the gain, for every layer.

        Parameters
        ----------
        fan_in : int
            The number of inputs of the layer.
        fan_out : int
            The number of its outputs.
        width : int
            The largest width of the network; it is not used.
        bias : bool, default False
            Whether the law draws biases, which an orthogonal law cannot.

        Returns
        -------
        float
            The gain.

        Raises
        ------
        ValueError
            If `bias` is true.
        """
        if bias:
            raise ValueError(f"biases={self!r}: an orthogonal law draws matrices; give the biases another law")
        return self.gain

    def entry_variance(self, fan_in: int, fan_out: int, width: int, *, bias: bool = False) -> float:
        """Return the variance of an entry, gain^2 / max(fan_in, fan_out): rows or columns have the length gain.

        Parameters
        ----------
        fan_in : int
            The number of inputs of the layer.
        fan_out : int
            The number of its outputs.
        width : int
            The largest width of the network; it is not used.
        bias : bool, default False
            Whether the law draws biases, which an orthogonal law cannot.

        Returns
        -------
        float
            The variance.

        Raises
        ------
        ValueError
            If `bias` is true.
        """
        gain = self.entry_scale(fan_in, fan_out, width, bias=bias)
        return gain * gain / max(fan_in, fan_out)

    def row_variance(self, fan_in: int, fan_out: int, width: int) -> float:
        """Return sigma_w^2 = gain^2 n / max(fan_in, fan_out) with n the fan-in.

        Parameters
        ----------
        fan_in : int
            The number of inputs of the layer.
        fan_out : int
            The number of its outputs.
        width : int
            The largest width of the network; it is not used.

        Returns
        -------
        float
            The sum of the variances of a row.
        """
        return self.gain * self.gain * (fan_in / max(fan_in, fan_out))
