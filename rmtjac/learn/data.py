"""Images to learn from: MNIST from files of the user, and the digits that come with scikit-learn.

Nothing is downloaded. MNIST is read from the folder that an argument or the environment variable RMTJAC_DATA names.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Images", "digits", "mnist", "read_idx"]

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True, eq=False)
class Images:
    """Hold images as rows of values in [0, 1], and their classes.

    Attributes
    ----------
    train : ndarray of float, shape (K, n)
        Images to train on, read-only.
    train_labels : ndarray of int, shape (K,)
        Their classes.
    test : ndarray of float, shape (K', n)
        Images to test on, read-only.
    test_labels : ndarray of int, shape (K',)
        Their classes.
    shape : tuple of int
        Height and width: n = height x width.

    See Also
    --------
    mnist, digits : Load images.

    References
    ----------
    docs/theory/equilibrium.md.

    Examples
    --------
    >>> from rmtjac.learn import digits
    >>> digits()
    Images(1437 to train, 360 to test, 8 x 8)
    """

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        for array in (self.train, self.train_labels, self.test, self.test_labels):
            array.flags.writeable = False

    def standardised(self) -> Images:
        """Return the images minus their mean, divided by their standard deviation.

        Both are single numbers, over all pixels of the images to train on. For MNIST they are the usual .1307 and
        .3081.

        Returns
        -------
        Images
            The standardised images, with the same classes.
        """
        mean, spread = self.train.mean(), self.train.std()
        train, test = ((array - mean) / spread for array in (self.train, self.test))
        return Images(train, self.train_labels, test, self.test_labels, self.shape)

    def __repr__(self) -> str:
        height, width = self.shape
        return f"Images({len(self.train)} to train, {len(self.test)} to test, {height} x {width})"


def read_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file, plain or ``.gz``.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    ndarray
        The array, with the type and the shape that the file states.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no IDX file, or it is truncated.

    See Also
    --------
    mnist : Read the four files of MNIST.

    References
    ----------
    docs/theory/equilibrium.md.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from rmtjac.learn import read_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "three-bytes"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    ...     read_idx(path)
    array([7, 8, 9], dtype=uint8)
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"path={str(path)!r}: there is no such file")
    raw = Path(path).read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"path={str(path)!r} is truncated or damaged: {error}") from None
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in _TYPES or not 1 <= raw[3] <= 8:
        raise ValueError(f"path={str(path)!r} is not an IDX file")
    kind, dimensions = np.dtype(_TYPES[raw[2]]), raw[3]
    start = 4 + 4 * dimensions
    if len(raw) < start:
        raise ValueError(f"path={str(path)!r} is truncated: its header takes {start} bytes, there are {len(raw)}")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", dimensions, 4))
    wanted = start + math.prod(shape) * kind.itemsize
    if len(raw) != wanted:
        what = "truncated" if len(raw) < wanted else "too long"
        raise ValueError(
            f"path={str(path)!r} is {what}: an array of shape {shape} takes {wanted} bytes, not {len(raw)}"
        )
    return np.frombuffer(raw, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def mnist(folder: str | Path | None = None) -> Images:
    """Read MNIST from its four IDX files, plain or ``.gz``.

    Parameters
    ----------
    folder : str or Path, optional
        The folder of the files, or its parent if that folder is called ``mnist``. Default: the folder that the
        environment variable RMTJAC_DATA names.

    Returns
    -------
    Images
        60,000 images to train on and 10,000 to test on, 28 x 28, values in [0, 1].

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If no folder is known, or a file does not hold what MNIST holds.

    See Also
    --------
    digits : Smaller images that need no files.

    References
    ----------
    docs/theory/equilibrium.md.

    Examples
    --------
    >>> from rmtjac.learn import mnist
    >>> mnist("nowhere")
    Traceback (most recent call last):
        ...
    FileNotFoundError: folder='nowhere' holds no train-images-idx3-ubyte(.gz)
    """
    place = os.environ.get("RMTJAC_DATA") if folder is None else folder
    if not place:
        raise ValueError("folder=None: name the folder of the four MNIST files, or set RMTJAC_DATA")
    found = [read_idx(_file(Path(place), name)) for name in _NAMES]
    for name, array, dimensions in zip(_NAMES, found, (3, 1, 3, 1), strict=True):
        if array.ndim != dimensions or not array.size or array.dtype != np.uint8:
            raise ValueError(f"{name} holds an array of shape {array.shape} and type {array.dtype}; MNIST has others")
    for images, labels in (found[:2], found[2:]):
        if len(images) != len(labels):
            raise ValueError(f"folder={str(place)!r}: {len(images)} images, but {len(labels)} labels")
        if labels.max() > 9:
            raise ValueError(f"folder={str(place)!r}: label {labels.max()} is none of the classes 0 to 9")
    train, train_labels, test, test_labels = found
    flat = [array.reshape(len(array), -1) / 255.0 for array in (train, test)]
    return Images(flat[0], train_labels.astype(np.int64), flat[1], test_labels.astype(np.int64), train.shape[1:])


def _file(place: Path, name: str) -> Path:
    """Return the path of a file of MNIST."""
    for folder in (place, place / "mnist"):
        for ending in ("", ".gz"):
            if (folder / (name + ending)).is_file():
                return folder / (name + ending)
    raise FileNotFoundError(f"folder={str(place)!r} holds no {name}(.gz)")


def digits(test: int = 360) -> Images:
    """Return the 1797 images of 8 x 8 that come with scikit-learn.

    Parameters
    ----------
    test : int, optional
        Number of images to test on, the last ones.

    Returns
    -------
    Images
        The images, values in [0, 1].

    Raises
    ------
    ValueError
        If scikit-learn is not installed, or `test` leaves nothing to train on.

    See Also
    --------
    mnist : Larger images, from files.

    References
    ----------
    docs/theory/equilibrium.md.

    Examples
    --------
    >>> from rmtjac.learn import digits
    >>> digits(test=97)
    Images(1700 to train, 97 to test, 8 x 8)
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ValueError("digits() needs scikit-learn; install rmtjac[learn], or use mnist(folder)") from None
    found = load_digits()
    if not 1 <= test < len(found.data):
        raise ValueError(f"test={test!r} must be a whole number from 1 to {len(found.data) - 1}")
    x, y = found.data / 16.0, found.target.astype(np.int64)
    return Images(x[:-test].copy(), y[:-test].copy(), x[-test:].copy(), y[-test:].copy(), (8, 8))
