"""The command line: it parses, calls and prints. What is heavy loads inside the commands.

To find a command open the module that `_HOME` names for it.
"""

import io
import sys
from importlib import import_module

import click

from ektp_biocheck import __version__

__all__ = ["main"]

_SECTIONS: dict[str, dict[str, str]] = {
    "Scoring captures": {"score": "score", "demo": "score"},
    "At the station": {"station": "station", "policy": "policy", "keys": "keys"},
    "Records on their way": {
        "send": "send",
        "outbox": "outbox",
        "reconcile": "send",
        "bundle": "bundle",
        "audit": "audit",
        "backup": "backup",
        "restore": "backup",
    },
    "At the centre": {"centre": "centre"},
    "Quality assurance": {
        "batch": "batch",
        "merge": "merge",
        "report": "report",
        "filter": "filter",
        "thresholds": "thresholds",
        "compare": "compare",
        "verify-exceptions": "verify_exceptions",
    },
}
"""Each command and its module in this package, in the order of the help."""

_HOME = {command: home for section in _SECTIONS.values() for command, home in section.items()}


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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in _SECTIONS.items():
            found = [(name, self.get_command(ctx, name)) for name in commands]
            with formatter.section(section):
                formatter.write_dl(
                    [(name, command.get_short_help_str(70)) for name, command in found if command]
                )


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
