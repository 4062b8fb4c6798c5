import dataclasses
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.spectra import Route, sample_input, sample_network
from tests.oracles.closed_forms import finite_moments, linear_log_moment
from tests.oracles.stable import within

NAMES = rj.activations.names()
# A two-sided level of 1e-4 for each statistical statement below, the seed being fixed.
SIGMAS = 3.9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("widths", [[20, 20], [20, 20, 20, 20], [8, 30, 12]])
def test_a_sample_is_the_jacobian_of_its_network(name, widths):
    ens = rj.Ensemble(widths, name, rj.Gaussian(1.2), rj.Gaussian(0.3))
    emp = rj.sample_spectrum(ens, 3, rng=5, input_variance=0.7)
    for i in range(3):
        jacobian = sample_network(ens, 5, i).jacobian(sample_input(ens, 5, i, 0.7))
        s = np.zeros(widths[-1])
        values = np.linalg.svd(jacobian, compute_uv=False)[: widths[-1]]
        s[: values.size] = values
        np.testing.assert_allclose(np.exp(emp.log_singular_values[i]), np.sort(s), atol=1e-13 * s.max())


@pytest.mark.parametrize("masks", ["network", "independent"])
@pytest.mark.parametrize("precision", ["auto", "fast"])
@pytest.mark.parametrize("width", [12, 90])
def test_same_bits_for_any_number_of_threads(masks, precision, width):
    ens = rj.Ensemble.square(width, 3, "hardtanh", rj.Cauchy(), rj.Cauchy(0.1))
    runs = [
        rj.sample_spectrum(ens, 37, rng=11, masks=masks, precision=precision, threads=t).log_singular_values
        for t in (1, 2, 5)
    ]
    assert runs[0].tobytes() == runs[1].tobytes() == runs[2].tobytes()


def test_more_samples_keep_the_first_ones():
    ens = rj.Ensemble.square(10, 2, "relu")
    few, many = (rj.sample_spectrum(ens, n, rng=0).log_singular_values for n in (5, 50))
    np.testing.assert_array_equal(few, many[:5])


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_independent_masks_have_the_exact_finite_moments(depth):
    width, q = 30, 0.8
    ens = rj.Ensemble.square(width, depth, "erf", rj.Gaussian(1.0), rj.Gaussian(0.2))
    emp = rj.sample_spectrum(ens, 3000, rng=3, masks="independent", input_variance=q)
    # E D^2k = (1 + pi q k)^(-1/2) for the erf activation
    mus = [tuple((1 + math.pi * v * k) ** -0.5 for k in (1, 2)) for v in rj.mean_field(ens, q).preactivation_variances]
    for k, expected in enumerate(finite_moments(width, mus), 1):
        value, error = emp.moment(k)
        assert abs(value - expected) < SIGMAS * error


@pytest.mark.parametrize(
    ("weights", "biases"),
    [
        ([rj.Cauchy(), rj.Cauchy()], None),
        ([rj.Stable(1.2, alpha=1.5)] * 2, rj.Stable(0.2, alpha=1.5)),
        ([rj.StudentT(0.7)] * 2, None),
        ([rj.Gaussian(2.0), rj.Stable(alpha=0.9)], None),
        ([rj.StudentT(1.5), rj.Gaussian(1.5)], None),
    ],
)
@pytest.mark.parametrize("compiled", [True, False])
def test_independent_masks_follow_the_stable_law_of_the_preactivations(weights, biases, compiled):
    """Of HardTanh a share P(|h| < 1) of the masks is 1, and with one layer the rank is their number."""
    hardtanh = rj.activations.activation("hardtanh")
    phi = hardtanh if compiled else dataclasses.replace(hardtanh, code=None, stated=hardtanh.facts)
    ens = rj.Ensemble.square(60, 2, phi, weights, biases)
    emp = rj.sample_spectrum(ens, 60, rng=4, masks="independent")
    field = rj.mean_field(ens)
    for l, (alpha, scale) in enumerate(zip(field.alphas, field.scales, strict=True)):
        p = math.erf(1.0 / (math.sqrt(2.0) * scale)) if alpha == 2.0 else within(float(alpha), float(scale))
        assert abs(emp.mask_moments[:, l, 0].mean() - p) < SIGMAS * math.sqrt(p * (1.0 - p) / 3600)
    shares = emp.mask_moments[:, :, 0].min(axis=1)
    assert emp.zero_fractions == pytest.approx(1.0 - shares, abs=1e-12)
    one = rj.sample_spectrum(rj.Ensemble.square(60, 1, phi, weights[0]), 5, rng=4, masks="independent")
    assert one.zero_fractions == pytest.approx(1.0 - one.mask_moments[:, 0, 0], abs=1e-12)


