"""Exceptions to look at again, in words, for the terminal and as a page."""

from markupsafe import Markup

import ektp_biocheck
from ektp_biocheck.batch.exceptions import FEWEST, Finding, Verification
from ektp_biocheck.batch.report.charts import funnel
from ektp_biocheck.batch.report.page import render
from ektp_biocheck.batch.report.text import TEXTS
from ektp_biocheck.batch.report.text_verify import VERIFY_TEXTS
from ektp_biocheck.batch.report.view import Cell, Head, Table, printable, shown, title_of
from ektp_biocheck.batch.report.words import Words
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang
from ektp_biocheck.positions import instance_from_mosip

__all__ = ["verify_page", "verify_sentences", "verify_tables", "verify_words"]


def verify_words(lang: Lang) -> Words:
    """Return the words of a verification."""
    return Words(lang, TEXTS | VERIFY_TEXTS)


def verify_sentences(found: Verification, words: Words) -> list[Markup]:
    """Say in a few sentences what was found, the answer first."""
    everything = words.integer(found.records)
    apart = sum(bool(operator.apart) for operator in found.operators)
    if found.findings:
        records = len({finding.record_id for finding in found.findings})
        told = [
            words(
                "found",
                n=words.integer(len(found.findings)),
                records=words.integer(records),
                all=everything,
            )
        ]
    else:
        told = [words("none_found", all=everything)]
    if found.records:
        share = words.percent(found.persons_excepted / found.records)
        n = words.integer(found.persons_excepted)
        told.append(words("persons_excepted", n=n, share=share))
    for key, number in (
        ("operators_apart", apart),
        ("superseded", found.superseded),
        ("unreadable", len(found.unreadable)),
    ):
        if number:
            told.append(words(key, n=words.integer(number)))
    return told


def verify_tables(found: Verification, words: Words) -> list[Table]:
    """Return the tables of records, operators and unreadable files; empty ones left out."""
    tables = [_records(found, words), _operators(found, words)]
    heads = [Head(words("file"), "path"), Head(words("reason"), "why")]
    rows = [[Cell(shown(path)), Cell(shown(reason))] for path, reason in found.unreadable]
    tables.append(Table("files", words("files_title"), heads, rows))
    return [table for table in tables if table.rows]


def verify_page(found: Verification, *, lang: Lang) -> str:
    """Return a verification as one HTML page, as safe and self-contained as the report."""
    words = verify_words(lang)
    answer, *more = verify_sentences(found, words)
    pictures = {}
    if found.operators:
        points = [
            (printable(o.name), o.persons, o.rate.value or 0.0, o.apart) for o in found.operators
        ]
        overall = found.persons_excepted / found.records
        pictures["operators"] = funnel(points, overall, words, words("operators_title"))
    return render(
        "tables.html",
        words,
        title=words("verify_title"),
        subtitle=words("of_folder", n=words.integer(found.records)),
        answer=answer,
        more=more,
        tables=verify_tables(found, words),
        pictures=pictures,
        version=ektp_biocheck.__version__,
    )


def _records(found: Verification, words: Words) -> Table:
    keys = ("kind", "record", "station", "excepted_part", "reason")
    heads = [Head(words(key), "path" if key == "record" else "") for key in keys]
    rows = [
        [
            Cell(words(f"kind_{finding.kind}")),
            Cell(shown(finding.record_id)),
            Cell(shown(finding.station)),
            Cell(_part(finding.instance, words)),
            Cell(_why(finding, words)),
        ]
        for finding in found.findings
    ]
    return Table("records", words("records_title"), heads, rows)


def _operators(found: Verification, words: Words) -> Table:
    left = ("operator", "against_peers")
    keys = ("operator", "persons", "with_exception", "peers", "against_peers", "p_corrected")
    heads = [Head(words(key), "" if key in left else "number") for key in keys]
    rows = []
    for one in found.operators:
        against = {1: "more_often", 0: "like_peers", -1: "less_often"}[one.apart]
        rate = f"{words.percent(one.rate.value)} ({words.span(one.rate, rate=True)})"
        rows.append(
            [
                Cell(shown(one.name)),
                Cell(words.integer(one.persons), str(one.persons)),
                Cell(rate, str(one.rate.value)),
                Cell(words.percent(one.peers), str(one.peers)),
                Cell(words(against)),
                Cell(words.chance(one.chance), str(one.chance)),
            ]
        )
    note = words("operators_lead", least=FEWEST, hidden=words.integer(found.hidden))
    return Table("operators", words("operators_title"), heads, rows, [note])


def _part(attribute: str | None, words: Words) -> str:
    if attribute is None:
        return "–"
    try:
        return instance_from_mosip(attribute).display_name(words.lang)
    except InputError:
        return printable(attribute)


def _why(finding: Finding, words: Words) -> Markup:
    evidence = dict(finding.evidence)
    if finding.kind == "CONTRADICTED":
        key = "why_attempt" if "attempt" in evidence else "why_score"
        return words(key, **{name: words.integer(value) for name, value in evidence.items()})
    if finding.kind == "NO_EVIDENCE":
        return words("why_no_photo")
    if finding.kind == "EVIDENCE_UNCLEAR":
        titles = ", ".join(title_of(printable(code), words.lang) for code in evidence["defects"])
        return words("why_photo", defects=titles) if titles else words("why_unsure")
    if finding.kind == "APPROVAL_OVERDUE":
        due = evidence["due"][:16].replace("T", " ")
        return words("why_overdue", due=due, days=evidence["days"])
    return words("why_review", **evidence)
