"""Running commands in this process."""

import json

from rmtjac.cli.main import main


def run(capsys, *arguments):
    """Return what a command prints; it must succeed and print nothing on stderr."""
    code = main([str(one) for one in arguments])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


def fail(capsys, *arguments):
    """Return the one line of error of a command that must fail with code 2."""
    try:
        code = main([str(one) for one in arguments])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1), (code, out, err)
    assert err.startswith("rmtjac: ")
    assert err.endswith("\n")
    return err.removeprefix("rmtjac: ")[:-1]


def strict(text):
    """Return JSON as the standard has it, without NaN."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)
