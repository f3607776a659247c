"""Faults of the capture device. None of them costs the person an attempt."""

from ektp_biocheck.defects.info import ALWAYS, CuredBy, DefectInfo

__all__ = ["DEVICE_DEFECTS"]

DEVICE_DEFECTS = (
    DefectInfo(
        code="DEV_TIMEOUT",
        cured_by=CuredBy.DEVICE,
        hard_from=ALWAYS,
        title_id="Alat tidak menjawab",
        title_en="Device did not answer",
        advice_id="Alat tidak menjawab; ini bukan kesalahan pemohon. Mulai ulang alat.",
        advice_en="The device did not answer; it is not the applicant's fault. Restart it.",
        chain=("FB_RESTART", "FB_ALT_DEVICE", "FB_RESCHEDULE"),
        counted=False,
    ),
    DefectInfo(
        code="DEV_DISCONNECTED",
        cured_by=CuredBy.DEVICE,
        hard_from=ALWAYS,
        title_id="Alat terputus",
        title_en="Device disconnected",
        advice_id=(
            "Alat terputus; ini bukan kesalahan pemohon. Periksa kabel, lalu mulai ulang alat."
        ),
        advice_en=(
            "The device is disconnected; it is not the applicant's fault. "
            "Check the cable, then restart the device."
        ),
        chain=("FB_RESTART", "FB_ALT_DEVICE", "FB_RESCHEDULE"),
        counted=False,
    ),
    DefectInfo(
        code="DEV_WRONG_PPI",
        cured_by=CuredBy.DEVICE,
        hard_from=ALWAYS,
        title_id="Resolusi alat tidak sesuai",
        title_en="Wrong device resolution",
        advice_id=(
            "Resolusi alat tidak sesuai; ini bukan kesalahan pemohon. "
            "Periksa setelan, lalu mulai ulang alat."
        ),
        advice_en=(
            "The device's resolution is wrong; it is not the applicant's fault. "
            "Check the settings, then restart the device."
        ),
        chain=("FB_SETTINGS", "FB_RESTART", "FB_ALT_DEVICE", "FB_RESCHEDULE"),
        counted=False,
    ),
    DefectInfo(
        code="DEV_HANG",
        cured_by=CuredBy.DEVICE,
        hard_from=ALWAYS,
        title_id="Alat macet",
        title_en="Device frozen",
        advice_id="Alat macet; ini bukan kesalahan pemohon. Matikan alat, lalu nyalakan lagi.",
        advice_en="The device is frozen; it is not the applicant's fault. Switch it off and on.",
        chain=("FB_RESTART", "FB_ALT_DEVICE", "FB_RESCHEDULE"),
        counted=False,
    ),
    DefectInfo(
        code="DEV_UNREADABLE",
        cured_by=CuredBy.DEVICE,
        hard_from=ALWAYS,
        title_id="Gambar dari alat tidak terbaca",
        title_en="Unreadable picture from the device",
        advice_id=(
            "Gambar dari alat tidak dapat dibaca; ini bukan kesalahan pemohon. "
            "Periksa setelan alat, lalu ulangi."
        ),
        advice_en=(
            "The picture from the device cannot be read; it is not the applicant's fault. "
            "Check the device settings, then repeat."
        ),
        chain=("FB_SETTINGS", "FB_RESTART", "FB_ALT_DEVICE", "FB_RESCHEDULE"),
        counted=False,
    ),
    DefectInfo(
        code="DEV_SOFTWARE",
        cured_by=CuredBy.DEVICE,
        hard_from=ALWAYS,
        title_id="Penilaian gambar gagal",
        title_en="Assessing the picture failed",
        advice_id=(
            "Program gagal menilai gambar ini; ini bukan kesalahan pemohon. Ulangi perekaman."
        ),
        advice_en=(
            "The program failed to assess this picture; it is not the applicant's fault. "
            "Repeat the capture."
        ),
        chain=("FB_REPOSITION", "FB_RESTART", "FB_RESCHEDULE"),
        counted=False,
    ),
)
