"""The answer of a predicate: whether a property holds, and what decides it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """Whether a property holds, and what decides it.

    Attributes
    ----------
    value : bool or None
        True if the property is proved, False if it is refuted, None if it is not decided.
    evidence : str
        The numbers or the hypothesis that decide; for None the hypothesis that is missing.

    See Also
    --------
    Certificate : Collects the answers about one network.

    Notes
    -----
    In a condition an answer counts as true only if the property is proved.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[1.0, -0.5], [0.0, 1.0]]], activation="relu")
    >>> rj.nonnegative.nonnegative_weights(net)
    Answer(value=False, evidence='weights[0][0, 1] = -0.5 is negative')
    """

    value: bool | None
    evidence: str

    def __bool__(self) -> bool:
        """Return whether the property is proved."""
        return self.value is True
