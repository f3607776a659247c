"""`batch`: a folder of captures into tables."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ektp_biocheck.batch.outcome import MODALITIES, TIMEOUT_SECONDS
from ektp_biocheck.cli.common import (
    EXIT_CODES,
    FiniteRange,
    capture_options,
    lang_option,
    options_of,
    plain_endings,
)
from ektp_biocheck.lang import in_language

if TYPE_CHECKING:
    from ektp_biocheck.batch.run import How
    from ektp_biocheck.lang import Lang

__all__ = ["batch"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _folder(context: click.Context, option: click.Parameter, value: str) -> Path | str:
    """Return an address for fsspec as it is, and of a path that the folder exists."""
    if "://" in value:
        return value
    kind = click.Path(exists=True, file_okay=False, path_type=Path)
    return Path(kind.convert(value, option, context))


def _run_options(command: Any) -> Any:  # noqa: ANN401 - as click's decorators
    """Add the options about how the work is done, none of which changes a result."""
    for option in (
        click.option(
            "--json", "as_json", is_flag=True, help="Progress and summary as JSON lines instead."
        ),
        click.option("--parquet", is_flag=True, help="Write results.parquet too (extra: table)."),
        click.option("--bom", is_flag=True, help="Mark results.csv as UTF-8 for Excel."),
        click.option(
            "--policy", type=_FILE, help="Policy in force; its SHA-256 goes into run.json."
        ),
        click.option(
            "--shard", metavar="I/N", help="Only part I of N, such as 3/16; then `merge` them."
        ),
        click.option(
            "--cluster", metavar="ADDRESS", help="Dask scheduler, such as tcp://head:8786."
        ),
        click.option(
            "--timeout",
            type=FiniteRange(min=0, max=86_400, min_open=True),
            default=TIMEOUT_SECONDS,
            show_default=True,
            help="Seconds that one file may take.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            show_default="every core",
            help="Number of processes. The results do not depend on it.",
        ),
    ):
        command = option(command)
    return command


@click.command(epilog=EXIT_CODES, short_help="Score every file below a folder into a table.")
@click.argument("folder", callback=_folder)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for the results; never inside FOLDER.",
)
@click.option(
    "--manifest", type=_FILE, help="CSV: path, modality, position, ppi, station, device, …"
)
@partial(capture_options, modalities=("auto", *MODALITIES), default="auto")
@_run_options
@lang_option
@click.pass_context
def batch(
    context: click.Context,
    /,
    folder: Path | str,
    out: Path,
    lang: "Lang",
    as_json: bool,
    **how: Any,  # noqa: ANN401 - the capture and run options
) -> None:
    """Score every file below FOLDER into OUT/results.csv, results.jsonl and run.json.

    \b
    ektp-biocheck batch captures/ --out results/
    ektp-biocheck batch captures/ --out results/ --manifest captures.csv --lang id
    ektp-biocheck batch captures/ --out results/ --modality finger --ppi 500 --workers 4
    ektp-biocheck batch captures/ --out part3/ --shard 3/16
    ektp-biocheck batch s3://district/day/ --out results/ --cluster tcp://head:8786

    Every file has a row, hidden files and files that are no pictures included, with a status:
    OK, FAILURE_TO_ASSESS, UNREADABLE, TIMEOUT or CRASHED. Nothing is ever written below FOLDER.

    Run it again to go on where it stopped: what has been scored is kept in OUT/journal.sqlite,
    and only new or changed files, or those of a changed scorer, are scored. Results already in
    OUT are replaced once the new ones are complete.

    What a file shows is taken from the manifest, else (with --modality auto) from clear names
    such as iris/left_eye.png, else told by looking.
    """  # noqa: D301 - click reads the backspace
    with plain_endings(in_language(lang, *_KEPT)):
        from rich.console import Console

        from ektp_biocheck.batch.outcome import exit_code
        from ektp_biocheck.batch.run import run_batch
        from ektp_biocheck.console import JsonMeter, Meter, printable, summary_table

        options, run = options_of(how, iso=True), _how(how)
        with (JsonMeter if as_json else Meter)(lang) as meter:
            summary = run_batch(folder, out, options, run, meter)
        if isinstance(meter, JsonMeter):
            meter.tell("end", out=str(out), summary=summary)
        else:
            Console().print(summary_table(summary, lang))
            at = in_language(lang, "Hasil", "Results")
            click.echo(f"{at}: {printable(str(out / 'results.csv'))}")
            if not summary["files"]:
                click.echo(_empty(run, lang), err=True)
    code = exit_code(summary["statuses"], summary["with_defects"])
    context.exit(code if summary["files"] else 1)


_KEPT = (
    "Yang sudah dinilai disimpan: jalankan lagi perintah yang sama untuk melanjutkan. Hasil "
    "sebelumnya tidak diubah.",
    "What was scored is kept: run the same command again to go on. Results of an earlier run "
    "are untouched.",
)


def _empty(run: "How", lang: "Lang") -> str:
    if run.shard is not None:
        return in_language(
            lang, "Tidak ada berkas untuk bagian ini.", "No file belongs to this shard."
        )
    return in_language(
        lang,
        "Folder itu kosong: tidak ada yang dinilai. Periksa alamatnya.",
        "The folder is empty: nothing was scored. Check the address.",
    )


def _how(how: dict[str, Any]) -> "How":
    from ektp_biocheck.batch.plan import parse_shard
    from ektp_biocheck.batch.run import How

    shard = None if how["shard"] is None else parse_shard(how["shard"])
    names = ("workers", "timeout", "cluster", "manifest", "policy", "parquet", "bom")
    return How(**{name: how[name] for name in names}, shard=shard)
