"""What commands about a station's folder share."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ektp_biocheck.cli.common import Fault, plain_endings
from ektp_biocheck.errors import InstallationError, UnreadableError

__all__ = ["station_endings", "station_extra"]


@contextmanager
def station_extra() -> Iterator[None]:
    """Turn a failed import inside into a line that says what to install."""
    try:
        yield
    except ImportError as error:
        raise InstallationError(
            "this needs the station's extra: pip install 'ektp-biocheck[station]'"
        ) from error


@contextmanager
def station_endings(interrupted: str) -> Iterator[None]:
    """End as `plain_endings` does, but with 3 when a file or database cannot be read."""
    with plain_endings(interrupted):
        try:
            yield
        except UnreadableError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(3) from error
        except (sqlite3.OperationalError, sqlite3.InterfaceError) as error:
            raise Fault(
                f"the station's database cannot be used now ({error}): check the disk and the "
                "folder's rights, and try again"
            ) from error
        except sqlite3.Error as error:
            click.echo(
                f"Error: the station's database is damaged ({error}): bring it back with "
                "ektp-biocheck restore BACKUP STATION --replace",
                err=True,
            )
            raise SystemExit(3) from error
