"""Reasons for which a record is not at the centre, in words, with what a person can do."""

import re

from ektp_biocheck.lang import Lang, in_language

__all__ = ["code_text", "cure", "why_text"]

# Reasons are written down in English, where the failure happens; these are what this package
# itself writes. What else the centre says stays in the centre's words.
_REASONS = tuple(
    (re.compile(english), indonesian)
    for english, indonesian in (
        (r"the centre cannot be reached \((.*)\)", "pusat tidak dapat dihubungi ({})"),
        (r"no connection", "tidak ada sambungan"),
        (r"no connection in time", "sambungan tidak terjalin tepat waktu"),
        (r"no answer in time", "tidak dijawab tepat waktu"),
        (r"the line is too slow", "jaringan terlalu lambat"),
        (r"the line broke", "sambungan terputus"),
        (
            r"the centre refused this station's certificate \((.*)\)",
            "pusat menolak sertifikat stasiun ini ({})",
        ),
        (
            r"the centre's certificate is not trusted \((.*)\)",
            "sertifikat pusat tidak dipercaya ({})",
        ),
        (r"it is of another authority", "penerbitnya bukan yang dikenal pusat"),
        (r"it hung up on seeing it", "pusat langsung memutus sambungan"),
        (r"it has expired", "masa berlakunya habis"),
        (r"it was revoked", "sudah dicabut"),
        (r"none was shown", "tidak ada yang ditunjukkan"),
        (r"it is not one of a station", "bukan sertifikat stasiun"),
        (r"certificate has expired", "masa berlakunya habis"),
        (r"certificate is not yet valid", "belum berlaku"),
        (r"self-signed certificate.*", "bukan dari penerbit yang dipercaya stasiun ini"),
        (
            r"unable to get local issuer certificate",
            "bukan dari penerbit yang dipercaya stasiun ini",
        ),
        (r"(?:Hostname|IP address) mismatch.*", "untuk alamat lain"),
        (r"the centre asks to wait (\d+) s", "pusat minta menunggu {} detik"),
        (r"the centre answered (\d+)", "pusat menjawab {}"),
        (r"the centre answered (\d+); (.*)", "pusat menjawab {}; {}"),
        (r"check the station's certificate and its name", "periksa sertifikat dan nama stasiun"),
        (r"check centre\.url", "periksa centre.url"),
        (r"refused by the centre \((\d+)\): (.*)", "ditolak pusat ({}): {}"),
        (r"no reason given", "tanpa alasan"),
        (r"not a message that was agreed on: (.*)", "jawaban pusat tidak dapat dibaca: {}"),
        (r"the answer came too slowly.*", "jawaban pusat terlalu lambat"),
        (r"the answer is packed.*", "jawaban pusat dipadatkan, padahal tidak diminta"),
        (r"the answer is longer than (\d+) bytes", "jawaban pusat lebih panjang dari {} bita"),
        (r"the signature of (\S+) is wrong", "tanda tangan {} salah"),
        (r"signed by (\S+), whose key.*", "ditandatangani {}, kuncinya tidak ada di sini"),
        (r"signed by (\S+) instead of (\S+)", "ditandatangani {}, bukan {}"),
        (r"the receipt is about other bytes.*", "tanda terima untuk isi yang lain"),
        (r"(\S+) chained a receipt for another record", "{} merangkai tanda terima rekaman lain"),
        (r"the inventory answers another question", "daftar pusat menjawab pertanyaan lain"),
        (r"the statements are not in their order", "pernyataan pusat tidak berurutan"),
        (r"the centre has all bytes and gives no receipt", "pusat tidak memberi tanda terima"),
        (r"the sealed record cannot be read \((.*)\)", "berkas tersegel tidak terbaca ({})"),
        (r"payload is (?:gone|damaged).*", "isi rekaman hilang atau rusak"),
        (r"outside the hours of sending", "di luar jam pengiriman"),
        (r"nothing to approve", "tidak perlu persetujuan"),
        (r"bytes are going", "sedang dikirim"),
        (r"signed for by (.*)", "tanda terima dari {}"),
        (r"listed by the centre", "tercatat di pusat"),
        (r"not held: sent again", "tidak ada di pusat: dikirim ulang"),
        (r"sent again after (.*)", "dikirim ulang setelah {}"),
        (r"released by a person", "dilepas oleh petugas"),
        (r"the centre holds another hash", "pusat menyimpan isi lain"),
        (r"not taken from the disk: (.*)", "tidak diterima dari cakram: {}"),
        (r"the centre says (\S+)", "pusat menyatakan {}"),
        (r"the centre signed for it", "pusat memberi tanda terima"),
        (r"(was \S+); (.*)", "{}; {}"),
        (r"was (\S+)", "semula {}"),
        (r"(\S+) here", "di sini {}"),
        (r"two answers", "dua jawaban"),
        (r"(\S+) is about other bytes", "{} tentang isi lain"),
        (r"(\S+), but it is (\S+)", "{}, padahal {}"),
        (r"(.*); record again: (.*)", "{}; rekam ulang: {}"),
        (r"everything", "semua"),
    )
)
_CODES = {
    "missing": ("tidak ada di cakram", "it is not on the disk"),
    "damaged": ("salinan di cakram rusak", "the copy on the disk is damaged"),
    "no_certificate": ("perlu sertifikat stasiun sendiri", ""),
    "unknown_station": ("stasiun ini tidak terdaftar, atau diblokir", ""),
    "other_certificate": ("sertifikat ini bukan yang terdaftar untuk stasiun ini", ""),
    "not_yours": ("sertifikat ini bukan milik stasiun pengirim", ""),
    "malformed": ("isi pesan tidak sesuai kesepakatan", ""),
    "bad_id": ("nomor rekaman bukan UUID versi 7", ""),
    "other_body": ("kunci ini sudah dipakai untuk isi lain", ""),
    "other_hash": ("isi lain sudah dikenal dengan nomor ini: petugas harus memeriksa", ""),
    "unknown_record": ("rekaman ini belum diumumkan stasiun ini", ""),
    "not_found": ("alamat itu tidak ada di pusat", ""),
    "too_large": ("lebih besar daripada yang diizinkan atau diumumkan", ""),
    "wrong_hash": ("isinya tidak cocok dengan yang diumumkan: kirim lagi", ""),
    "wrong_seal": ("bukan rekaman tersegel stasiun ini dengan nomor ini", ""),
    "quota": ("kuota stasiun ini untuk hari ini habis: lanjutkan besok", ""),
    "disk_full": ("cakram pusat penuh: harus diurus di sana", ""),
    "unavailable": ("basis data pusat tidak menjawab: harus diurus di sana", ""),
    "too_slow": ("isi tidak tiba tepat waktu: yang sudah tiba disimpan", ""),
    "broken": ("pusat membuat kesalahan: lihat catatannya di sana", ""),
}
_STATION_DIFFERS = (
    "Nama atau kunci stasiun berbeda dari yang dikenal pusat: bandingkan `station` di "
    "delivery.toml dan keys/station.pub dengan pusat (di sana: ektp-biocheck centre station list; "
    "kunci baru: centre station key)",
    "The station's name or key differs from what the centre knows: compare `station` in "
    "delivery.toml and keys/station.pub with the centre (there: ektp-biocheck centre station list; "
    "a new key: centre station key)",
)
_CURES = (
    (
        r"no station of this name is registered|^unknown_station$",
        (
            "Tanyakan ke pusat apakah stasiun ini terdaftar atau diblokir (di sana: ektp-biocheck "
            "centre station list)",
            "Ask the centre whether this station is registered or blocked (there: ektp-biocheck "
            "centre station list)",
        ),
    ),
    (r"not a sealed record of this station|wrong_seal", _STATION_DIFFERS),
    (
        r"refused this station's certificate|the centre answered 40[13]",
        (
            "Minta client.pem dan client.key baru dari pusat (di sana: ektp-biocheck centre "
            "station renew) dan periksa tanggal komputer",
            "Ask the centre for a new client.pem and client.key (there: ektp-biocheck centre "
            "station renew) and check the computer's date",
        ),
    ),
    (
        r"the centre's certificate is not trusted",
        (
            "Bandingkan centre.ca dan centre.url di delivery.toml dengan yang diserahkan pusat dan "
            "periksa tanggal komputer",
            "Compare centre.ca and centre.url in delivery.toml with what the centre handed out and "
            "check the computer's date",
        ),
    ),
)


