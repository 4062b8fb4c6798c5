import rmtjac as rj
from rmtjac import laws
from rmtjac.codes import LawCode, Precision, Route


def test_laws_and_kernels_agree_on_codes():
    names = {
        "GAUSSIAN": rj.Gaussian, "UNIFORM": rj.Uniform, "RADEMACHER": rj.Rademacher, "CAUCHY": rj.Cauchy,
        "STABLE": rj.Stable, "ORTHOGONAL": rj.Orthogonal, "STUDENT_T": rj.StudentT,
    }  # fmt: skip
    assert {name: kind.code for name, kind in names.items()} == {
        one.name: one.value for one in LawCode if one != LawCode.NO_LAW
    }
    assert set(names.values()) == {
        getattr(laws, name) for name in laws.__all__ if name not in ("Law", "LawCode", "law")
    }
    codes, _ = rj.Ensemble([1, 1]).kernel_arrays()
    assert codes.tolist() == [[LawCode.GAUSSIAN, LawCode.NO_LAW]]


def test_numbers_in_files_are_frozen():
    # `EmpiricalSpectrum.routes` is stored: version 0.1.0.
    assert [(one.name, one.value) for one in Route] == [("NONE", 0), ("SVD", 1), ("CHAIN", 2), ("GRAM", 3)]
    assert [one.name.lower() for one in Precision] == ["auto", "accurate", "fast"]
