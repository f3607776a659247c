"""Defects of face photos, in the order an operator meets them."""

from ektp_biocheck.defects.info import ALWAYS, NEVER, SEVERE, CuredBy, DefectInfo

__all__ = ["FACE_DEFECTS"]

FACE_DEFECTS = (
    # Who is in the photo.
    DefectInfo(
        code="FA_NO_FACE",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Wajah tidak ditemukan",
        title_en="No face found",
        advice_id=(
            "Wajah tidak ditemukan pada foto. Minta pemohon menghadap kamera; "
            "jika wajahnya jelas terlihat, setujui foto secara manual."
        ),
        advice_en=(
            "No face was found in the photo. Ask the applicant to face the camera; "
            "if you can see the face well, approve the photo by hand."
        ),
        chain=("FB_REPOSITION", "FB_MANUAL_FACE"),
    ),
    DefectInfo(
        code="FA_MULTIPLE",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Lebih dari satu wajah",
        title_en="More than one face",
        advice_id="Ada lebih dari satu wajah pada foto. Minta orang lain menjauh dari kamera.",
        advice_en="More than one face is in the photo. Ask the others to step out of view.",
        chain=("FB_REPOSITION",),
        counted=False,
    ),
    DefectInfo(
        code="FA_DISFIGURED",
        cured_by=CuredBy.NOBODY,
        hard_from=NEVER,
        title_id="Wajah tidak dikenali alat",
        title_en="Device cannot find the face",
        advice_id=(
            "Alat tidak dapat mengenali wajah ini. "
            "Ambil foto dan setujui secara manual; jangan menolak pemohon."
        ),
        advice_en=(
            "The device cannot find this face. "
            "Take the photo and approve it by hand; do not turn the applicant away."
        ),
        chain=("FB_MANUAL_FACE",),
    ),
    # What the person does.
    DefectInfo(
        code="FA_POSE",
        cured_by=CuredBy.SUBJECT,
        hard_from=SEVERE,
        title_id="Kepala miring atau menoleh",
        title_en="Head turned or tilted",
        advice_id="Kepala miring atau menoleh. Minta pemohon menghadap lurus ke kamera.",
        advice_en="The head is turned or tilted. Ask the applicant to face the camera straight.",
        chain=("FB_TARGET", "FB_REPOSITION", "FB_MANUAL_FACE"),
    ),
    DefectInfo(
        code="FA_EYES_CLOSED",
        cured_by=CuredBy.SUBJECT,
        hard_from=SEVERE,
        title_id="Mata terpejam",
        title_en="Eyes closed",
        advice_id="Mata terpejam pada foto. Minta pemohon membuka mata dan melihat kamera.",
        advice_en="The eyes are closed. Ask the applicant to open them and look at the camera.",
        chain=("FB_OPEN", "FB_TARGET", "FB_BURST", "FB_MANUAL_FACE"),
    ),
    DefectInfo(
        code="FA_MOUTH_OPEN",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Mulut terbuka",
        title_en="Mouth open",
        advice_id="Mulut terbuka pada foto. Minta pemohon menutup mulut.",
        advice_en="The mouth is open. Ask the applicant to close it.",
        chain=("FB_NEUTRAL",),
    ),
    DefectInfo(
        code="FA_EXPRESSION",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Raut wajah tidak netral",
        title_en="Face not neutral",
        advice_id="Raut wajah tidak netral. Minta pemohon tenang dan tidak tersenyum.",
        advice_en="The face is not neutral. Ask the applicant to relax and not to smile.",
        chain=("FB_NEUTRAL",),
    ),
    # What covers the face.
    DefectInfo(
        code="FA_GLASSES",
        cured_by=CuredBy.SUBJECT,
        hard_from=SEVERE,
        title_id="Memakai kacamata",
        title_en="Glasses",
        advice_id="Kacamata terlihat pada foto. Minta pemohon melepasnya.",
        advice_en="Glasses show in the photo. Ask the applicant to take them off.",
        chain=("FB_GLASSES", "FB_MANUAL_FACE"),
    ),
    DefectInfo(
        code="FA_OCCLUDED",
        cured_by=CuredBy.SUBJECT,
        hard_from=SEVERE,
        title_id="Wajah tertutup sebagian",
        title_en="Face partly covered",
        advice_id=(
            "Sebagian wajah tertutup. Minta pemohon melepas masker atau benda lain "
            "yang menutupi wajah; jilbab boleh dipakai."
        ),
        advice_en=(
            "Part of the face is covered. Ask the applicant to take off a mask or whatever "
            "covers it; a headscarf may stay."
        ),
        chain=("FB_UNCOVER", "FB_GLASSES", "FB_MANUAL_FACE"),
    ),
    DefectInfo(
        code="FA_HEAD_COVERING",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Memakai penutup kepala",
        title_en="Head covering",
        advice_id=(
            "Ada penutup kepala. "
            "Minta pemohon melepas topi; jilbab boleh dipakai asal wajah tampak utuh."
        ),
        advice_en=(
            "The head is covered. Ask the applicant to take off a hat or cap; "
            "a headscarf may stay as long as the whole face shows."
        ),
        chain=("FB_UNCOVER",),
    ),
    # How the photo is taken.
    DefectInfo(
        code="FA_SIZE",
        cured_by=CuredBy.OPERATOR,
        hard_from=SEVERE,
        title_id="Kepala terlalu kecil atau terlalu besar",
        title_en="Head too small or too large",
        advice_id="Kepala terlalu kecil atau terlalu besar pada foto. Atur jarak kamera.",
        advice_en="The head is too small or too large in the photo. Set the camera distance.",
        chain=("FB_DISTANCE", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="FA_CROPPED",
        cured_by=CuredBy.OPERATOR,
        hard_from=SEVERE,
        title_id="Kepala terpotong",
        title_en="Head cut off",
        advice_id="Kepala terpotong pada foto. Atur kamera sampai seluruh kepala tampak.",
        advice_en="The head is cut off in the photo. Set the camera so that all of it shows.",
        chain=("FB_DISTANCE", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="FA_BLUR",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Foto kabur",
        title_en="Blurred photo",
        advice_id="Foto kabur. Ulangi dan minta pemohon tidak bergerak.",
        advice_en="The photo is blurred. Repeat it and ask the applicant to hold still.",
        chain=("FB_REPOSITION", "FB_DISTANCE"),
    ),
    DefectInfo(
        code="FA_COMPRESSED",
        cured_by=CuredBy.DEVICE,
        hard_from=NEVER,
        title_id="Foto terlalu dikompres",
        title_en="Photo compressed too much",
        advice_id="Foto rusak karena terlalu dikompres. Naikkan mutu foto pada setelan kamera.",
        advice_en=(
            "Strong compression has spoilt the photo. "
            "Raise the photo quality in the camera settings."
        ),
        chain=("FB_SETTINGS", "FB_ALT_DEVICE"),
    ),
    # The room.
    DefectInfo(
        code="FA_UNDEREXPOSED",
        cured_by=CuredBy.DEVICE,
        hard_from=NEVER,
        title_id="Foto terlalu gelap",
        title_en="Photo too dark",
        advice_id="Foto terlalu gelap. Tambah cahaya dari arah depan.",
        advice_en="The photo is too dark. Add light from the front.",
        chain=("FB_ROOM_LIGHT", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="FA_OVEREXPOSED",
        cured_by=CuredBy.DEVICE,
        hard_from=NEVER,
        title_id="Foto terlalu terang",
        title_en="Photo too bright",
        advice_id="Foto terlalu terang. Redupkan atau jauhkan lampu.",
        advice_en="The photo is too bright. Dim the lamp or move it away.",
        chain=("FB_ROOM_LIGHT", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="FA_UNEVEN_LIGHT",
        cured_by=CuredBy.DEVICE,
        hard_from=NEVER,
        title_id="Cahaya tidak merata",
        title_en="Uneven light",
        advice_id="Cahaya pada wajah tidak merata. Atur lampu agar kedua sisi wajah sama terang.",
        advice_en="The light on the face is uneven. Set the lamps so that both sides are alike.",
        chain=("FB_ROOM_LIGHT", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="FA_BACKGROUND",
        cured_by=CuredBy.DEVICE,
        hard_from=NEVER,
        title_id="Latar tidak polos",
        title_en="Background not plain",
        advice_id="Latar belakang foto tidak polos. Pakai latar resmi.",
        advice_en="The background is not plain. Use the official one.",
        chain=("FB_ROOM_BACKGROUND",),
    ),
)
