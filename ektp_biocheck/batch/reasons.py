"""Why a file has no result, as a short code and in both languages.

The English reason of a row names particulars (how many bytes, which format). The code says the
kind, for counting, and has a sentence in Indonesian and in English each.
"""

import re
from dataclasses import dataclass

from ektp_biocheck.lang import Lang, in_language

__all__ = ["REASONS", "Reason", "may_change", "reason_code", "reason_text"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One kind of reason.

    Parameters
    ----------
    code : str
        Such as ``"NO_RESOLUTION"``.
    told_by : str
        Regular expression for the English reasons of this kind.
    indonesian, english : str
        What is wrong and what to do.
    lasting : bool
        The same bytes will give the same reason; a result may be kept.
    """

    code: str
    told_by: str
    indonesian: str
    english: str
    lasting: bool = True


_AGAIN_ID = "Salin lagi dari tempat perekaman, atau rekam ulang."
_AGAIN_EN = "Copy it again from where it was captured, or capture again."

_KINDS = (
    Reason(
        "NOT_THERE",
        "it is not there|no such file|leads to a file that is not there",
        "Berkas tidak ada. Periksa nama, manifes, atau tautannya.",
        "There is no such file. Check the name, the manifest or the link.",
        lasting=False,
    ),
    Reason(
        "NO_PERMISSION",
        "you may not read|Check its permissions",
        "Tidak ada izin membaca. Minta izin kepada pemiliknya.",
        "You may not read it. Ask its owner for read permission.",
        lasting=False,
    ),
    Reason(
        "FOLDER_LINK",
        "link to a folder|this is a folder",
        "Ini tautan ke folder dan tidak diikuti. Jalankan batch pada folder itu.",
        "This is a link to a folder and is not followed. Run the batch on that folder.",
        lasting=False,
    ),
    Reason(
        "NO_ORDINARY_FILE",
        "a device or a pipe|no file can have this name",
        "Ini bukan berkas biasa.",
        "This is no ordinary file.",
        lasting=False,
    ),
    Reason(
        "CANNOT_BE_READ",
        "the file cannot be read",
        "Berkas tidak dapat dibaca. Periksa disk, jaringan, dan hak akses.",
        "The file cannot be read. Check the disk, the network and the rights.",
        lasting=False,
    ),
    Reason(
        "EMPTY", "the file is empty", f"Berkas kosong. {_AGAIN_ID}", f"It is empty. {_AGAIN_EN}"
    ),
    Reason(
        "TOO_LARGE",
        "too many for a capture|over the limit",
        "Terlalu besar untuk satu rekaman. Periksa apakah berkasnya benar.",
        "Too large for a capture. Check that this is the right file.",
    ),
    Reason(
        "NO_DECODER",
        "pip install|decoder cannot be started|while starting|needs another package|"
        "needs the extra|has no Python to|must be Python",
        "Pembaca format ini tidak terpasang atau tidak berjalan. Pasang tambahannya, lalu ulangi.",
        "The reader of this format is not installed or does not run. Install it, then run again.",
        lasting=False,
    ),
    Reason(
        "NO_MEMORY",
        "not enough memory",
        "Memori tidak cukup. Tutup program lain, lalu ulangi.",
        "There is not enough memory. Close other programs, then run again.",
        lasting=False,
    ),
    Reason(
        "NO_RESOLUTION",
        "resolution .* is not known",
        "Resolusi (ppi) tidak diketahui. Berikan resolusi pemindai dengan --ppi atau di manifes.",
        "The resolution (ppi) is not known. Give that of the scanner with --ppi or a manifest.",
    ),
    Reason(
        "RESOLUTION_CONFLICT",
        "the file says .* ppi",
        "Resolusi di berkas bertentangan atau tidak persegi. Perbaiki resolusinya.",
        "The file's resolution contradicts what was given, or its pixels are not square.",
    ),
    Reason(
        "ANIMATION",
        "an animation",
        "Animasi bukan rekaman. Simpan satu gambar sebagai PNG.",
        "An animation is no capture. Save one frame as a still PNG.",
    ),
    Reason(
        "PIXEL_KIND",
        "pixels of this kind",
        "Jenis piksel ini tidak dibaca. Simpan sebagai abu-abu 8 atau 16 bit, atau RGB.",
        "Pixels of this kind are not read. Save it as 8-bit or 16-bit grey, or as RGB.",
    ),
    Reason(
        "RAW_LAYOUT",
        "RAW pixels|a RAW sample|bits can hold",
        "Ukuran atau jumlah bit tidak cocok dengan isi berkas. Periksa --raw-size dan --bits.",
        "Size or bits do not fit the file. Check --raw-size and --bits.",
    ),
    Reason(
        "TOO_SLOW",
        "no result after|did not end within",
        "Tidak selesai dalam batas waktu. Periksa berkas ini, atau beri waktu lebih.",
        "It took too long. Look at this file, or allow more time.",
        lasting=False,
    ),
    Reason(
        "DAMAGED",
        "damaged|cut short|cannot be decoded|lacks part of its picture",
        f"Berkas rusak atau terpotong. {_AGAIN_ID}",
        f"The file is damaged or cut short. {_AGAIN_EN}",
    ),
    Reason(
        "NOT_A_PICTURE",
        "Read are ",
        "Ini bukan gambar yang dapat dibaca. Simpan sebagai PNG, BMP, TIFF, JPEG, atau WSQ.",
        "This is no picture that can be read. Save it as PNG, BMP, TIFF, JPEG or WSQ.",
    ),
    Reason(
        "CANNOT_TELL",
        "cannot be told what this shows",
        "Tidak dapat ditentukan ini jari, iris, atau wajah. Sebutkan di manifes atau --modality.",
        "It cannot be told what this shows. Say it in a manifest or with --modality.",
    ),
    Reason(
        "SLAP",
        "several fingers in one picture",
        "Beberapa jari dalam satu gambar. Pisahkan dahulu menjadi satu gambar per jari.",
        "Several fingers in one picture. Split it into one picture a finger first.",
    ),
    Reason(
        "BROKE",
        "worker process died|unexpected |lost its worker",
        "Penilaian gagal pada berkas ini; berkas lain tidak terpengaruh.",
        "Scoring broke on this file; the others are not affected.",
        lasting=False,
    ),
)

REASONS = {reason.code: reason for reason in _KINDS}
"""Every kind by its code, in the order in which they are tried."""

_PATTERNS = tuple((reason, re.compile(reason.told_by)) for reason in _KINDS)


def reason_code(failure: str | None) -> str | None:
    """Return the code of a row's reason; ``None`` for what a scorer says, whose defects tell."""
    if failure is None:
        return None
    return next((reason.code for reason, told in _PATTERNS if told.search(failure)), None)


def reason_text(code: str, lang: Lang) -> str:
    """Return the sentence of a code.

    Raises
    ------
    InputError
        When `lang` is neither ``"id"`` nor ``"en"``.
    """
    reason = REASONS[code]
    return in_language(lang, reason.indonesian, reason.english)


def may_change(failure: str | None) -> bool:
    """Tell whether the same bytes may have another outcome next time."""
    code = reason_code(failure)
    return code is not None and not REASONS[code].lasting
