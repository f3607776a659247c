"""What an exception's evidence photo may lack. None of it refuses the photo.

The photo shows the face and both hands. The hand model knows hands with fingers: it may not
see a hand without them, a bandaged or a gloved one. What it does not find, a person must look
for; so no entry is ever hard, and every chain ends with the second officer.
"""

from ektp_biocheck.defects.info import NEVER, CuredBy, DefectInfo

__all__ = ["EVIDENCE_DEFECTS"]

_CHAIN = ("FB_REPOSITION", "FB_REVIEW")

EVIDENCE_DEFECTS = (
    DefectInfo(
        code="EV_NO_FACE",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Wajah tidak tampak pada foto bukti",
        title_en="No face in the evidence photo",
        advice_id=(
            "Wajah tidak ditemukan pada foto bukti. "
            "Ulangi foto, atau periksa sendiri bahwa wajah terlihat."
        ),
        advice_en=(
            "No face was found in the evidence photo. "
            "Take it again, or check for yourself that the face shows."
        ),
        chain=_CHAIN,
    ),
    DefectInfo(
        code="EV_FACES",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Ada orang lain pada foto bukti",
        title_en="Another person in the evidence photo",
        advice_id="Lebih dari satu wajah pada foto bukti. Minta orang lain menjauh lalu ulangi.",
        advice_en=(
            "More than one face is in the evidence photo. "
            "Ask the others to step out of view and repeat."
        ),
        chain=_CHAIN,
        counted=False,
    ),
    DefectInfo(
        code="EV_HANDS_MISSING",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Kedua tangan tidak ditemukan alat",
        title_en="Device cannot find both hands",
        advice_id=(
            "Alat tidak menemukan kedua tangan pada foto bukti. "
            "Minta kedua tangan diangkat; jika sudah terlihat atau tidak ada, terima foto ini."
        ),
        advice_en=(
            "The device cannot find both hands in the photo. "
            "Ask for both to be held up; if you see them, or there are none, accept it."
        ),
        chain=_CHAIN,
    ),
    DefectInfo(
        code="EV_HANDS_EXTRA",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Lebih dari dua tangan pada foto bukti",
        title_en="More than two hands in the photo",
        advice_id="Lebih dari dua tangan terlihat. Minta orang lain menjauh lalu ulangi foto.",
        advice_en="More than two hands show. Ask the others to step out of view and repeat.",
        chain=_CHAIN,
        counted=False,
    ),
    DefectInfo(
        code="EV_HANDS_ALIKE",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Kedua tangan tampak dari sisi yang sama",
        title_en="Both hands look like the same one",
        advice_id=(
            "Kedua tangan tampak seperti tangan yang sama. "
            "Periksa bahwa keduanya milik pemohon dan telapaknya menghadap kamera."
        ),
        advice_en=(
            "Both hands look like the same one. "
            "Check that both are the applicant's and that the palms face the camera."
        ),
        chain=_CHAIN,
    ),
    DefectInfo(
        code="EV_HANDS_CUT",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Tangan terpotong pada foto bukti",
        title_en="Hand cut off in the evidence photo",
        advice_id="Tangan terpotong tepi foto. Atur kamera sampai semua jari tampak.",
        advice_en="A hand is cut off by the edge. Set the camera so that all fingers show.",
        chain=_CHAIN,
    ),
)
