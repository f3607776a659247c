"""`verify-exceptions`: exceptions that a person should look at again."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ektp_biocheck.cli.common import lang_option, plain_endings
from ektp_biocheck.cli.reading import policy_option, print_tables

if TYPE_CHECKING:
    from ektp_biocheck.batch.exceptions import Verification
    from ektp_biocheck.lang import Lang

__all__ = ["verify_exceptions"]

_ENDINGS = """\b
Exit codes:
  0  nothing needs a second look
  1  something needs a second look by a person
  2  wrong usage, or no manifests where a folder was named
  3  a file could not be read
"""


@click.command(epilog=_ENDINGS, short_help="Exceptions that a person should look at again.")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER"
)
@policy_option
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="What is overdue at this time (UTC).  [default: now]",
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write it as one HTML page.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@lang_option
@click.pass_context
def verify_exceptions(
    context: click.Context,
    /,
    folder: Path,
    policy: Path | None,
    at: datetime | None,
    page: Path | None,
    as_json: bool,
    lang: "Lang",
) -> None:
    """Look through the manifests (.json) of records below FOLDER.

    \b
    ektp-biocheck verify-exceptions manifests/
    ektp-biocheck verify-exceptions manifests/ --lang id --html exceptions.html

    Found are exceptions that one of their own attempts contradicts, evidence photos that do not
    show face and hands, approvals that have not followed, temporary exceptions whose time has
    come, and operators whose share of exceptions is far from that of their peers (30 persons
    and more). All of it is a reason for a person to look, none of it a judgement.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("The exceptions were not verified."):
        from ektp_biocheck.batch.exceptions import verify
        from ektp_biocheck.batch.needs import limits_of
        from ektp_biocheck.batch.report.verify_page import (
            verify_page,
            verify_sentences,
            verify_tables,
            verify_words,
        )
        from ektp_biocheck.batch.sealed import read_manifests
        from ektp_biocheck.batch.table import atomic

        now = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
        manifests, unreadable = read_manifests(folder)
        found = verify(manifests, limits_of(policy), now=now, unreadable=unreadable)
        if page is not None:
            with atomic(page) as handle:
                handle.write(verify_page(found, lang=lang))
        if as_json:
            click.echo(json.dumps(_document(found), indent=2, allow_nan=False))
        else:
            words = verify_words(lang)
            print_tables(verify_sentences(found, words), verify_tables(found, words))
    apart = any(operator.apart for operator in found.operators)
    context.exit(3 if found.unreadable else int(bool(found.findings) or apart))


def _document(found: "Verification") -> dict[str, Any]:
    document = asdict(found)
    for old, operator in zip(found.operators, document["operators"], strict=True):
        operator["rate"] = old.rate._asdict()
        operator["apart"] = old.apart
    return document
