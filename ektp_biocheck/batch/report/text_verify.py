"""Texts of `verify-exceptions`: key, Indonesian, English."""

__all__ = ["VERIFY_TEXTS"]

VERIFY_TEXTS: dict[str, tuple[str, str]] = {
    "verify_title": ("Pengecualian yang perlu dilihat lagi", "Exceptions to look at again"),
    "of_folder": ("{n} catatan perekaman", "{n} records"),
    "found": (
        "{n} hal perlu dilihat lagi oleh petugas, pada {records} dari {all} catatan perekaman.",
        "{n} things need a second look by a person, in {records} of {all} records.",
    ),
    "none_found": (
        "Tidak ada yang perlu dilihat lagi pada {all} catatan perekaman.",
        "Nothing needs a second look in {all} records.",
    ),
    "persons_excepted": (
        "{n} orang ({share}) mempunyai pengecualian.",
        "{n} persons ({share}) have an exception.",
    ),
    "operators_apart": (
        "Operator yang jauh dari rekannya: {n}.",
        "Operators far from their peers: {n}.",
    ),
    "superseded": (
        "{n} catatan perekaman sudah diganti yang lebih baru dan tidak dihitung.",
        "{n} records were superseded by a later one and are not counted.",
    ),
    "unreadable": ("Berkas yang tidak terbaca: {n}.", "Files that could not be read: {n}."),
    "records_title": ("Catatan perekaman", "Records"),
    "kind": ("Hal", "What"),
    "record": ("Catatan perekaman", "Record"),
    "excepted_part": ("Dikecualikan", "Excepted"),
    "reason": ("Mengapa", "Why"),
    "kind_CONTRADICTED": (
        "Percobaannya sendiri mencapai ambang",
        "Its own attempt reaches the threshold",
    ),
    "kind_NO_EVIDENCE": ("Tidak ada foto bukti", "No evidence photo"),
    "kind_EVIDENCE_UNCLEAR": ("Foto bukti belum jelas", "Evidence photo not clear"),
    "kind_APPROVAL_OVERDUE": ("Persetujuan belum menyusul", "Approval has not followed"),
    "kind_REVIEW_DUE": ("Waktunya dilihat lagi", "Time to look again"),
    "why_score": (
        "nilai {score}, ambang {accept}: mungkin dapat direkam",
        "score {score}, threshold {accept}: perhaps it can be captured",
    ),
    "why_attempt": (
        "percobaan {attempt} mencapai ambang: mungkin dapat direkam",
        "attempt {attempt} reaches the threshold: perhaps it can be captured",
    ),
    "why_no_photo": (
        "ambil foto wajah dan kedua tangan bila orangnya datang lagi",
        "take a photo of face and both hands when the person comes again",
    ),
    "why_photo": ("terlihat: {defects}", "seen: {defects}"),
    "why_unsure": ("tidak lengkap", "not complete"),
    "why_overdue": (
        "batasnya {due} UTC, {days} hari lalu; bila sudah disetujui, catat persetujuannya",
        "was due {due} UTC, {days} days ago; if it was given, note it down",
    ),
    "why_review": (
        "sementara, untuk dilihat lagi {review_by}",
        "temporary, to be looked at again {review_by}",
    ),
    "operators_title": ("Operator dan rekannya", "Operators and their peers"),
    "operators_lead": (
        "Bagian orang dengan pengecualian. Operator menerima orang yang berbeda-beda: angka ini "
        "mengajak melihat bersama, bukan menyalahkan. Operator dengan kurang dari {least} orang "
        "tidak ditampilkan ({hidden}). Garis: batas kebetulan 95% dan 99,8%.",
        "Share of persons with an exception. Operators meet different persons: a figure is a "
        "reason to look together, not to blame. Operators with fewer than {least} persons are not "
        "shown ({hidden}). Lines: limits of chance, 95% and 99.8%.",
    ),
    "persons": ("Orang", "Persons"),
    "with_exception": ("Dengan pengecualian", "With an exception"),
    "peers": ("Rekan", "Peers"),
    "against_peers": ("Dibanding rekan", "Against the peers"),
    "more_often": ("jelas lebih sering", "clearly more often"),
    "less_often": ("jelas lebih jarang", "clearly less often"),
    "like_peers": ("tidak jelas berbeda", "not clearly different"),
    "p_corrected": ("p terkoreksi", "p, corrected"),
    "files_title": ("Berkas yang tidak terbaca", "Files that could not be read"),
}
