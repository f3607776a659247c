"""What a person has to see: each alarm with its cure, in Indonesian and English."""

from dataclasses import dataclass

from ektp_biocheck.lang import Lang, in_language

__all__ = ["Alarm", "advice"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that the software cannot set right by itself.

    Attributes
    ----------
    code : str
        One of the codes of `advice`.
    record_id : str
        Which record.
    about : str
        What was found, in a few words; no personal data.
    """

    code: str
    record_id: str
    about: str


_ADVICE = {
    "UNMENTIONED": (
        "Pusat tidak menjawab tentang rekaman ini. Tanyakan ke pusat; jangan dihapus.",
        "The centre did not answer about this record. Ask the centre; delete nothing.",
    ),
    "NOT_HELD": (
        "Pusat tidak menyimpannya. Dikirim ulang otomatis; warga tidak perlu datang.",
        "The centre does not hold it. It is sent again by itself; nobody has to come back.",
    ),
    "OTHER_HASH": (
        "Pusat menyimpan isi lain dengan nomor ini. Petugas harus memeriksa bersama pusat.",
        "The centre holds other bytes under this id. A person has to look, with the centre.",
    ),
    "CONFLICT": (
        "Data sudah ada di pusat atau perlu diputuskan. Petugas harus memeriksa.",
        "The person's data are at the centre already, or have to be judged. A person has to look.",
    ),
    "RECORD_AGAIN": (
        "Mutu ditolak dua kali. Undang warga dan rekam ulang hanya bagian yang disebut.",
        "Refused twice for its quality. Invite the person and record only what is named.",
    ),
    "LOST": (
        "Isi rekaman hilang dan pusat tidak menyimpannya. Cari di cadangan, lalu rekam ulang.",
        "The payload is gone and the centre does not hold it. Search the backup, or record again.",
    ),
    "UNKNOWN_HERE": (
        "Pusat mengenal rekaman yang tidak ada di sini. Apakah cadangan lama dipulihkan?",
        "The centre knows a record that is not here. Was an old backup restored?",
    ),
    "TOO_LATE": (
        "Pernyataan pusat bertentangan dengan status akhir. Tanyakan ke pusat.",
        "The centre contradicts a final state. Ask the centre.",
    ),
    "STATEMENT_MISSING": (
        "Pusat menyebut status tanpa pernyataan bertanda tangan. Tanyakan ke pusat.",
        "The centre names a status without a signed statement. Ask the centre.",
    ),
    "RECEIPT_NOT_BELIEVED": (
        "Tanda terima tidak dapat dipercaya. Periksa kunci pusat; rekaman akan dikirim lagi.",
        "A receipt cannot be believed. Check the centre's key; the record is sent again.",
    ),
    "STATEMENT_NOT_BELIEVED": (
        "Pernyataan tidak dapat dipercaya. Periksa kunci pusat, lalu tanyakan ke pusat.",
        "A statement cannot be believed. Check the centre's key, then ask the centre.",
    ),
    "CONTRADICTED": (
        "Pusat memberi dua jawaban yang berbeda. Tanyakan ke pusat.",
        "The centre gave two different answers. Ask the centre.",
    ),
    "NOT_ASKED": (
        "Pusat menjawab tentang rekaman yang tidak ditanyakan. Tanyakan ke pusat.",
        "The centre answered about a record that was not asked for. Ask the centre.",
    ),
}


def advice(code: str, lang: Lang) -> str:
    """Return what to do about an alarm, in one or two sentences."""
    return in_language(lang, *_ADVICE[code])
