"""Defects of fingerprints, in the order an operator meets them."""

from ektp_biocheck.defects.info import ALWAYS, NEVER, SEVERE, CuredBy, DefectInfo

__all__ = ["FINGER_DEFECTS"]

FINGER_DEFECTS = (
    # Nothing, or the wrong thing, on the glass.
    DefectInfo(
        code="FP_BLANK",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Jari tidak terbaca",
        title_en="No finger read",
        advice_id="Belum ada jari yang terbaca. Letakkan jari di kaca pemindai.",
        advice_en="No finger was read. Place the finger on the scanner glass.",
        chain=("FB_REPOSITION", "FB_PRESS_MORE", "FB_CLEAN_PLATEN", "FB_RESTART"),
    ),
    DefectInfo(
        code="FP_NOT_A_FINGERPRINT",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Bukan sidik jari",
        title_en="Not a fingerprint",
        advice_id="Gambar ini bukan sidik jari. Kosongkan kaca, lalu letakkan jari pemohon.",
        advice_en="This picture is not a fingerprint. Clear the glass, then place the finger.",
        chain=("FB_REPOSITION", "FB_CLEAN_PLATEN", "FB_RESTART"),
    ),
    DefectInfo(
        code="FP_WRONG_FINGER",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Bukan jari yang diminta",
        title_en="Wrong finger",
        advice_id="Ini bukan jari yang diminta. Letakkan jari yang ditunjukkan di layar.",
        advice_en="This is not the finger asked for. Place the finger shown on the screen.",
        chain=("FB_REPOSITION",),
        counted=False,
    ),
    DefectInfo(
        code="FP_DUPLICATE_FINGER",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Jari sudah direkam",
        title_en="Finger already taken",
        advice_id="Jari ini sudah direkam. Letakkan jari yang ditunjukkan di layar.",
        advice_en="This finger was already taken. Place the finger shown on the screen.",
        chain=("FB_REPOSITION",),
        counted=False,
    ),
    DefectInfo(
        code="FP_WRONG_HAND",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Tangan tertukar",
        title_en="Wrong hand",
        advice_id="Tangan kanan dan kiri tertukar. Letakkan tangan yang ditunjukkan di layar.",
        advice_en="This is the other hand. Place the hand shown on the screen.",
        chain=("FB_REPOSITION",),
        counted=False,
    ),
    DefectInfo(
        code="FP_FINGER_MISSING_IN_SLAP",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Jumlah jari kurang",
        title_en="Too few fingers",
        advice_id=(
            "Jumlah jari di kaca kurang. "
            "Letakkan semua jari yang diminta, atau tandai jari yang memang tidak ada."
        ),
        advice_en=(
            "There are too few fingers on the glass. "
            "Place all that are asked for, or mark the one the applicant does not have."
        ),
        chain=("FB_SINGLE", "FB_EXC_PHOTO", "FB_REVIEW"),
    ),
    DefectInfo(
        code="FP_EXTRA_FINGER",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Jumlah jari lebih",
        title_en="Too many fingers",
        advice_id=(
            "Jumlah jari di kaca lebih dari yang diminta. "
            "Jika pemohon berjari lebih dari lima, rekam lima jari utama dan catat."
        ),
        advice_en=(
            "There are more fingers on the glass than asked for. "
            "If the applicant has an extra finger, take the five main ones and make a note."
        ),
        chain=("FB_REPOSITION", "FB_NOTE"),
    ),
    # How the finger lies.
    DefectInfo(
        code="FP_PARTIAL",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Jari terbaca sebagian",
        title_en="Only part of the finger",
        advice_id=(
            "Hanya sebagian jari yang terbaca. "
            "Letakkan seluruh ruas ujung jari rata di tengah kaca."
        ),
        advice_en=(
            "Only part of the finger was read. "
            "Lay the whole fingertip flat on the middle of the glass."
        ),
        chain=("FB_REPOSITION", "FB_PRESS_MORE", "FB_SINGLE"),
    ),
    DefectInfo(
        code="FP_TIP_ONLY",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Hanya pucuk jari",
        title_en="Only the very tip",
        advice_id="Hanya pucuk jari yang menyentuh kaca. Rebahkan jari sampai rata.",
        advice_en="Only the very tip touches the glass. Lower the finger until it lies flat.",
        chain=("FB_REPOSITION", "FB_PRESS_MORE"),
    ),
    DefectInfo(
        code="FP_ROTATED",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Jari miring",
        title_en="Finger at an angle",
        advice_id="Posisi jari miring. Luruskan jari di atas kaca.",
        advice_en="The finger lies at an angle. Straighten it on the glass.",
        chain=("FB_REPOSITION", "FB_SINGLE"),
    ),
    DefectInfo(
        code="FP_SMEAR_MOTION",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Jari bergeser",
        title_en="Finger moved",
        advice_id="Jari bergeser saat direkam. Tahan jari sampai perekaman selesai.",
        advice_en="The finger moved while it was read. Hold it still until the capture is done.",
        chain=("FB_REPOSITION", "FB_PRESS_LESS", "FB_SINGLE"),
    ),
    DefectInfo(
        code="FP_OVERPRESSED",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Tekanan terlalu kuat",
        title_en="Pressed too hard",
        advice_id="Jari ditekan terlalu kuat. Letakkan jari dengan ringan saja.",
        advice_en="The finger is pressed too hard. Rest it on the glass lightly.",
        chain=("FB_PRESS_LESS", "FB_DRY"),
    ),
    DefectInfo(
        code="FP_LOW_PRESSURE",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Tekanan terlalu ringan",
        title_en="Pressed too lightly",
        advice_id="Jari ditekan terlalu ringan. Tekan sedikit lebih kuat dan tahan.",
        advice_en="The finger is pressed too lightly. Press slightly harder and hold.",
        chain=("FB_PRESS_MORE", "FB_MOISTEN"),
    ),
    # The skin.
    DefectInfo(
        code="FP_DRY",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Jari kering",
        title_en="Dry finger",
        advice_id=(
            "Jari terlalu kering. Oleskan sedikit pelembap atau usap dengan tisu basah, lalu lap."
        ),
        advice_en=(
            "The finger is too dry. Use a little lotion or a damp tissue, then wipe the finger."
        ),
        chain=("FB_MOISTEN", "FB_PRESS_MORE"),
    ),
    DefectInfo(
        code="FP_WET",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Jari basah",
        title_en="Wet finger",
        advice_id="Jari basah atau berkeringat. Keringkan jari dan lap kaca pemindai.",
        advice_en="The finger is wet or sweaty. Dry it and wipe the scanner glass.",
        chain=("FB_DRY", "FB_CLEAN_PLATEN"),
    ),
    DefectInfo(
        code="FP_DIRTY_FINGER",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Jari kotor atau mengelupas",
        title_en="Dirty or peeling finger",
        advice_id="Jari kotor atau kulitnya mengelupas. Cuci dengan sabun, lalu keringkan.",
        advice_en="The finger is dirty or its skin is peeling. Wash it with soap and dry it.",
        chain=("FB_CLEAN_FINGER", "FB_CLEAN_PLATEN"),
    ),
    DefectInfo(
        code="FP_WORN_RIDGES",
        cured_by=CuredBy.NOBODY,
        hard_from=NEVER,
        title_id="Garis jari aus",
        title_en="Worn finger lines",
        advice_id=(
            "Garis jari halus atau aus. Hangatkan dan lembapkan jari, lalu tekan secukupnya; "
            "jika tetap begitu, pakai jari lain."
        ),
        advice_en=(
            "The lines of the finger are worn smooth. Warm and moisten it and press with "
            "medium force; if that does not help, use another finger."
        ),
        chain=(
            "FB_WARM",
            "FB_MOISTEN",
            "FB_SINGLE",
            "FB_ALT",
            "FB_KEEP_BEST",
            "FB_IRIS_ONLY",
            "FB_EXC_PHOTO",
            "FB_REVIEW",
        ),
    ),
    DefectInfo(
        code="FP_CALLUS_CRACKS",
        cured_by=CuredBy.NOBODY,
        hard_from=NEVER,
        title_id="Kulit kapalan atau pecah-pecah",
        title_en="Callused or cracked skin",
        advice_id=(
            "Kulit jari kapalan atau pecah-pecah. "
            "Bersihkan dan lembapkan; jika tetap begitu, coba jari lain."
        ),
        advice_en=(
            "The skin is callused or cracked. "
            "Clean and moisten it; if that does not help, try another finger."
        ),
        chain=("FB_CLEAN_FINGER", "FB_MOISTEN", "FB_ALT", "FB_KEEP_BEST"),
    ),
    DefectInfo(
        code="FP_BANDAGE_INJURY",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Jari diperban atau luka",
        title_en="Bandaged or injured finger",
        advice_id=(
            "Jari diperban atau luka, jangan dipaksakan. "
            "Rekam jari yang lain dan jadwalkan ulang setelah sembuh."
        ),
        advice_en=(
            "The finger is bandaged or injured; do not force it. "
            "Take the other fingers and set a date for after it has healed."
        ),
        chain=("FB_EXC_TEMPORARY", "FB_EXC_PHOTO", "FB_REVIEW", "FB_RESCHEDULE"),
    ),
    DefectInfo(
        code="FP_AMPUTATED",
        cured_by=CuredBy.NOBODY,
        hard_from=NEVER,
        title_id="Jari tidak ada",
        title_en="Finger absent",
        advice_id="Jari ini tidak ada. Tandai sebagai pengecualian dan ambil foto bukti.",
        advice_en="This finger is absent. Mark the exception and take the evidence photo.",
        chain=("FB_EXC_PERMANENT", "FB_EXC_PHOTO", "FB_REVIEW"),
    ),
    # The picture as a whole, whatever the cause.
    DefectInfo(
        code="FP_LOW_CONTRAST",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Garis jari kurang jelas",
        title_en="Unclear finger lines",
        advice_id="Garis jari kurang jelas. Lap jari dan kaca, lalu tekan secukupnya.",
        advice_en=(
            "The lines of the finger barely stand out. "
            "Wipe the finger and the glass, then press with medium force."
        ),
        chain=("FB_CLEAN_PLATEN", "FB_PRESS_MORE", "FB_MOISTEN"),
    ),
    DefectInfo(
        code="FP_FEW_MINUTIAE",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Ciri sidik jari terlalu sedikit",
        title_en="Too little detail",
        advice_id=(
            "Ciri sidik jari yang terbaca terlalu sedikit. "
            "Letakkan seluruh ruas ujung jari rata; jika tetap begitu, pakai jari lain."
        ),
        advice_en=(
            "Too little detail of the finger was read. "
            "Lay the whole fingertip flat; if that does not help, use another finger."
        ),
        chain=("FB_REPOSITION", "FB_SINGLE", "FB_ALT", "FB_KEEP_BEST"),
    ),
    DefectInfo(
        code="FP_BLUR",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Gambar jari kabur",
        title_en="Blurred finger",
        advice_id="Gambar jari kabur. Lap kaca pemindai dan minta pemohon tidak bergerak.",
        advice_en="The finger looks blurred. Wipe the glass and ask the applicant to hold still.",
        chain=("FB_CLEAN_PLATEN", "FB_REPOSITION", "FB_RESTART"),
    ),
    DefectInfo(
        code="FP_NOISE",
        cured_by=CuredBy.DEVICE,
        hard_from=NEVER,
        title_id="Gambar jari berbintik",
        title_en="Grainy picture",
        advice_id="Gambar jari penuh bintik. Bersihkan kaca; jika tetap begitu, mulai ulang alat.",
        advice_en=(
            "The picture is grainy. Clean the glass; if that does not help, restart the device."
        ),
        chain=("FB_CLEAN_PLATEN", "FB_RESTART", "FB_ALT_DEVICE"),
    ),
    DefectInfo(
        code="FP_GHOST_PLATEN",
        cured_by=CuredBy.DEVICE,
        hard_from=SEVERE,
        title_id="Bekas sidik jari di kaca",
        title_en="Old print on the glass",
        advice_id="Ada bekas sidik jari atau kotoran di kaca. Bersihkan kaca, lalu ulangi.",
        advice_en="An old print or dirt is on the glass. Clean the glass, then repeat.",
        chain=("FB_CLEAN_PLATEN", "FB_DRY", "FB_ALT_DEVICE"),
        counted=False,
    ),
)
