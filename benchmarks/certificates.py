"""Compare certificates of small networks, and errors of equilibrium layers, with fixed points found by mpmath.

    python -m benchmarks.certificates --networks 3000 --layers 1000 --seed 1

prints how many certificates of each kind there were, and how many are contradicted: none should be.
"""

from __future__ import annotations

import argparse
import sys

from tests.learn.equilibrium import oracle as layer_oracle
from tests.nonnegative import oracle


def main() -> None:
    """Run both studies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=3000, help="networks (1,500 take 2.5 minutes)")
    parser.add_argument("--layers", type=int, default=1000, help="layers, six samples each")
    parser.add_argument("--seed", type=int, default=1, help="seed")
    args = parser.parse_args()
    for name, study, count in (
        ("networks", oracle.attack, args.networks),
        ("layers", layer_oracle.attack_layers, args.layers),
    ):
        found = study(count, args.seed, sys.stderr)  # prints what is wrong to stderr
        print(f"{name}: {found['contradicted']} contradicted; {dict(sorted(found.items()))}")


if __name__ == "__main__":
    main()
