"""`compare`: two runs side by side."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ektp_biocheck.cli.common import lang_option, plain_endings
from ektp_biocheck.cli.reading import filter_of, policy_option, print_tables, where_option, working

if TYPE_CHECKING:
    from ektp_biocheck.batch.compare import Comparison
    from ektp_biocheck.lang import Lang

__all__ = ["compare"]

_RUN = click.Path(exists=True, file_okay=False, path_type=Path)
_ENDINGS = """\b
Exit codes:
  0  no difference is more than chance
  1  something is clearly different
  2  wrong usage, or no finished run where one was named
"""


@click.command(epilog=_ENDINGS, short_help="Two runs side by side: what changed, and is it chance?")
@click.argument("run_a", type=_RUN, metavar="RUN_A")
@click.argument("run_b", type=_RUN, metavar="RUN_B")
@where_option
@policy_option
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Changed files to list on the screen.",
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
def compare(
    context: click.Context,
    /,
    run_a: Path,
    run_b: Path,
    where: str | None,
    policy: Path | None,
    top: int,
    page: Path | None,
    as_json: bool,
    lang: "Lang",
) -> None:
    """Hold RUN_B against RUN_A: two scorer versions, two months, two devices.

    \b
    ektp-biocheck compare results-1.0/ results-1.1/
    ektp-biocheck compare october/ november/ --where "modality == 'finger'" --lang id
    ektp-biocheck compare old/ new/ --html compare.html --json > compare.json

    The same files in both runs are held against themselves; other runs are compared as two
    samples. Effects come first, then whether they are more than chance; over many defects p is
    corrected (Holm). Both runs are judged by one policy.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("The runs were not compared."):
        from ektp_biocheck.batch.compare import compare as compare_rows
        from ektp_biocheck.batch.needs import limits_of
        from ektp_biocheck.batch.report.compare_page import compare_page
        from ektp_biocheck.batch.results import read_run
        from ektp_biocheck.batch.table import atomic

        runs = read_run(run_a), read_run(run_b)
        chosen = filter_of(where, *runs)
        sides = [run.rows if chosen is None else chosen.select(run.rows).rows for run in runs]
        limits = limits_of(policy)
        with working(lang):
            found = compare_rows(sides[0], sides[1], limits)
        if page is not None:
            with atomic(page) as handle:
                handle.write(compare_page(found, (run_a, run_b), lang=lang))
        if as_json:
            click.echo(json.dumps(_document(found), indent=2, allow_nan=False))
        else:
            _show(found, lang, top)
    context.exit(int(found.differs))


def _document(found: "Comparison") -> dict[str, Any]:
    document = asdict(found)
    for part in (*document["scores"], *document["rates"]):
        for key in ("a", "b", "difference"):
            part[key] = dict(zip(("value", "low", "high", "n"), part[key], strict=True))
    for old, change in zip(found.changes, document["changes"], strict=True):
        change["need_a"], change["need_b"] = old.need_a.name, old.need_b.name
    return document


def _show(found: "Comparison", lang: "Lang", top: int) -> None:
    from ektp_biocheck.batch.report.compare_page import compare_tables, compare_words, sentences

    words = compare_words(lang)
    print_tables(sentences(found, words), compare_tables(found, words, top))
