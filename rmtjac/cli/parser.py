"""The parser of all commands: errors of one line that suggest similar words, help with an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from rmtjac.cli.output import say
from rmtjac.lazy import did_you_mean

__all__ = ["Parser", "Run", "one_of"]

Run = Callable[[argparse.Namespace], None]


class Parser(argparse.ArgumentParser):
    """The parser of `rmtjac`, of one command, or of one action of a command.

    Attributes
    ----------
    summary : str
        One sentence that says what the command does.
    example : str
        A command line that works.
    commands : dict of str to Parser
        The commands, or the actions of a command.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)
        self.summary = self.example = ""
        self.commands: dict[str, Parser] = {}
        self._kinds: Any = None

    def error(self, message: str) -> NoReturn:
        """Print one line on stderr and exit with code 2."""
        self.exit(2, f"rmtjac: {message}\n")

    def print_help(self, file: Any = None) -> None:
        """Print the help text."""
        say(self.format_help().rstrip())

    def command(self, name: str, summary: str, example: str, run: Run | None = None) -> Parser:
        """Add a command, or an action of a command, and return its parser.

        Without `run` the command does nothing by itself; it needs an action.
        """
        top = self.prog == "rmtjac"
        if self._kinds is None:
            word = "command" if top else "action"
            # Not required: that a command is missing is said by `missing`, which an unknown option must not hide.
            self._kinds = self.add_subparsers(dest=word, metavar=word, help="one of")
        new: Parser = self._kinds.add_parser(name, help=summary, description=summary, epilog=f"example:\n  {example}")
        # Actions have no default of their own, so that --json before the action counts too.
        new.add_argument(
            "--json",
            action="store_true",
            default=False if top else argparse.SUPPRESS,
            help="print JSON instead of text",
        )
        new.set_defaults(run=run, parser=new)
        new.summary, new.example = summary, example
        self.commands[name] = new
        return new

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise an error that suggests similar words if `value` is none of the commands."""
        if action.choices is not None and value not in action.choices:
            known = ", ".join(action.choices)
            raise argparse.ArgumentError(
                None, f"unknown {action.dest} {value!r}{did_you_mean(value, action.choices)} (known: {known})"
            )

    def missing(self) -> NoReturn:
        """Report that the command, or the action of the command, is missing."""
        top, _, name = self.prog.partition(" ")
        self.error(f"{name or top} needs {'an action' if name else 'a command'}: {', '.join(self.commands)}")

    def unknown(self, words: list[str]) -> NoReturn:
        """Report words that the command does not take."""
        options = [option for action in self._actions for option in action.option_strings]
        hints = (did_you_mean(word.partition("=")[0], options) for word in words if word.startswith("-"))
        self.error(f"unrecognized arguments: {' '.join(words)}{next(filter(None, hints), '')}")


def one_of(*words: str) -> str:
    """Return the metavar of an option that takes one of the given words."""
    return "{" + ",".join(words) + "}"
