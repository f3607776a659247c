"""The command line: it parses, calls and prints. What is heavy loads inside the commands.

To find a command open the module that `_HOME` names for it.
"""

import io
import sys
from importlib import import_module

import click

from ektp_biocheck import __version__

__all__ = ["main"]

_HOME = {
    "score": "score",
    "batch": "batch",
    "policy": "policy",
    "demo": "score",
    "station": "station",
}
"""Each command and its module in this package, in the order of the help."""


class _Commands(click.Group):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_HOME)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _HOME:
            return None
        module = import_module(f"ektp_biocheck.cli.{_HOME[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ektp-biocheck")
def main() -> None:
    """Check the quality of e-KTP captures: a score, what is wrong, and what to do.

    \b
    Try it:
      ektp-biocheck demo
    Score a few captures:
      ektp-biocheck score thumb.png index.bmp
    Score a folder into a table:
      ektp-biocheck batch captures/ --out results/
    """  # noqa: D301 - click reads the backspace
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console that cannot show a file name
        sys.stdout.reconfigure(errors="backslashreplace")
