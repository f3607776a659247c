"""`policy`: check a station's policy file, show the default one."""

from pathlib import Path

import click

from ektp_biocheck.cli.common import lang_option, plain_endings
from ektp_biocheck.lang import Lang

__all__ = ["policy"]


@click.group()
def policy() -> None:
    """Check a station's policy file, or show the default one.

    \b
    Begin with a copy of the default:
      ektp-biocheck policy show > ours.toml
    Is it sound, and what does it mean?
      ektp-biocheck policy check ours.toml --lang id
    """  # noqa: D301 - click reads the backspace


@policy.command()
@click.argument("file", type=click.Path(path_type=Path))
@lang_option
def check(file: Path, lang: Lang) -> None:
    """Check the policy in FILE and say in words what it means.

    \b
    Example:
      ektp-biocheck policy check ours.toml --lang id
    \b
    Exit codes:
      0  the policy is sound and fits the installed scorers
      2  it is not: every fault is named with its line and key
      3  the file cannot be read
    """  # noqa: D301 - click reads the backspace
    from ektp_biocheck.errors import UnreadableError

    with plain_endings("Nothing was changed."):
        from ektp_biocheck.capture.policy_file import (
            check_scorers,
            installed_algorithms,
            load_policy,
        )
        from ektp_biocheck.capture.policy_words import explain

        try:
            found = load_policy(file)
        except UnreadableError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(3) from None
        text = file.read_text(encoding="utf-8")
        check_scorers(found, installed_algorithms(), name=file.name, text=text)
        for line in explain(found, lang):
            click.echo(line)


@policy.command()
def show() -> None:
    """Print the default policy with the reasons for its numbers.

    \b
    Example:
      ektp-biocheck policy show > ours.toml
    """  # noqa: D301 - click reads the backspace
    from ektp_biocheck.capture.policy_file import default_text

    click.echo(default_text(), nl=False)