@pytest.mark.parametrize(("name", "mean"), [("relu", 0.5), ("linear", 1.0), ("leaky_relu:0.5", 0.625)])
def test_independent_masks_of_homogeneous_layers_need_no_mean_field(name, mean):
    ens = rj.Ensemble.square(40, 3, name, rj.Cauchy(), rj.Cauchy(0.1))
    emp = rj.sample_spectrum(ens, 40, rng=6, masks="independent")
    # standard deviation of D^2 at most 1/2, 4800 entries
    assert abs(emp.mask_moments[:, :, 0].mean() - mean) <= SIGMAS * 0.5 / math.sqrt(4800)


@pytest.mark.parametrize("weights", [rj.Cauchy(1.3), rj.Stable(alpha=0.8), rj.Stable(alpha=1.6)])
def test_the_stationary_input_of_heavy_tails(weights):
    ens = rj.Ensemble.square(400, 4, "hardtanh", weights)
    emp = rj.sample_spectrum(ens, 8, rng=2, input_variance="stationary")
    q = emp.facts["input_variance"]
    assert (sample_input(ens, 2, 0, "stationary") ** 2).mean() == pytest.approx(q)
    # all layers have the same share of unsaturated neurons: 3200 draws each, whose scale scatters by 4 % per network
    p = within(float(rj.mean_field(ens).alphas[0]), rj.theory.stationary_scale("hardtanh", weights))
    assert emp.mask_moments[:, :, 0].mean(axis=0) == pytest.approx(p, abs=SIGMAS * 0.5 / math.sqrt(3200) + 0.01)


@pytest.mark.parametrize("depth", [1, 3])
def test_linear_moments_and_log_moment_are_exact(depth):
    emp = rj.sample_spectrum(rj.Ensemble.square(40, depth, "linear"), 2000, rng=1)
    for (value, error), expected in [
        (emp.moment(1), 1.0),
        (emp.moment(2), finite_moments(40, [(1.0, 1.0)] * depth)[1]),
        (emp.log_moment(), linear_log_moment(40, depth)),
    ]:
        assert abs(value - expected) < SIGMAS * error


def test_atom_is_the_exact_rank_deficiency():
    ens = rj.Ensemble.square(40, 3, "hardtanh", rj.Gaussian(2.0))
    emp = rj.sample_spectrum(ens, 10, rng=4)
    for i in range(10):
        hs = sample_network(ens, 4, i).preactivations(sample_input(ens, 4, i))
        rank = min(int((np.abs(h) < 1).sum()) for h in hs)
        assert np.isneginf(emp.log_singular_values[i]).sum() == 40 - rank
    assert emp.atom > 0.3


def test_fast_agrees_within_the_error_it_states():
    ens = rj.Ensemble.square(60, 4, "tanh", rj.Gaussian(1.5))
    auto, fast = (rj.sample_spectrum(ens, 20, rng=0, precision=p) for p in ("auto", "fast"))
    assert (np.abs(auto.eigenvalues - fast.eigenvalues).max(axis=1) <= np.exp(fast.log_error)).all()
    assert (fast.eigenvalues.min(axis=1) >= 0.999 * np.exp(fast.log_error)).all()


