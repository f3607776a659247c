"""What a person reads about delivery, in Indonesian and English."""

import re
from datetime import datetime, timedelta

from ektp_biocheck.lang import Lang, in_language

__all__ = ["local", "next_try", "state_text", "why_text"]

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

# Reasons are written down in English, where the failure happens; these are all that the
# sender itself writes. What the centre says stays in the centre's words.
_REASONS = (
    (r"the centre cannot be reached \(no connection\)", r"tidak ada sambungan ke pusat"),
    (r"the centre cannot be reached \(no answer in time\)", r"pusat tidak menjawab tepat waktu"),
    (r"the centre cannot be reached \(the line broke\)", r"sambungan ke pusat terputus"),
    (r"the centre cannot be reached \((.*)\)", r"pusat tidak dapat dihubungi (\1)"),
    (r"the centre asks to wait (\d+) s", r"pusat minta menunggu \1 detik"),
    (r"the centre answered (\d+)(.*)", r"pusat menjawab \1\2"),
    (r"refused by the centre \((\d+)\): (.*)", r"ditolak pusat (\1): \2"),
    (r"not a message that was agreed on: (.*)", r"jawaban pusat tidak dapat dibaca: \1"),
    (r"the answer came too slowly.*", r"jawaban pusat terlalu lambat"),
    (r"the signature of (\S+) is wrong", r"tanda tangan \1 salah"),
    (r"signed by (\S+), whose key.*", r"ditandatangani \1, kuncinya tidak ada di sini"),
    (r"the receipt is about other bytes.*", r"tanda terima untuk isi yang lain"),
    (r"the centre has all bytes and gives no receipt", r"pusat tidak memberi tanda terima"),
    (r"the sealed record cannot be read \((.*)\)", r"berkas tersegel tidak terbaca (\1)"),
    (r"payload is (?:gone|damaged).*", r"isi rekaman hilang atau rusak"),
    (r"outside the hours of sending", r"di luar jam pengiriman"),
    (r"nothing to approve", r"tidak perlu persetujuan"),
    (r"bytes are going", r"sedang dikirim"),
    (r"signed for by (.*)", r"tanda terima dari \1"),
    (r"listed by the centre", r"tercatat di pusat"),
    (r"not held: sent again", r"tidak ada di pusat: dikirim ulang"),
    (r"sent again after (.*)", r"dikirim ulang setelah \1"),
    (r"the centre holds another hash", r"pusat menyimpan isi lain"),
    (r"not taken from the disk: (.*)", r"tidak diterima dari cakram: \1"),
)


def state_text(state: str, lang: Lang) -> str:
    """Return what a state means, in a few words."""
    return in_language(lang, *_STATES[state])


def why_text(why: str, lang: Lang) -> str:
    """Return a reason in the language asked for; unknown ones stay as they were written."""
    if lang == "id":
        for english, indonesian in _REASONS:
            found = re.fullmatch(english, why)
            if found:
                return found.expand(indonesian)
    return why


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
