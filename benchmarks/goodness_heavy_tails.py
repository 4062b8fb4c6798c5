"""Count how often the goodness-of-fit test rejects the right limit of heavy-tailed weights.

    python -m benchmarks.goodness_heavy_tails

Sample r of a row with S matrices has the seed base * S + r. Rows with several layers and masks are measured too; the
package refuses them for this result.
"""

from __future__ import annotations

from unittest import mock

import numpy as np

import rmtjac as rj

_CAUCHY, _STABLE = rj.Cauchy(), rj.Stable(alpha=1.5)
ROWS = [  # activation, depth, masks, N, S, repetitions, weights, base of the seeds
    ("linear", 1, "network", 100, 20, 200, _CAUCHY, 1000),
    ("linear", 1, "network", 100, 40, 200, _CAUCHY, 1000),
    ("linear", 1, "network", 200, 20, 100, _CAUCHY, 1000),
    ("linear", 1, "network", 200, 40, 100, _CAUCHY, 1000),
    ("linear", 1, "network", 100, 20, 150, _STABLE, 555000),
    ("linear", 2, "network", 100, 20, 200, _CAUCHY, 1000),
    ("linear", 2, "network", 200, 40, 100, _CAUCHY, 1000),
    ("linear", 2, "network", 200, 40, 200, _CAUCHY, 555000),
    ("linear", 3, "network", 100, 20, 150, _CAUCHY, 555000),
    ("hardtanh", 1, "network", 100, 20, 200, _CAUCHY, 1000),
    ("hardtanh", 1, "network", 100, 40, 200, _CAUCHY, 1000),
    ("hardtanh", 1, "network", 200, 40, 150, _CAUCHY, 555000),
    ("hardtanh", 1, "independent", 100, 20, 200, _CAUCHY, 1000),
    ("hardtanh", 1, "independent", 200, 40, 150, _CAUCHY, 555000),
    ("tanh", 1, "independent", 100, 20, 150, _CAUCHY, 555000),
    ("hardtanh", 2, "independent", 100, 20, 200, _CAUCHY, 1000),
    ("hardtanh", 2, "independent", 200, 40, 100, _CAUCHY, 1000),
    ("tanh", 2, "independent", 100, 20, 100, _CAUCHY, 1000),
]


def main() -> None:
    print("| activation | L | D | weights | N | S | repetitions | rejected at 5 % | at 1 % |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, depth, masks, size, samples, repetitions, law, base in ROWS:
        ens = rj.Ensemble.square(size, depth, name, law)
        limit = rj.limit_spectrum(ens, masks=masks)
        with mock.patch("rmtjac.comparison.spectra.statistics.constant_slopes", return_value=True):
            p = np.array(
                [
                    rj.goodness_of_fit(
                        rj.sample_spectrum(ens, samples, rng=base * samples + r, masks=masks), limit
                    ).p_value
                    for r in range(repetitions)
                ]
            )
        rates = f"{np.mean(p < 0.05):.3f} | {np.mean(p < 0.01):.3f}"
        print(
            f"| {name} | {depth} | {masks} | {type(law).__name__} | {size} | {samples} | {repetitions} | {rates} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