@pytest.mark.parametrize(("depth", "route"), [(2, Route.SVD), (12, Route.CHAIN)])
def test_auto_is_right_within_the_error_it_states(depth, route):
    import mpmath as mp

    ens = rj.Ensemble.square(8, depth, "linear")
    emp = rj.sample_spectrum(ens, 5, rng=0)
    assert list(emp.routes) == [route] * 5
    for i in range(5):
        with mp.workdps(60):
            product = mp.eye(8)
            for w in sample_network(ens, 0, i).weights:
                product = mp.matrix(w.tolist()) * product
            exact = np.array([float(s) for s in mp.svd_r(product, compute_uv=False)])[::-1]
        allowed = math.exp(emp.log_error[i]) if route == Route.SVD else 1e-12 * exact
        assert (np.abs(np.exp(emp.log_singular_values[i]) - exact) <= allowed).all()


@pytest.mark.parametrize("name", ["hardtanh", "tanh", "linear"])
def test_deep_cauchy_products_do_not_overflow(name):
    ens = rj.Ensemble.square(20, 120, name, rj.Cauchy(1.0 if name != "linear" else 1e6))
    emp = rj.sample_spectrum(ens, 4, rng=0)
    logs = emp.log_singular_values
    assert not np.isnan(logs).any()
    assert not np.isposinf(logs).any()
    if name == "linear":
        assert (logs[:, -1] > 1500).all()
        with pytest.raises(OverflowError, match="use log_singular_values"):
            _ = emp.eigenvalues


def test_underflow_of_the_derivative_is_counted_apart():
    emp = rj.sample_spectrum(rj.Ensemble.square(100, 1, "tanh", rj.Cauchy(300.0)), 5, rng=0)
    # |h| beyond 372 has a derivative below the smallest float: P = (2/pi) atan(s/372), s about 240
    assert (emp.underflows > 10).all()
    np.testing.assert_array_equal(emp.underflows, np.isneginf(emp.log_singular_values).sum(axis=1))


def test_signal_beyond_a_float_is_refused():
    for act in ("softsign", dataclasses.replace(rj.activations.activation("softsign"), code=None)):
        with pytest.raises(
            OverflowError, match=r"sample \d: the signal or the Jacobian leaves the range of a float in layer"
        ):
            rj.sample_spectrum(rj.Ensemble.square(5, 300, ["linear"] * 299 + [act], rj.Gaussian(1e3)), 3, rng=0)


@pytest.mark.parametrize("std", [1e-3, 1e3])
@pytest.mark.parametrize("name", ["linear", "relu", "leaky_relu:0.2"])
def test_homogeneous_networks_know_no_range(name, std):
    # 300 layers at 10^-3 or 10^3 a layer: the spectrum is that of std 1, shifted; so are the masks.
    plain, scaled = (
        rj.sample_spectrum(rj.Ensemble.square(40, 300, name, rj.Gaussian(s)), 3, rng=0).log_singular_values
        for s in (1.0, std)
    )
    finite = plain > plain.max(axis=1, keepdims=True) - 10
    np.testing.assert_allclose(scaled[finite], plain[finite] + 300 * math.log(std), rtol=1e-9)
    np.testing.assert_array_equal(np.isneginf(plain), np.isneginf(scaled))


def test_biases_keep_their_size_beside_a_huge_signal():
    # 10^-3 a layer from a signal of 10^300: only the biases are left in the end, and they decide the masks
    ens = rj.Ensemble.square(20, 120, "relu", rj.Gaussian(1e-3), rj.Gaussian(1.0))
    big, small = (rj.sample_spectrum(ens, 2, rng=0, input_variance=v).log_singular_values for v in (1e300, 1e-300))
    assert np.isfinite(big).sum(axis=1).tolist() != [0, 0]
    assert np.isfinite(small).sum(axis=1).tolist() != [0, 0]


def test_orthogonal_linear_is_an_isometry():
    emp = rj.sample_spectrum(rj.Ensemble.square(30, 5, "linear", rj.Orthogonal(2.0)), 3, rng=0)
    np.testing.assert_allclose(emp.log_singular_values, 5 * math.log(2.0), rtol=1e-13)


@pytest.mark.parametrize("widths", [[1, 1], [1, 5, 1], [3, 1, 3], [2] * 101])
def test_odd_shapes(widths):
    emp = rj.sample_spectrum(rj.Ensemble(widths, "tanh"), 3, rng=0)
    assert emp.log_singular_values.shape == (3, widths[-1])
    # rank at most the narrowest layer
    assert (np.isfinite(emp.log_singular_values).sum(axis=1) <= min(widths)).all()


