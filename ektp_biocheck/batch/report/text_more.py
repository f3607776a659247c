"""Texts about groups, days, devices, duplicates and the method; see `text`."""

__all__ = ["MORE_TEXTS"]

MORE_TEXTS: dict[str, tuple[str, str]] = {
    # Groups.
    "groups_title": ("Di mana dan pada siapa", "Where and with whom"),
    "groups_lead": (
        "Bagian rekaman yang perlu diperiksa, dengan selang kepercayaan 95%; garis tegak: semua "
        "bersama. “Lebih sering” hanya bila itu hampir pasti bukan kebetulan; tanda – : tidak "
        "jelas berbeda. Rata-rata nilai dengan ± setengah selang kepercayaannya.",
        "Share of captures that need a person, with its 95% confidence interval; upright line: all "
        "together. “More often” only where that is hardly chance; a dash: not clearly "
        "different. Mean scores with ± half their 95% confidence interval.",
    ),
    "by_station": ("Menurut stasiun", "By station"),
    "by_device_head": ("Menurut alat", "By device"),
    "by_operator_head": ("Menurut operator", "By operator"),
    "by_position": ("Menurut jari dan mata", "By finger and eye"),
    "by_age_band": ("Menurut kelompok umur", "By age band"),
    "need_rate": ("Perlu diperiksa", "Need a person"),
    "against": ("Dibanding yang lain", "Against the others"),
    "above": ("lebih sering", "more often"),
    "below": ("lebih jarang", "less often"),
    "alike": ("–", "–"),
    "mean_of": ("Rata-rata {modality}", "Mean {modality}"),
    "mainly": ("Masalah tersering", "Most frequent"),
    "forest": ("{name}: {share}, selang {span}", "{name}: {share}, interval {span}"),
    "few_title": (
        "Kurang dari {least} rekaman, tidak diperingkat: {names}",
        "Fewer than {least} captures, not ranked: {names}",
    ),
    "few_hidden": (
        "{n} operator dengan kurang dari {least} rekaman tidak ditampilkan.",
        "{n} operators with fewer than {least} captures are not shown.",
    ),
    "groups_cut": (
        "Ditampilkan {shown} dari {all}; sisanya lebih rendah.",
        "{shown} of {all} are shown; the rest is lower.",
    ),
    "group_unknown": ("{n} rekaman tanpa keterangan ini.", "{n} captures do not say."),
    "operator_caution": (
        "Operator menerima orang yang berbeda-beda. Angka ini mengajak bertanya, bukan "
        "menyalahkan.",
        "Operators meet different persons. These figures are a reason to ask, not to blame.",
    ),
    "not_told": (
        "Tidak ada keterangan {what} dalam daftar rekaman ini. Beri kolom <code>{column}</code> "
        "dalam manifes.",
        "The captures of this run do not tell the {what}. Give a <code>{column}</code> column in "
        "the manifest.",
    ),
    # Trend.
    "trend_title": ("Hari demi hari", "Day by day"),
    "trend_lead": (
        "Titik dalam pita: kebetulan biasa. Titik di luar pita, atau delapan hari berturut-turut "
        "di "
        "satu sisi garis tengah (titik berongga): ada yang berubah, cari sebabnya.",
        "Dots inside the band: ordinary chance. A dot outside it, or eight days in a row on one "
        "side of the centre (hollow dots): something changed, look for the cause.",
    ),
    "trend_rate": ("Perlu diperiksa per hari", "Need a person, by day"),
    "trend_score": ("Rata-rata nilai per hari, {modality}", "Mean score by day, {modality}"),
    "trend_spread": (
        "Batas diperlebar {spread} kali, karena hari-hari lebih berbeda daripada undian.",
        "The limits are {spread} times as wide as for a draw by lot, because days differ more.",
    ),
    "trend_none": (
        "Belum ada batas kendali: perlu sedikitnya {days} hari dengan 30 rekaman.",
        "No control limits yet: they need at least {days} days of 30 captures.",
    ),
    "trend_unknown": ("{n} rekaman tanpa waktu.", "{n} captures carry no time."),
    "limit": ("batas", "limit"),
    "centre": ("tengah", "centre"),
    "day": ("Hari", "Day"),
    "day_told": ("{day}: {figure}, {n} rekaman", "{day}: {figure}, {n} captures"),
    "limits": ("Batas", "Limits"),
    "beyond": ("Tanda", "Sign"),
    "sign_out": ("di luar batas", "beyond the limits"),
    "sign_run": ("deret satu sisi", "run on one side"),
    # Streaks.
    "streaks_title": ("Alat yang patut diperiksa", "Devices to look at"),
    "streaks_lead": (
        "Masalah yang sama pada orang-orang berurutan di satu alat lebih mungkin berasal dari alat "
        "(kaca kotor, cahaya) daripada dari orangnya.",
        "The same defect on one person after the other at one device comes more likely from the "
        "device (dirty glass, light) than from the persons.",
    ),
    "streaks_none": (
        "Tidak ditemukan deret semacam itu yang melebihi kebetulan.",
        "No such row beyond chance was found.",
    ),
    "streaks_not": (
        "Tidak dapat dicari: rekaman perlu keterangan alat atau stasiun, orang dan waktu.",
        "Could not be looked for: captures must tell device or station, person and time.",
    ),
    "streaks_how": (
        "“Peluang”: seberapa sering deret sepanjang itu terjadi secara kebetulan, bila alat ini "
        "seperti yang lain pada waktu yang sama (dikoreksi untuk banyaknya perbandingan). “Uji "
        "deret”: kecil bila orang-orang yang kena saling berurutan, besar bila tersebar.",
        "“Chance”: how often a row of that length comes about by luck if the device is like the "
        "others at the same time (corrected for the number of comparisons). “Runs test”: small "
        "when those affected follow each other, large when they are spread.",
    ),
    "in_a_row": ("Berturut-turut", "In a row"),
    "affected": ("Orang kena", "Persons affected"),
    "of_persons": ("{affected} dari {persons}", "{affected} of {persons}"),
    "elsewhere": ("Di alat lain", "At other devices"),
    "from_to": ("Dari – sampai", "From – to"),
    "chance": ("Peluang", "Chance"),
    "runs_test": ("Uji deret", "Runs test"),
    # Duplicates.
    "twins_title": ("Rekaman kembar", "Duplicates"),
    "twins_lead": (
        "Rekaman yang sama dua kali: berkas tersalin, atau satu rekaman dipakai untuk dua orang.",
        "The same capture twice: a file copied, or one capture used for two persons.",
    ),
    "twins_none": ("Tidak ditemukan.", "None were found."),
    "twin_first": ("Sama dengan", "Same as"),
    "twin_whose": ("Milik", "Belongs to"),
    "twin_other": ("orang lain", "another person"),
    "twin_same": ("orang yang sama", "the same person"),
    "twin_unknown": ("tidak diketahui", "not known"),
    "twins_cut": ("Ditampilkan {shown} dari {all}.", "{shown} of {all} are shown."),
    # Method.
    "method_title": ("Cara menghitung", "How this was worked out"),
    "method_person": (
        "<strong>Perlu diperiksa petugas</strong>: rekaman tanpa nilai, dengan cacat berat, atau "
        "di "
        "bawah ambang kebijakan. Masalah ringan pada rekaman yang diterima hanya dicatat.",
        "<strong>Needs a person</strong>: a capture without a score, with a hard defect, or below "
        "the threshold of the policy. A slight defect of an accepted capture is only noted.",
    ),
    "method_rates": (
        "<strong>Selang</strong>: Wilson untuk bagian, Student untuk rata-rata, keduanya 95%. "
        "Rekaman dari satu orang mirip, maka jumlahnya dibagi efek rancangan ({effect} untuk "
        "stasiun) sebelum dihitung.",
        "<strong>Intervals</strong>: Wilson's for shares, Student's for means, both 95%. Captures "
        "of one person resemble each other, so their number is divided by the design effect "
        "({effect} for stations) first.",
    ),
    "method_groups": (
        "<strong>Perbandingan kelompok</strong>: uji Fisher tiap kelompok terhadap semua yang "
        "lain, "
        "dikoreksi menurut Benjamini dan Hochberg; kelompok dengan kurang dari {least} rekaman "
        "tidak "
        "diperingkat.",
        "<strong>Comparing groups</strong>: Fisher's test of each against all others, corrected "
        "after Benjamini and Hochberg; groups of fewer than {least} captures are not ranked.",
    ),
    "method_trend": (
        "<strong>Batas kendali</strong>: peta p dengan pelebaran Laney untuk bagian, peta Shewhart "
        "nilai tunggal untuk rata-rata, tiga simpangan ke tiap sisi.",
        "<strong>Control limits</strong>: p-chart with Laney's widening for shares, Shewhart's "
        "individuals chart for means, three deviations to either side.",
    ),
    "method_privacy": (
        "<strong>Kerahasiaan</strong>: halaman ini tidak memuat nama, NIK atau rujukan orang; "
        "hanya "
        "jalur berkas. Halaman ini tidak memerlukan jaringan.",
        "<strong>Privacy</strong>: this page holds no name, no NIK and no reference to a person, "
        "only file paths. It needs no network.",
    ),
    "made_with": (
        "Dibuat oleh ektp-biocheck {version}. Penilai: {algorithms}.",
        "Made by ektp-biocheck {version}. Scorers: {algorithms}.",
    ),
}
