"""What a person reads about delivery, in Indonesian and English."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ektp_biocheck.cli.delivery_reasons import why_text
from ektp_biocheck.lang import Lang, in_language

if TYPE_CHECKING:
    from ektp_biocheck.records.rows import RecordRow

__all__ = ["local", "next_try", "plural", "records_text", "row_state", "state_text", "why_text"]

_STATES = {
    "SEALED": ("tersegel, menunggu persetujuan", "sealed, waits for an approval"),
    "QUEUED": ("menunggu dikirim", "waits to be sent"),
    "SENT": ("sedang dikirim, belum dijawab", "being sent, not answered yet"),
    "RECEIPTED": ("tanda terima ada, belum terbukti tersimpan", "signed for, not yet seen held"),
    "HELD": ("tersimpan di pusat", "held by the centre"),
    "CLOSED": ("selesai, KTP dapat dicetak", "done, the card can be printed"),
    "NOT_HELD": ("tidak ada di pusat, dikirim ulang", "not at the centre, sent again"),
    "CONFLICT_AT_CENTRE": ("bentrok di pusat: periksa", "conflict at the centre: look into it"),
    "REFUSED_QUALITY": ("mutu ditolak: rekam ulang", "refused for quality: record again"),
    "REFUSED_TECHNICAL": ("ditolak karena teknis", "refused for technical reasons"),
    "QUARANTINED": ("berkali-kali ditolak: periksa", "refused again and again: look into it"),
    "SUPERSEDED": ("diganti rekaman baru", "replaced by a newer record"),
    "LOST": ("hilang: rekam ulang", "lost: record again"),
}

_NOT_TAKEN = {
    "failed": ("belum sampai, dikirim lagi", "not there yet, sent again"),
    "refused": ("ditolak pusat, dikirim lagi", "refused by the centre, sent again"),
}


def state_text(state: str, lang: Lang) -> str:
    """Return what a state means, in a few words."""
    return in_language(lang, *_STATES[state])


def row_state(row: "RecordRow", lang: Lang) -> str:
    """Return where a record stands; one whose last attempt failed is not called unanswered."""
    if row.state == "SENT" and row.last_error:
        return in_language(lang, *_NOT_TAKEN["refused" if row.refusals else "failed"])
    return state_text(row.state, lang)


def records_text(count: int, lang: Lang) -> str:
    """Return a number of records in words, such as ``1 record``."""
    return in_language(lang, f"{count} rekaman", plural(count, "record"))


def plural(count: int, noun: str) -> str:
    """Return a number with its English noun: ``1 receipt``, ``2 receipts``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def next_try(seconds: float, why: str, lang: Lang) -> str:
    """Return when sending goes on, and what it waits for."""
    reason = why_text(why, lang)
    if seconds < 90:
        span = in_language(lang, f"{seconds:.0f} detik", f"{seconds:.0f} s")
    elif seconds < 5_400:
        span = in_language(lang, f"{seconds / 60:.0f} menit", f"{seconds / 60:.0f} min")
    else:
        span = in_language(lang, f"{seconds / 3600:.1f} jam", f"{seconds / 3600:.1f} h")
    return in_language(lang, f"Dicoba lagi dalam {span}: {reason}", f"Next try in {span}: {reason}")


def local(stamp: str, offset: timedelta) -> str:
    """Return a time as the office's clock shows it, such as ``2026-01-05 15:00``."""
    return (datetime.fromisoformat(stamp) + offset).strftime("%Y-%m-%d %H:%M")
