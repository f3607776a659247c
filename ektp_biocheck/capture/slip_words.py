"""The words of the citizen's slip: (Indonesian, English) for everything it can say.

Titles of the catalogue are short enough for most causes; `PLAINER` holds those that speak of
the device's insides. Nothing here blames the person, names a diagnosis or mentions a score.
"""

__all__ = ["BEFORE_COMING", "KIND", "PLAINER", "UNTAKEN", "VERDICT", "WORDS"]

WORDS = {
    "title": ("Tanda terima perekaman KTP-el", "Receipt of e-KTP recording"),
    "office": ("Kantor", "Office"),
    "date": ("Tanggal", "Date"),
    "no_date": ("jam alat belum pasti", "the station's clock is not certain"),
    "queue": ("Nomor antrean", "Queue number"),
    "receipt": ("Nomor tanda terima", "Receipt number"),
    "recorded": ("Yang terekam", "What was recorded"),
    "good": ("Terekam dengan baik", "Recorded well"),
    "weak": ("Terekam, tetapi kurang jelas", "Recorded, but not very clear"),
    "kept": (
        "Hasil terbaik tetap disimpan dan dikirim. Ini bukan kesalahan Anda.",
        "The best result was kept and is sent. This is not your fault.",
    ),
    "missing": ("Tidak terekam", "Not recorded"),
    "excepted": ("Dikecualikan", "Excepted"),
    "none_needed": ("Tidak direkam hari ini", "Not recorded today"),
    "all_fingers": ("kesepuluh jari", "all ten fingers"),
    "both_eyes": ("kedua mata", "both eyes"),
    "face": ("foto wajah", "the face photo"),
    "why_unknown": ("alat tidak dapat membacanya", "the device could not read it"),
    "next": ("Yang terjadi selanjutnya", "What happens next"),
    "ask": ("Jika ingin bertanya", "If you want to ask"),
    "ask_with": (
        "Sebutkan nomor tanda terima {number} di {office}. Nomor lain tidak diperlukan.",
        "Give the receipt number {number} at {office}. No other number is needed.",
    ),
    "this_office": ("kantor ini", "this office"),
    "contact": ("Hubungi", "Contact"),
    "keep": (
        "Simpan kertas ini. Kertas ini bukan KTP.",
        "Keep this paper. It is not an identity card.",
    ),
    "waiting": (
        "Rekaman Anda tersimpan dan terkunci di alat ini. Rekaman dikirim ke pusat begitu ada "
        "sambungan{by}. Anda tidak perlu menunggu di sini.",
        "Your record is kept locked on this station. It is sent to the centre as soon as there "
        "is a connection{by}. You need not wait here.",
    ),
    "by": (", paling lambat {date}", ", at the latest on {date}"),
    "sent": (
        "Rekaman Anda sudah dikirim ke pusat. Petugas memastikan bahwa pusat menyimpannya; "
        "Anda tidak perlu memeriksanya sendiri.",
        "Your record has been sent to the centre. The office makes sure that the centre keeps "
        "it; you need not check.",
    ),
    "held": (
        "Pusat sudah menyimpan rekaman Anda.",
        "The centre has your record.",
    ),
    "healed": (
        "Datanglah lagi setelah sembuh, atau bila sudah bisa direkam, untuk: {parts}{by}. "
        "Bagian lain tidak perlu diulang.",
        "Come again when healed, or once it can be recorded, for: {parts}{by}. The other parts "
        "need not be repeated.",
    ),
    "deferred": (
        "Petugas kedua akan memeriksa pengecualian ini kemudian. Anda tidak perlu menunggu.",
        "A second officer will look at the exception later. You need not wait.",
    ),
    "reviewed": (
        "Petugas akan meninjau rekaman ini. Tanyakan hasilnya dengan nomor di bawah; jangan "
        "merekam ulang sebelum diminta.",
        "An officer will look at this record. Ask for the outcome with the number below; do "
        "not record again before you are asked to.",
    ),
    "done": (
        "Anda tidak perlu datang lagi, kecuali diminta.",
        "You need not come again unless you are asked to.",
    ),
    "before": ("Sebelum datang lagi", "Before you come again"),
}

