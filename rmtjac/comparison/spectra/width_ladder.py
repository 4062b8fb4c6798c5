"""The width ladder of a sample: samples of the same ensemble at a quarter of the widths, with the same limit."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from functools import reduce

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Law
from rmtjac.rng import RngLike, child, seed_from_facts
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.sample import sample_spectrum

__all__ = ["described", "draw_ladder", "ladder_ensemble"]

_STEP = 4  # the widths are divided by about this number
_NARROWEST = 4
# The seed of the ladder is derived from the seed of the sample with this key, which is larger than any sample number.
_LADDER = 0x1ADDE2000


def ladder_ensemble(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble at about a quarter of the widths, in the same proportions, with the same limit.

    Raises
    ------
    ValueError
        If the widths have no common divisor with which the proportions can be kept.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ladder_ensemble(rj.Ensemble([300, 450, 200, 400], "relu")).widths
    (72, 108, 48, 96)
    >>> ladder_ensemble(rj.Ensemble.square(100, 1, weights=rj.Gaussian(power=1.0)))
    Ensemble(widths=[25, 25], activation='tanh', weights=Gaussian(std=0.5, power=1.0))
    """
    unit = reduce(math.gcd, ensemble.widths)
    shape = [n // unit for n in ensemble.widths]
    part = max(round(unit / _STEP), -(-_NARROWEST // min(shape)))
    if not 0.125 <= part / unit <= 0.5:
        raise ValueError(
            f"widths={list(ensemble.widths)!r} cannot be scaled by 1/8 to 1/2 in proportion to at least {_NARROWEST}; "
            "a multiple of small whole numbers is needed, e.g. all widths a multiple of 16"
        )
    widths = [part * n for n in shape]

    def scaled(one: Law, l: int, bias: bool) -> Law:
        """Return the law with the same variance (of a row, or of a bias) at the smaller widths."""
        if not one.finite_variance:
            return one
        fans = [(sides[l], sides[l + 1], max(sides)) for sides in (ensemble.widths, widths)]
        variance = [one.entry_variance(*fan, bias=True) if bias else one.row_variance(*fan) for fan in fans]
        if variance[1] == variance[0] or not variance[1]:
            return one
        name = fields(one)[0].name  # type: ignore[arg-type]
        factor = math.sqrt(variance[0] / variance[1])
        return replace(one, **{name: one.amplitude * factor}) if abs(factor - 1.0) > 1e-12 else one  # type: ignore[type-var]

    weights = [scaled(one, l, False) for l, one in enumerate(ensemble.weights)]
    biases = None if ensemble.biases is None else [scaled(one, l, True) for l, one in enumerate(ensemble.biases)]
    return Ensemble(widths, ensemble.activations, weights, biases)


def described(empirical: EmpiricalSpectrum) -> Ensemble | None:
    """Return the ensemble that the facts of a sample describe, or None if they do not describe one."""
    facts = empirical.facts.get("ensemble")
    return None if facts is None else Ensemble.from_dict(facts)


def draw_ladder(empirical: EmpiricalSpectrum, rng: RngLike | None) -> EmpiricalSpectrum:
    """Return the ladder: twice as many samples as `empirical` has, with its settings and independent random streams."""
    facts, ensemble = empirical.facts, described(empirical)
    if ensemble is None or (rng is None and not isinstance(facts.get("seed"), dict)):
        raise ValueError("empirical.facts do not say how the samples were drawn; pass their ladder=")
    if rng is None:
        rng = child(seed_from_facts(facts["seed"]), _LADDER)
    ladder = sample_spectrum(
        ladder_ensemble(ensemble),
        2 * empirical.samples,
        rng=rng,
        input_variance=facts["input_variance"],
        masks=facts["masks"],
        precision=facts.get("precision", "auto"),
    )
    assert isinstance(ladder, EmpiricalSpectrum)
    return ladder