def test_zero_weights():
    emp = rj.sample_spectrum(rj.Ensemble.square(4, 2, "tanh", rj.Gaussian(0.0)), 2, rng=0)
    assert emp.atom == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples=0 must be a positive whole number"),
        ({"samples": 1.5}, "samples=1.5 must be a positive whole number"),
        ({"masks": "none"}, "masks='none' must be one of 'network', 'independent'"),
        ({"precision": "slow"}, "precision='slow' must be one of"),
        ({"threads": 0}, "threads=0"),
        ({"input_variance": math.nan}, "input_variance=nan"),
        ({"rng": 0.5}, "rng=0.5"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        rj.sample_spectrum(rj.Ensemble.square(4, 2), **({"rng": 0} | options))


def test_progress_is_silent_away_from_a_terminal(capfd):
    rj.sample_spectrum(rj.Ensemble.square(4, 2), 5, rng=0, progress=True)
    assert capfd.readouterr() == ("", "")


_SAY_WHEN = """
import contextlib, io, signal, sys, rmtjac.spectra.sample as sample
from rmtjac.cli.main import main
with contextlib.redirect_stdout(io.StringIO()):  # an interrupt can be lost inside the compiler
    main(["spectrum", "--width", "4", "--samples", "1"])
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits it ignored
run = sample.run_in_threads
def announced(*arguments):
    print("sampling", flush=True)
    run(*arguments)
sample.run_in_threads = announced
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_with_130_and_leaves_no_file(tmp_path):
    arguments = ["spectrum", "--width", "300", "--samples", "100000", "--out", "x.npz"]
    with subprocess.Popen(
        [sys.executable, "-c", _SAY_WHEN, *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "sampling\n"
            time.sleep(2.0)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert errors == "rmtjac: interrupted; nothing was written\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("precision", ["auto", "accurate", "fast"])
@pytest.mark.parametrize(
    ("width", "depth", "activation"), [(2, 1, "linear"), (3, 2, "hardtanh"), (5, 1, "relu"), (4, 3, "linear")]
)
def test_the_rank_of_sign_matrices_is_exact(precision, width, depth, activation):
    flint = pytest.importorskip("flint")
    ens = rj.Ensemble.square(width, depth, activation, weights=rj.Rademacher())
    emp = rj.sample_spectrum(ens, 40, rng=width, precision=precision)
    for i, bounds in enumerate(emp.rank_bounds.tolist()):
        net, x = rj.spectra.sample_network(ens, width, i), rj.spectra.sample_input(ens, width, i)
        product = flint.fmpz_mat(np.eye(width, dtype=int).tolist())
        for w, h, phi in zip(net.weights, net.preactivations(x), net.activations, strict=True):
            layer = phi.derivative(h)[:, None] * np.sign(w)
            product = flint.fmpz_mat(layer.astype(int).tolist()) * product
        assert bounds == [product.rank()] * 2
    binned = rj.sample_spectrum(ens, 40, rng=width, precision=precision, keep="histogram")
    assert binned.atom == pytest.approx(emp.atom, abs=1e-12)
    assert binned.atom_bounds == (binned.atom, binned.atom)


def test_sign_matrices_of_smooth_networks():
    # 2 x 2: the rank is 1 with probability 1/2 in each layer, whatever D > 0, so that 3 layers keep 2 in one of 8.
    emp = rj.sample_spectrum(rj.Ensemble.square(2, 3, "softplus", weights=rj.Rademacher()), 1500, rng=0)
    full = (emp.rank_bounds[:, 0] == 2).mean()
    assert full == pytest.approx(0.125, abs=4.0 * math.sqrt(0.125 * 0.875 / 1500))


def test_a_continuous_law_has_full_rank():
    emp = rj.sample_spectrum(rj.Ensemble.square(6, 20, "tanh"), 20, rng=0)
    assert emp.rank_bounds.tolist() == [[6, 6]] * 20
    assert emp.atom_bounds == (0.0, 0.0)