VERDICT = {
    "READY": ("Perekaman Anda lengkap.", "Your recording is complete."),
    "READY_WITH_EXCEPTIONS": (
        "Perekaman Anda selesai, dengan catatan di bawah ini.",
        "Your recording is complete, with the notes below.",
    ),
    "BELOW_POLICY": (
        "Perekaman Anda disimpan, tetapi belum cukup. Anda tidak ditolak.",
        "Your recording is kept, but it is not enough yet. You are not turned away.",
    ),
}

# Why a part is excepted; a temporary one adds "for now".
KIND = {
    "MISSING": ("tidak ada", "absent"),
    "UNUSABLE": ("tidak dapat dibaca alat", "cannot be read by the device"),
    "DECLINED": ("tidak direkam atas permintaan Anda", "not recorded at your request"),
    "UNAVAILABLE": ("sedang tidak dapat direkam", "cannot be recorded at present"),
    "BANDAGED": ("sedang diperban", "bandaged at present"),
    "INJURED": ("sedang luka", "injured at present"),
    "WORN": ("garis jari terlalu halus", "finger lines too fine"),
    "DEFORMED": ("tidak dapat diletakkan pada alat", "cannot be placed on the device"),
    "OCULAR": ("mata tidak dapat dibaca alat", "the eye cannot be read by the device"),
    "CANNOT_COOPERATE": ("tidak dapat direkam saat ini", "could not be recorded this time"),
    "REFUSED": ("tidak direkam atas permintaan Anda", "not recorded at your request"),
    "DEVICE": ("gangguan alat", "fault of the device"),
}

# Why a part was not recorded when no capture of it shows it.
UNTAKEN = {
    "NOT_PRESENTED": ("belum sempat direkam", "there was no time for it"),
    "DEVICE_FAULT": ("gangguan alat", "fault of the device"),
    "RETAKE_OUTSTANDING": ("belum selesai diulang", "repeating it was not finished"),
}

PLAINER = {
    "FP_NOT_A_FINGERPRINT": ("jari tidak terbaca", "the finger was not read"),
    "FP_FEW_MINUTIAE": ("garis jari kurang jelas", "finger lines not clear enough"),
    "FP_NOISE": ("gangguan alat", "fault of the device"),
    "FP_GHOST_PLATEN": ("kaca alat kotor", "the glass was not clean"),
    "FP_TIP_ONLY": ("hanya ujung jari yang terbaca", "only the fingertip was read"),
    "IR_VISIBLE_LIGHT": ("gangguan alat", "fault of the device"),
    "IR_PUPIL_ABNORMAL": ("cahaya ruangan tidak sesuai", "the light in the room"),
    "IR_TOO_SMALL": ("jarak kamera tidak sesuai", "the distance of the camera"),
    "IR_MARGIN": ("letak kamera tidak sesuai", "the position of the camera"),
    "IR_LASH_OCCLUSION": ("bulu mata menutupi mata", "lashes cover the eye"),
    "IR_LID_OCCLUSION": ("kelopak menutupi mata", "the eyelid covers the eye"),
    "IR_SPECULAR": ("pantulan cahaya pada mata", "a reflection on the eye"),
    "FA_COMPRESSED": ("gangguan alat", "fault of the device"),
    "DEV_TIMEOUT": ("gangguan alat", "fault of the device"),
    "DEV_DISCONNECTED": ("gangguan alat", "fault of the device"),
    "DEV_WRONG_PPI": ("gangguan alat", "fault of the device"),
    "DEV_HANG": ("gangguan alat", "fault of the device"),
}

# What helps next time, for those who are to come again.
_LOTION = (
    "Oleskan pelembap pada jari beberapa hari sebelumnya, dan kurangi deterjen.",
    "Use lotion on the fingers for some days before, and little detergent.",
)
BEFORE_COMING = {
    "FP_DRY": _LOTION,
    "FP_WORN_RIDGES": _LOTION,
    "FP_CALLUS_CRACKS": _LOTION,
    "FP_LOW_CONTRAST": _LOTION,
    "FP_DIRTY_FINGER": (
        "Cuci tangan sampai bersih sebelum berangkat.",
        "Wash the hands well before you leave.",
    ),
    "IR_CONTACT_LENS": (
        "Jangan memakai lensa kontak (softlens) pada hari itu.",
        "Do not wear contact lenses on that day.",
    ),
    "FA_GLASSES": ("Kacamata dilepas saat difoto.", "Glasses come off for the photo."),
    "IR_LID_OCCLUSION": (
        "Datanglah pagi hari, ketika mata tidak lelah.",
        "Come in the morning, when the eyes are not tired.",
    ),
}
