"""`results.parquet`: the table with types, for those who ask it questions (extra ``table``)."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ektp_biocheck.batch.table import FIRST_COLUMNS
from ektp_biocheck.errors import InstallationError

__all__ = ["need_pyarrow", "write_parquet"]

_ROWS = 2_000


def need_pyarrow() -> Any:  # noqa: ANN401 - an optional package
    """Return pyarrow.

    Raises
    ------
    InstallationError
        When it is not installed.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        raise InstallationError(
            "Parquet needs the extra `table`: pip install 'ektp-biocheck[table]'"
        ) from None
    return pyarrow


def write_parquet(
    file: Path, records: Iterable[Mapping[str, Any]], measures: Sequence[str]
) -> None:
    """Write records as one Parquet file, a few thousand at a time.

    Parameters
    ----------
    file : Path
        Written over.
    records : iterable of mapping
        As in ``results.jsonl``.
    measures : sequence of str
        The columns after those of the table.
    """
    arrow = need_pyarrow()
    kinds = {"score": arrow.int32(), "ppi": arrow.int32()}
    lists = ("defects", "hard_defects")
    columns = [
        (name, arrow.list_(arrow.string()) if name in lists else kinds.get(name, arrow.string()))
        for name in FIRST_COLUMNS
    ]
    schema = arrow.schema([*columns, *((name, arrow.float64()) for name in measures)])
    with arrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        batch: list[dict[str, Any]] = []
        for record in records:
            batch.append(_flat(record, measures))
            if len(batch) == _ROWS:
                writer.write_table(arrow.Table.from_pylist(batch, schema))
                batch.clear()
        writer.write_table(arrow.Table.from_pylist(batch, schema))


def _flat(record: Mapping[str, Any], measures: Sequence[str]) -> dict[str, Any]:
    flat: dict[str, Any] = {name: record.get(name) for name in FIRST_COLUMNS}
    for name in ("path", "duplicate_of"):
        if flat[name] is not None:
            flat[name] = flat[name].encode("utf-8", "backslashreplace").decode()
    flat["defects"] = [defect["code"] for defect in record["defects"]]
    flat["hard_defects"] = [defect["code"] for defect in record["defects"] if defect["hard"]]
    found = record["measures"]
    flat.update({name: found[name]["value"] for name in measures if name in found})
    return flat