def why_text(why: str, lang: Lang) -> str:
    """Return a reason in the language asked for; unknown ones stay as they were written."""
    if lang == "id":
        code = _code_of(why)
        if code in _CODES:
            return _CODES[code][0]
        for english, indonesian in _REASONS:
            found = english.fullmatch(why)
            if found:
                return indonesian.format(*(why_text(part, lang) for part in found.groups()))
        if "; " in why:
            return "; ".join(why_text(part, lang) for part in why.split("; "))
    elif why.startswith("not taken from the disk: "):
        before, _, code = why.rpartition(": ")
        return f"{before}: {code_text(code, lang)}"
    return why


def code_text(code: str, lang: Lang) -> str:
    """Return what a code of the centre means; unknown ones stay codes."""
    from ektp_biocheck.delivery.centre.refused import REASONS

    indonesian, english = _CODES.get(code, (code, ""))
    if not english:
        english = REASONS[code].detail if code in REASONS else code
    return in_language(lang, indonesian, english)


def cure(why: str, lang: Lang) -> str:
    """Return what a person can do about a reason, as a sentence; nothing when waiting helps."""
    for reason, texts in _CURES:
        if re.search(reason, why):
            return in_language(lang, *texts) + "."
    return ""


def _code_of(why: str) -> str | None:
    """Return the code whose words these are, or which they are."""
    from ektp_biocheck.delivery.centre.refused import REASONS

    details = {reason.detail: code for code, reason in REASONS.items()}
    return why if why in _CODES else details.get(why)
