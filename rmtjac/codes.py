"""Names of the whole numbers that compiled code takes and returns.

Members of an `IntEnum` are integers, also inside compiled code. Arguments and results of kernels that Python calls are
plain integers, ``member.value``: passing a member takes some 10 microseconds, and compiles the kernel once more.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["LawCode", "MaskMoment", "MaskSource", "Precision", "Route"]


class LawCode(IntEnum):
    """Numbers of the laws of weights and biases, for `rmtjac.kernels.samples.draw` and the classes of `rmtjac.laws`."""

    NO_LAW = -1
    GAUSSIAN = 0
    UNIFORM = 1
    RADEMACHER = 2
    CAUCHY = 3
    STABLE = 4
    ORTHOGONAL = 5
    STUDENT_T = 6


class Precision(IntEnum):
    """Name the precisions that a caller may ask for: the words of ``sample_spectrum(..., precision=)``."""

    AUTO = 0
    ACCURATE = 1
    FAST = 2


class Route(IntEnum):
    """Name the ways to compute the singular values of a sample: the numbers in `rmtjac.EmpiricalSpectrum.routes`.

    Attributes
    ----------
    NONE : int
        Nothing was computed, because all singular values are exactly 0.
    SVD : int
        Singular values of the product J, by LAPACK's dgesdd.
    CHAIN : int
        Chained QR factorisations of the layers, without the product.
    GRAM : int
        Square roots of the eigenvalues of J J^T.

    See Also
    --------
    rmtjac.sample_spectrum : Its argument `precision` decides which routes are allowed.

    Examples
    --------
    >>> import rmtjac as rj
    >>> emp = rj.sample_spectrum(rj.Ensemble.square(10, 2), samples=2, rng=0)
    >>> [rj.spectra.Route(number).name for number in emp.routes]
    ['SVD', 'SVD']
    """

    NONE = 0
    SVD = 1
    CHAIN = 2
    GRAM = 3


class MaskSource(IntEnum):
    """Name the sources of the diagonal matrices D: the words of ``sample_spectrum(..., masks=)``."""

    NETWORK = 0
    INDEPENDENT = 1


class MaskMoment(IntEnum):
    """Columns of `mask_moments`: the means of D^2, of D^4, and of log D^2 over the entries that are not 0."""

    SECOND = 0
    FOURTH = 1
    LOG = 2
