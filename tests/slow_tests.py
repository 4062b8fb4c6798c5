"""Write `slow_tests.txt`, the tests that take so long that the default run leaves them to ``-m slow``.

    python -m pytest -m "slow or not slow" --durations=0 --durations-min=0.2 > durations.txt
    python -m tests.slow_tests durations.txt

The list is read by `conftest.py`. A kind of check stays in the default run if one of its cases is cheap; where all
cases of a test are long, the cheapest one stays if it takes less than `KEEP` seconds.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

LONG, KEEP = 0.8, 1.5  # seconds
_ALWAYS = ("tests/test_readme.py", "tests/test_docs.py")  # what a user reads first is checked in each run
_LINE = re.compile(r"([\d.]+)s (?:call|setup|teardown) +(tests/\S+?::.*)")
_HEAD = """# Tests that take more than {long} s. They carry the mark slow: pytest leaves them out, -m slow runs them.
# Written by tests/slow_tests.py from the durations of a run; see there.
"""


def slow_tests(lines):
    """Return the names of the tests to mark, sorted, from the lines that pytest's ``--durations`` prints."""
    times = defaultdict(float)
    for line in lines:
        if (found := _LINE.match(line)) and not found[2].startswith(_ALWAYS):
            times[found[2].strip()] += float(found[1])
    kinds = defaultdict(dict)
    for name, seconds in times.items():
        kinds[name.split("[")[0]][name] = seconds
    out = []
    for cases in kinds.values():
        long = sorted((name for name in cases if cases[name] > LONG), key=cases.get)
        if len(long) == len(cases) and cases[long[0]] < KEEP:
            long = long[1:]
        out += long
    return sorted(out)


if __name__ == "__main__":
    names = slow_tests(Path(sys.argv[1]).read_text().splitlines())
    Path(__file__).with_suffix(".txt").write_text(_HEAD.format(long=LONG) + "\n".join(names) + "\n")
