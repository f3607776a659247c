"""Defects of iris pictures, in the order an operator meets them."""

from ektp_biocheck.defects.info import ALWAYS, NEVER, SEVERE, CuredBy, DefectInfo

__all__ = ["IRIS_DEFECTS"]

IRIS_DEFECTS = (
    # No eye, or the wrong thing, before the camera.
    DefectInfo(
        code="IR_NO_EYE",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Mata tidak ditemukan",
        title_en="No eye found",
        advice_id="Mata tidak ditemukan pada gambar. Arahkan kamera ke mata dan atur jaraknya.",
        advice_en="No eye was found. Point the camera at the eye and set the distance.",
        chain=("FB_DISTANCE", "FB_REPOSITION", "FB_RESTART", "FB_SINGLE_EYE"),
    ),
    DefectInfo(
        code="IR_TWO_EYES",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Dua mata dalam satu gambar",
        title_en="Two eyes in one picture",
        advice_id="Ada dua mata dalam satu gambar. Dekatkan kamera ke satu mata saja.",
        advice_en="Two eyes show in one picture. Move the camera close to one eye only.",
        chain=("FB_DISTANCE", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="IR_LEFT_RIGHT_SWAP",
        cured_by=CuredBy.OPERATOR,
        hard_from=ALWAYS,
        title_id="Mata kiri dan kanan tertukar",
        title_en="Eyes swapped",
        advice_id="Mata kiri dan kanan tertukar. Rekam mata yang ditunjukkan di layar.",
        advice_en="Left and right eye are swapped. Take the eye shown on the screen.",
        chain=("FB_REPOSITION",),
        counted=False,
    ),
    DefectInfo(
        code="IR_VISIBLE_LIGHT",
        cured_by=CuredBy.DEVICE,
        hard_from=ALWAYS,
        title_id="Bukan gambar inframerah",
        title_en="Not an infrared picture",
        advice_id="Gambar ini bukan gambar inframerah. Periksa setelan dan lampu kamera iris.",
        advice_en=(
            "This is not an infrared picture. Check the settings and the light of the iris camera."
        ),
        chain=("FB_SETTINGS", "FB_RESTART", "FB_ALT_DEVICE"),
        counted=False,
    ),
    # Something in front of the iris.
    DefectInfo(
        code="IR_EYE_CLOSED",
        cured_by=CuredBy.SUBJECT,
        hard_from=ALWAYS,
        title_id="Mata tertutup",
        title_en="Eye closed",
        advice_id="Mata tertutup. Minta pemohon membuka mata lebar-lebar.",
        advice_en="The eye is closed. Ask the applicant to open it wide.",
        chain=("FB_OPEN", "FB_LID", "FB_SINGLE_EYE"),
    ),
    DefectInfo(
        code="IR_LID_OCCLUSION",
        cured_by=CuredBy.OPERATOR,
        hard_from=SEVERE,
        title_id="Kelopak menutupi iris",
        title_en="Eyelid covers the iris",
        advice_id=(
            "Kelopak mata menutupi iris. "
            "Minta pemohon membuka mata lebar, atau bantu angkat kelopak dengan izinnya."
        ),
        advice_en=(
            "The eyelid covers the iris. "
            "Ask the applicant to open wide or, with consent, help to lift the lid."
        ),
        chain=("FB_OPEN", "FB_LID", "FB_SINGLE_EYE"),
    ),
    DefectInfo(
        code="IR_LASH_OCCLUSION",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Bulu mata menutupi iris",
        title_en="Lashes cover the iris",
        advice_id="Bulu mata menutupi iris. Minta pemohon membuka mata lebih lebar.",
        advice_en="The lashes cover the iris. Ask the applicant to open the eye wider.",
        chain=("FB_OPEN", "FB_LID"),
    ),
    DefectInfo(
        code="IR_SPECULAR",
        cured_by=CuredBy.OPERATOR,
        hard_from=SEVERE,
        title_id="Pantulan cahaya pada iris",
        title_en="Reflection on the iris",
        advice_id=(
            "Pantulan cahaya menutupi iris. Minta pemohon melepas kacamata, lalu ubah sudut kamera."
        ),
        advice_en=(
            "A reflection covers the iris. "
            "Ask the applicant to take off glasses, then change the camera angle."
        ),
        chain=("FB_GLASSES", "FB_ANGLE", "FB_ROOM_LIGHT"),
    ),
    DefectInfo(
        code="IR_CONTACT_LENS",
        cured_by=CuredBy.SUBJECT,
        hard_from=SEVERE,
        title_id="Lensa kontak",
        title_en="Contact lens",
        advice_id="Tampak ada lensa kontak (softlens). Minta pemohon melepasnya dahulu.",
        advice_en="There seems to be a contact lens. Ask the applicant to take it out first.",
        chain=("FB_LENS", "FB_KEEP_BEST"),
    ),
    # How the eye is placed.
    DefectInfo(
        code="IR_OFF_GAZE",
        cured_by=CuredBy.SUBJECT,
        hard_from=NEVER,
        title_id="Pandangan tidak lurus",
        title_en="Not looking straight",
        advice_id="Pandangan mata tidak lurus. Minta pemohon melihat lampu di tengah kamera.",
        advice_en="The eye looks away. Ask the applicant to look at the light in the camera.",
        chain=("FB_TARGET", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="IR_TOO_SMALL",
        cured_by=CuredBy.OPERATOR,
        hard_from=SEVERE,
        title_id="Mata terlalu jauh",
        title_en="Eye too far away",
        advice_id="Mata terlalu jauh dari kamera. Dekatkan kamera ke mata.",
        advice_en="The eye is too far away. Move the camera closer.",
        chain=("FB_DISTANCE", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="IR_MARGIN",
        cured_by=CuredBy.OPERATOR,
        hard_from=SEVERE,
        title_id="Mata di tepi gambar",
        title_en="Eye at the edge",
        advice_id="Mata berada di tepi gambar. Geser kamera sampai mata tepat di tengah.",
        advice_en="The eye is at the edge of the picture. Move the camera until it is centred.",
        chain=("FB_DISTANCE", "FB_REPOSITION"),
    ),
    DefectInfo(
        code="IR_BLUR",
        cured_by=CuredBy.OPERATOR,
        hard_from=NEVER,
        title_id="Gambar mata kabur",
        title_en="Blurred eye",
        advice_id="Gambar mata kabur. Atur jarak kamera dan minta pemohon tidak bergerak.",
        advice_en="The eye is blurred. Set the distance and ask the applicant to hold still.",
        chain=("FB_DISTANCE", "FB_REPOSITION", "FB_BURST"),
    ),
    # The eye itself.
    DefectInfo(
        code="IR_PUPIL_ABNORMAL",
        cured_by=CuredBy.DEVICE,
        hard_from=SEVERE,
        title_id="Pupil terlalu lebar atau terlalu kecil",
        title_en="Pupil too large or too small",
        advice_id=(
            "Pupil terlalu lebar atau terlalu kecil. "
            "Terangkan ruangan jika lebar, redupkan jika kecil."
        ),
        advice_en=(
            "The pupil is too large or too small. "
            "Brighten the room if it is large, dim the room if it is small."
        ),
        chain=("FB_ROOM_LIGHT", "FB_KEEP_BEST"),
    ),
    DefectInfo(
        code="IR_CLOUDY_CORNEA",
        cured_by=CuredBy.NOBODY,
        hard_from=SEVERE,
        title_id="Mata keruh",
        title_en="Clouded eye",
        advice_id=(
            "Mata keruh sehingga iris tidak terlihat. "
            "Ubah sudut cahaya; jika tetap begitu, rekam mata yang lain."
        ),
        advice_en=(
            "The eye is clouded, so the iris does not show. "
            "Change the angle of the light; if that does not help, take the other eye."
        ),
        chain=("FB_ANGLE", "FB_SINGLE_EYE", "FB_FINGER_ONLY", "FB_EXC_PHOTO", "FB_REVIEW"),
    ),
    DefectInfo(
        code="IR_ARCUS_SENILIS",
        cured_by=CuredBy.NOBODY,
        hard_from=NEVER,
        title_id="Lingkar putih di tepi iris",
        title_en="White ring around the iris",
        advice_id=(
            "Ada lingkar putih di tepi iris, lazim pada usia lanjut. "
            "Ulangi sekali saja, lalu simpan hasil terbaik."
        ),
        advice_en=(
            "There is a white ring around the iris, common in old age. "
            "Repeat only once, then keep the best result."
        ),
        chain=("FB_KEEP_BEST",),
    ),
    DefectInfo(
        code="IR_NYSTAGMUS",
        cured_by=CuredBy.NOBODY,
        hard_from=NEVER,
        title_id="Mata bergerak terus",
        title_en="Eye keeps moving",
        advice_id=(
            "Mata bergerak terus dan tidak dapat ditahan. "
            "Ambil banyak gambar berturut-turut, lalu simpan yang terbaik."
        ),
        advice_en=(
            "The eye keeps moving and cannot be held still. "
            "Take many pictures in a row and keep the best."
        ),
        chain=("FB_BURST", "FB_KEEP_BEST"),
    ),
    DefectInfo(
        code="IR_EYE_ABSENT",
        cured_by=CuredBy.NOBODY,
        hard_from=NEVER,
        title_id="Mata tidak ada",
        title_en="Eye absent",
        advice_id="Mata ini tidak ada. Rekam mata yang lain dan tandai sebagai pengecualian.",
        advice_en="This eye is absent. Take the other eye and mark the exception.",
        chain=("FB_SINGLE_EYE", "FB_EXC_PHOTO", "FB_REVIEW"),
    ),
    DefectInfo(
        code="IR_PROSTHETIC",
        cured_by=CuredBy.NOBODY,
        hard_from=ALWAYS,
        title_id="Mata palsu",
        title_en="Artificial eye",
        advice_id=(
            "Mata ini tampaknya mata palsu; tanyakan dengan sopan. "
            "Rekam mata yang lain dan tandai sebagai pengecualian."
        ),
        advice_en=(
            "This seems to be an artificial eye; ask politely. "
            "Take the other eye and mark the exception."
        ),
        chain=("FB_SINGLE_EYE", "FB_EXC_PHOTO", "FB_REVIEW"),
    ),
)
