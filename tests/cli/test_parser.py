import pytest

from rmtjac.cli.parser import Parser, one_of


@pytest.fixture
def top():
    new = Parser(prog="rmtjac")
    one = new.command("draw", "Draw something.", "rmtjac draw --size 3", lambda args: None)
    one.add_argument("--size", type=int)
    group = new.command("group", "Act on something.", "rmtjac group act")
    group.command("act", "Act.", "rmtjac group act", print)
    return new


def test_commands_and_actions(top):
    assert list(top.commands) == ["draw", "group"]
    assert list(top.commands["group"].commands) == ["act"]
    args = top.parse_args(["draw", "--size", "3"])
    assert (args.command, args.size, args.json, args.parser) == ("draw", 3, False, top.commands["draw"])
    args = top.parse_args(["group", "act"])
    assert (args.run, args.parser.prog) == (print, "rmtjac group act")


@pytest.mark.parametrize("words", [["group", "--json", "act"], ["group", "act", "--json"], ["draw", "--json"]])
def test_json_before_and_after_the_action(top, words):
    assert top.parse_args(words).json is True


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["drow"], "unknown command 'drow'; did you mean draw? (known: draw, group)"),
        (["zzz"], "unknown command 'zzz' (known: draw, group)"),
        (["group", "acts"], "unknown action 'acts'; did you mean act? (known: act)"),
        (["draw", "--size", "x"], "argument --size: invalid int value: 'x'"),
    ],
)
def test_errors(top, capsys, words, message):
    with pytest.raises(SystemExit) as stop:
        top.parse_args(words)
    assert stop.value.code == 2
    assert capsys.readouterr().err == f"rmtjac: {message}\n"


def test_unknown_options(top, capsys):
    for words, hint in (
        (["--sise=3"], "; did you mean --size?"),
        (["x", "y"], ""),
        (["--q", "--sizes"], "; did you mean --size?"),
    ):
        with pytest.raises(SystemExit):
            top.commands["draw"].unknown(words)
        assert capsys.readouterr().err == f"rmtjac: unrecognized arguments: {' '.join(words)}{hint}\n"


def test_what_is_missing(top, capsys):
    assert top.parse_args([]).command is None
    for parser, message in (
        (top, "rmtjac needs a command: draw, group"),
        (top.commands["group"], "group needs an action: act"),
    ):
        with pytest.raises(SystemExit) as stop:
            parser.missing()
        assert stop.value.code == 2
        assert capsys.readouterr().err == f"rmtjac: {message}\n"


def test_metavar():
    assert one_of("a", "b") == "{a,b}"
