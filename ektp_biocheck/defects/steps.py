"""Fallback steps: what to do next when a capture is not good enough."""

from ektp_biocheck.defects.info import StepInfo

__all__ = ["FALLBACK_STEPS"]

FALLBACK_STEPS = (
    # Finger and glass.
    StepInfo("FB_CLEAN_PLATEN", "Bersihkan kaca pemindai.", "Clean the scanner glass."),
    StepInfo("FB_CLEAN_FINGER", "Cuci jari, lalu keringkan.", "Wash the finger and dry it."),
    StepInfo(
        "FB_MOISTEN", "Lembapkan jari sedikit, lalu lap.", "Moisten the finger, then wipe it."
    ),
    StepInfo("FB_DRY", "Keringkan jari.", "Dry the finger."),
    StepInfo(
        "FB_WARM",
        "Hangatkan jari, misalnya dengan menggosok kedua tangan.",
        "Warm the finger, for example by rubbing the hands.",
    ),
    StepInfo(
        "FB_PRESS_MORE", "Tekan jari sedikit lebih kuat.", "Press the finger slightly harder."
    ),
    StepInfo("FB_PRESS_LESS", "Tekan jari lebih ringan.", "Press the finger more lightly."),
    StepInfo("FB_SINGLE", "Rekam jari satu per satu.", "Take the fingers one by one."),
    StepInfo(
        "FB_ALT",
        "Pakai jari pengganti: jempol, lalu jari tengah, jari manis, kelingking.",
        "Use a substitute finger: the thumb, then the middle, ring and little finger.",
        again=False,
    ),
    # Position and room.
    StepInfo(
        "FB_REPOSITION",
        "Atur ulang posisi dan minta pemohon tidak bergerak.",
        "Set the position again and ask the applicant to hold still.",
    ),
    StepInfo(
        "FB_TARGET",
        "Minta pemohon melihat titik tengah kamera.",
        "Ask the applicant to look at the middle of the camera.",
    ),
    StepInfo("FB_DISTANCE", "Atur jarak dan arah kamera.", "Set the camera's distance and aim."),
    StepInfo("FB_ROOM_LIGHT", "Atur lampu ruangan.", "Adjust the light in the room."),
    StepInfo("FB_ROOM_BACKGROUND", "Pakai latar foto resmi.", "Use the official background."),
    # Eyes and face.
    StepInfo(
        "FB_OPEN",
        "Minta pemohon membuka mata lebar-lebar.",
        "Ask the applicant to open the eyes wide.",
    ),
    StepInfo(
        "FB_LID",
        "Bantu angkat kelopak mata dengan izin pemohon.",
        "Help to lift the eyelid, with the applicant's consent.",
    ),
    StepInfo(
        "FB_SINGLE_EYE",
        "Lanjutkan dengan satu mata saja.",
        "Carry on with one eye only.",
        again=False,
    ),
    StepInfo(
        "FB_ANGLE",
        "Ubah sudut cahaya atau kamera.",
        "Change the angle of the light or the camera.",
    ),
    StepInfo(
        "FB_BURST",
        "Ambil banyak gambar berturut-turut.",
        "Take many pictures in a row.",
    ),
    StepInfo(
        "FB_GLASSES",
        "Minta pemohon melepas kacamata.",
        "Ask the applicant to take off the glasses.",
    ),
    StepInfo(
        "FB_LENS",
        "Minta pemohon melepas lensa kontak (softlens).",
        "Ask the applicant to take out the contact lens.",
    ),
    StepInfo(
        "FB_UNCOVER",
        "Minta pemohon melepas masker, topi, atau penutup wajah lain; jilbab boleh dipakai.",
        "Ask the applicant to take off a mask, hat or other cover; a headscarf may stay.",
    ),
    StepInfo(
        "FB_NEUTRAL",
        "Minta pemohon menutup mulut dan tidak tersenyum.",
        "Ask the applicant to close the mouth and not to smile.",
    ),
    StepInfo(
        "FB_MANUAL_FACE",
        "Setujui foto wajah secara manual.",
        "Approve the face photo by hand.",
        again=False,
    ),
    # Make do with what there is.
    StepInfo(
        "FB_KEEP_BEST",
        "Simpan hasil terbaik dan tandai sebagai mutu rendah.",
        "Keep the best result and mark it as low quality.",
        again=False,
    ),
    StepInfo(
        "FB_NOTE",
        "Catat keadaan ini pada rekaman.",
        "Make a note of this in the record.",
        again=False,
    ),
    StepInfo(
        "FB_IRIS_ONLY", "Lanjutkan dengan iris saja.", "Carry on with the irises only.", again=False
    ),
    StepInfo(
        "FB_FINGER_ONLY",
        "Lanjutkan dengan sidik jari saja.",
        "Carry on with the fingers only.",
        again=False,
    ),
    StepInfo(
        "FB_FACE_ONLY",
        "Lanjutkan dengan foto wajah saja.",
        "Carry on with the face photo only.",
        again=False,
    ),
    # Exception and approval.
    StepInfo(
        "FB_EXC_TEMPORARY",
        "Tandai sebagai pengecualian sementara.",
        "Mark a temporary exception.",
        again=False,
    ),
    StepInfo(
        "FB_EXC_PERMANENT",
        "Tandai sebagai pengecualian tetap.",
        "Mark a permanent exception.",
        again=False,
    ),
    StepInfo(
        "FB_EXC_PHOTO",
        "Ambil foto bukti: wajah dan kedua tangan.",
        "Take the evidence photo: the face and both hands.",
        again=False,
    ),
    StepInfo(
        "FB_REVIEW",
        "Minta persetujuan petugas kedua.",
        "Ask a second officer to approve.",
        again=False,
    ),
    StepInfo(
        "FB_REVIEW_ON_SITE",
        "Minta persetujuan petugas kedua di tempat ini.",
        "Ask a second officer here to approve.",
        again=False,
    ),
    StepInfo(
        "FB_REVIEW_REMOTE",
        "Minta persetujuan petugas kedua dari jarak jauh.",
        "Ask a second officer elsewhere to approve.",
        again=False,
    ),
    StepInfo(
        "FB_REVIEW_DEFERRED",
        "Lanjutkan dahulu; persetujuan petugas kedua boleh menyusul.",
        "Carry on; the second officer may approve later.",
        again=False,
    ),
    # Care for the person.
    StepInfo("FB_REST", "Beri pemohon waktu beristirahat.", "Give the applicant a rest."),
    StepInfo(
        "FB_RECLINED",
        "Rekam pemohon dalam posisi berbaring.",
        "Capture the applicant lying down.",
    ),
    StepInfo(
        "FB_HOME_VISIT",
        "Jadwalkan perekaman di rumah pemohon (jemput bola).",
        "Arrange a capture at the applicant's home.",
        again=False,
    ),
    StepInfo(
        "FB_RESCHEDULE",
        "Jadwalkan ulang dan beri surat bukti.",
        "Set another date and hand out a proof.",
        again=False,
    ),
    # Device, network and record.
    StepInfo("FB_SETTINGS", "Periksa setelan alat.", "Check the device settings."),
    StepInfo("FB_RESTART", "Mulai ulang alat.", "Restart the device."),
    StepInfo("FB_ALT_DEVICE", "Pakai alat lain.", "Use another device."),
    StepInfo(
        "FB_OFFLINE_SEAL",
        "Jaringan putus: simpan rekaman terkunci, beri tanda terima, kirim nanti.",
        "The link is down: seal the record, give a receipt, send it later.",
        again=False,
    ),
    StepInfo("FB_RESEND", "Kirim ulang rekaman.", "Send the record again.", again=False),
    StepInfo(
        "FB_RERECORD_PART",
        "Rekam ulang hanya bagian yang disebutkan.",
        "Capture again only the parts that are named.",
        again=False,
    ),
    StepInfo("FB_RERECORD", "Rekam ulang semuanya.", "Capture everything again.", again=False),
)
