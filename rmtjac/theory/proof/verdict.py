"""The outcome of a proof: a claim is proved, or it is not proved and a reason is given."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Unproved", "Verdict"]


class Unproved(Exception):
    """Raised if something that a proof needs does not exist or was not found; the text says what."""


@dataclass(frozen=True)
class Verdict:
    """Whether a claim is proved; true in a condition only if it is.

    Attributes
    ----------
    proved : bool
        Whether the claim is proved.
    reason : str
        Why the claim is not proved; empty if it is.

    Examples
    --------
    >>> bool(Verdict(True)), bool(Verdict(False, "no root was found"))
    (True, False)
    """

    proved: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.proved is True
