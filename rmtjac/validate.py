"""Checks of arguments. Each error is one line that names the argument, its value, and what is allowed."""

from __future__ import annotations

import math
import numbers
import operator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["array_as_given", "choice", "complex_numbers", "finite", "logarithms", "output_path", "positive_int",
           "probabilities", "real_array", "real_numbers"]  # fmt: skip


def positive_int(name: str, value: object) -> int:
    """Return `value` as an int.

    Raises
    ------
    TypeError
        If it is no whole number.
    ValueError
        If it is not positive.
    """
    if not isinstance(value, bool):
        try:
            number = operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
        else:
            if number >= 1:
                return number
            raise ValueError(f"{name}={value!r} must be a positive whole number")
    raise TypeError(f"{name}={value!r} must be a positive whole number")


def finite(name: str, value: object, *, above: float | None = None, least: float | None = None) -> float:
    """Return `value` as a float that is finite, and ``> above`` or ``>= least`` if these are given.

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        If it is not finite, or too small.
    """
    bound = f" > {above:g}" if above is not None else f" >= {least:g}" if least is not None else ""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}={value!r} must be a finite number{bound}")
    number = float(value)
    low = (above is not None and not number > above) or (least is not None and not number >= least)
    if not math.isfinite(number) or low:
        raise ValueError(f"{name}={value!r} must be a finite number{bound}")
    return number


def choice(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of the `allowed` words.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if value not in allowed:
        raise ValueError(f"{name}={value!r} must be one of {', '.join(map(repr, allowed))}")
    return str(value)


def output_path(name: str, value: str | Path) -> Path:
    """Return `value` as a path to a file in a folder that exists, so that no result is lost after long work.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If `value` is a folder.
    """
    path = Path(value)
    if path.is_dir():
        raise IsADirectoryError(f"{name}={str(value)!r} is a folder; a file name is needed")
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{name}={str(value)!r}: the folder {str(path.parent)!r} does not exist; create it first"
        )
    return path


def array_as_given(name: str, value: Any, what: str = "an array") -> np.ndarray:
    """Return `value` (a list, array, tensor, table, or sparse matrix) as an array of whole numbers or floats.

    The function refuses what NumPy would drop without a warning: imaginary parts, masks, text.

    Raises
    ------
    TypeError
        If it holds anything but real numbers.
    ValueError
        If it holds masked entries.
    """
    if hasattr(value, "detach"):  # a tensor of torch, perhaps on a device, or in a gradient
        value = value.detach().cpu()
    elif hasattr(value, "toarray"):  # sparse
        value = value.toarray()
    if np.ma.isMaskedArray(value) and np.ma.getmaskarray(value).any():
        raise ValueError(f"{name} holds masked entries; fill them first")
    wanted = f"{name} must be {what} of real numbers"
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            for x in array.flat:
                if x is None or isinstance(x, (str, bytes, complex)):
                    raise TypeError(f"it holds {x!r}")
            array = array.astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"{wanted}: {str(error).splitlines()[0]}") from None
    if array.dtype.kind == "c":
        pairs = "; the singular values of A + iB are those of [[A, -B], [B, A]], which has each of them twice"
        raise TypeError(f"{wanted}, not of {array.dtype}{pairs if what.startswith('a matrix') else ''}")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{wanted}, not of {array.dtype}")
    return array


def real_array(name: str, value: Any, what: str = "an array") -> np.ndarray:
    """Return `value` as an array of float64. The errors are those of `array_as_given`."""
    return array_as_given(name, value, what).astype(float, copy=False)


def complex_numbers(name: str, value: Any) -> np.ndarray:
    """Return `value` as an array of complex numbers without NaN."""
    array = np.asarray(value, dtype=complex)
    if np.isnan(array).any():
        raise ValueError(f"{name} holds NaN; complex numbers are needed")
    return array


def real_numbers(name: str, value: Any) -> np.ndarray:
    """Return `value` as an array of float64 without NaN.

    Raises
    ------
    TypeError
        If it holds anything but real numbers.
    ValueError
        If it holds NaN.
    """
    array = real_array(name, value)
    if np.isnan(array).any():
        raise ValueError(f"{name} holds NaN; real numbers are needed")
    return array


def logarithms(lam: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return `lam` as an array, and its logarithms, one-dimensional, -inf where lambda <= 0.

    Raises
    ------
    TypeError
        If `lam` holds anything but real numbers.
    ValueError
        If `lam` holds NaN.
    """
    lam = real_numbers("lam", lam)
    with np.errstate(divide="ignore"):
        return lam, np.log(np.maximum(lam, 0.0)).ravel()


def probabilities(p: Any) -> np.ndarray:
    """Return `p` as an array.

    Raises
    ------
    ValueError
        If an entry lies outside [0, 1].
    """
    p = np.asarray(p, dtype=float)
    if not np.all((p >= 0.0) & (p <= 1.0)):
        raise ValueError(f"p={p!r} must lie in [0, 1]")
    return p
