"""``python -m rmtjac.cli``, which job scripts of sweeps call."""

import sys

from rmtjac.cli import main

if __name__ == "__main__":
    sys.exit(main())
