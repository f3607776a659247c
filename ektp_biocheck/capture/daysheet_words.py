"""The words of the day sheet: (Indonesian, English)."""

__all__ = ["ABANDONED", "CALL_BACK", "REASON", "WORDS"]

WORDS = {
    "title": ("Lembar harian perekaman", "Day sheet of recording"),
    "station": ("Alat", "Station"),
    "office": ("Kantor", "Office"),
    "served": ("Selesai direkam", "Recorded"),
    "ready": ("lengkap", "complete"),
    "exceptions": ("lengkap dengan catatan", "complete with notes"),
    "below": ("belum cukup, perlu ditinjau", "not enough yet, to be reviewed"),
    "persons": ("orang", "persons"),
    "numbers": ("Nomor antrean selesai", "Queue numbers served"),
    "without_number": ("tanpa nomor", "without a number"),
    "carried": ("Dibawa ke hari berikutnya", "Carried over to the next day"),
    "begun": ("sudah mulai, belum selesai", "begun, not finished"),
    "waiting": ("belum dipanggil", "not yet called"),
    "given_up": ("Tidak jadi direkam", "Given up"),
    "nobody": ("tidak ada", "none"),
    "villages": ("Per desa", "By village"),
    "village": ("Desa", "Village"),
    "quota": ("Kuota", "Quota"),
    "left": ("Sisa", "Left"),
    "unknown_village": ("(tanpa desa)", "(no village)"),
    "minutes": ("Menit per orang", "Minutes per person"),
    "median": ("separuh orang selesai dalam", "half of the persons took up to"),
    "mean": ("rata-rata", "mean"),
    "longest": ("paling lama", "longest"),
    "number": ("nomor", "number"),
    "forecast": ("Perkiraan terhadap target", "Forecast against the target"),
    "target": (
        "Target {persons} orang sampai {until}; sudah {done}, sisa {left}.",
        "Target {persons} persons by {until}; {done} done, {left} left.",
    ),
    "needed": (
        "Hari kerja tersisa: {days}. Perlu {needed} orang per hari, yaitu {minutes} menit per "
        "orang dalam {hours} jam.",
        "Working days left: {days}. {needed} persons a day are needed, that is {minutes} minutes "
        "per person in {hours} hours.",
    ),
    "no_days": (
        "Tidak ada hari kerja tersisa; {left} orang belum direkam.",
        "No working day is left; {left} persons are not recorded.",
    ),
    "pace": (
        "Dengan laju {pace} orang per hari, selesai {finish}.",
        "At {pace} persons a day it is finished on {finish}.",
    ),
    "late": ("Terlambat {days} hari kerja.", "{days} working days late."),
    "in_time": ("Tepat waktu.", "In time."),
    "reached": ("Target tercapai.", "The target is reached."),
    "no_pace": (
        "Belum ada yang selesai; perkiraan tidak dapat dibuat.",
        "Nobody is finished yet; there is no forecast.",
    ),
    "steps": (
        "Langkah bantuan yang dipakai (untuk berapa orang)",
        "Steps taken to help (for how many persons)",
    ),
    "call_back": ("Dipanggil kembali", "To be called back"),
    "queue": ("Nomor", "Number"),
    "why": ("Sebab", "Reason"),
    "when": ("Paling lambat", "At the latest"),
    "no_names": (
        "Hanya nomor antrean; tanpa nama dan tanpa NIK.",
        "Queue numbers only; no names, no NIK.",
    ),
}

CALL_BACK = {
    "TEMPORARY_EXCEPTION": ("pengecualian sementara", "temporary exception"),
    "BELOW_POLICY": ("rekaman belum cukup", "recording not enough yet"),
    "RECORD_LOST": ("rekaman hilang, rekam ulang", "record lost, record again"),
    "CARRIED_OVER": ("perekaman belum selesai", "recording not finished"),
}

# For every code of `verdict.REASON_CODES`; a part of the body stands in front where there is one.
REASON = {
    "BELOW_THRESHOLD": ("kurang jelas", "not very clear"),
    "KEPT_EARLY": ("kurang jelas, tidak diulang lagi", "not very clear, not tried again"),
    "FAILURE_TO_ACQUIRE": ("tidak terekam", "not recorded"),
    "GIVEN_UP_EARLY": ("tidak terekam, tidak diulang lagi", "not recorded, not tried again"),
    "RETAKE_OUTSTANDING": ("masih perlu diulang", "still to be repeated"),
    "DEVICE_FAULT": ("terhenti karena gangguan alat", "stopped by a fault of the device"),
    "NOT_PRESENTED": ("belum direkam", "not presented"),
    "EXCEPTED": ("dikecualikan", "excepted"),
    "EVIDENCE_MISSING": ("foto bukti belum ada", "evidence photo missing"),
    "EVIDENCE_UNCLEAR": ("foto bukti perlu diperiksa", "evidence photo to be looked at"),
    "APPROVAL_MISSING": ("belum disetujui petugas kedua", "not approved by a second officer"),
    "APPROVAL_DEFERRED": ("persetujuan menyusul", "approval to follow"),
    "REVIEW_DATE_MISSING": ("tanggal tinjau belum ada", "no date to look at it again"),
    "EXC_CONTRADICTED": (
        "dikecualikan, padahal ada rekaman yang baik",
        "excepted, yet there is a good capture",
    ),
    "OVERRIDDEN": ("diputuskan petugas", "decided by the officer"),
    "RELAXED": ("batas mutu diturunkan oleh aturan", "bar lowered by the policy"),
    "AGE_CONTRADICTS_NIK": ("umur tidak cocok dengan NIK", "age does not go with the NIK"),
    "INSUFFICIENT": ("belum mencukupi aturan", "the policy's minimum is not met"),
}

ABANDONED = {
    "PERSON_LEFT": ("pemohon pergi", "the person left"),
    "WRONG_PERSON": ("orang yang salah", "the wrong person"),
}
