"""``python -m rmtjac``: the command line."""

import sys

from rmtjac.cli import main

if __name__ == "__main__":
    sys.exit(main())
