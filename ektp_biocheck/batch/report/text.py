"""Every text of the report: key, Indonesian, English. ``{…}`` are gaps, filled and escaped."""

from ektp_biocheck.batch.report.text_more import MORE_TEXTS

__all__ = ["TEXTS"]

TEXTS: dict[str, tuple[str, str]] = {
    # The head.
    "title": ("Laporan mutu rekaman", "Capture quality report"),
    "run_of": (
        "{files} berkas, dinilai {day}",
        "{files} files, scored {day}",
    ),
    "contents": ("Isi", "Contents"),
    "nothing": ("Tidak ada berkas dalam laporan ini.", "There is no file in this report."),
    "all_fine": (
        "Dari {n} rekaman tidak ada yang perlu diperiksa petugas.",
        "None of {n} captures needs a person.",
    ),
    "answer": (
        "{events} dari {n} rekaman perlu diperiksa petugas ({share}).",
        "{events} of {n} captures need a person ({share}).",
    ),
    "most_at": (
        "Terbanyak di stasiun {station}: {events} dari {n}{why}.",
        "Most at station {station}: {events} of {n}{why}.",
    ),
    "mostly": (", terutama “{defect}”", ", mostly “{defect}”"),
    "none_apart": (
        "Tidak ada stasiun yang jelas berbeda dari yang lain.",
        "No station stands clearly apart from the others.",
    ),
    "tile_person": ("perlu diperiksa", "need a person"),
    "tile_no_score": ("tidak bernilai", "have no score"),
    "tile_hard": ("tidak dapat diterima apa adanya", "not acceptable as they are"),
    "tile_below": ("di bawah ambang", "below the threshold"),
    "tile_median": ("nilai tengah {modality}", "median score, {modality}"),
    "no_policy": (
        "Tidak ada kebijakan yang dipakai, jadi tidak ada ambang: rekaman bernilai rendah tanpa "
        "cacat berat tidak ikut terhitung. Beri ambang dengan <code>--policy</code>.",
        "No policy was used, so there is no threshold: captures with a low score but no hard "
        "defect are not counted. Give thresholds with <code>--policy</code>.",
    ),
    "with_policy": (
        "Ambang dari kebijakan {name}: {bars}.",
        "Thresholds of policy {name}: {bars}.",
    ),
    "other_scorer": (
        "Ambang untuk {modality} dibuat untuk penilai lain daripada {algorithm}: jangan diandalkan "
        "sebelum diperiksa.",
        "The threshold for {modality} was set for another scorer than {algorithm}: do not rely on "
        "it before you have checked it.",
    ),
    "filtered": (
        "Hanya rekaman yang memenuhi <code>{text}</code>: {kept} dari {all}.",
        "Only captures for which <code>{text}</code> holds: {kept} of {all}.",
    ),
    "undecided": (
        "Untuk {n} rekaman hal itu tidak diketahui, maka tidak ikut.",
        "For {n} captures this is not known; they are left out.",
    ),
    "pictures_warning": (
        "Halaman ini memuat gambar biometrik. Simpan dan kirim seperti rekaman aslinya.",
        "This page holds biometric pictures. Keep and send it as you would the captures.",
    ),
    # What to do first.
    "first_head": ("Yang pertama dikerjakan", "What to do first"),
    "first_none": (
        "Tidak ada yang menonjol melebihi kebetulan.",
        "Nothing stands out beyond chance.",
    ),
    "first_streak": (
        "<strong>{device}</strong>: “{defect}” pada {n} orang berturut-turut ({when}).",
        "<strong>{device}</strong>: “{defect}” on {n} persons in a row ({when}).",
    ),
    "first_station": (
        "<strong>Stasiun {station}</strong>: {share} perlu diperiksa, di tempat lain {elsewhere}"
        "{why}.",
        "<strong>Station {station}</strong>: {share} need a person, elsewhere {elsewhere}{why}.",
    ),
    "first_day": (
        "<strong>{day}</strong>: {share} perlu diperiksa, di atas batas kendali ({limits}){why}.",
        "<strong>{day}</strong>: {share} need a person, above the control limits ({limits}){why}.",
    ),
    "first_unread": (
        "<strong>Berkas yang tidak terbaca: {n}</strong>. Alasan tersering: {reason}",
        "<strong>Files that could not be read: {n}</strong>. Most frequent reason: {reason}",
    ),
    "first_twins": (
        "<strong>Rekaman yang muncul pada orang lain juga: {n}</strong>. Lihat Rekaman kembar.",
        "<strong>Captures that occur with another person too: {n}</strong>. See Duplicates.",
    ),
    # Captures.
    "captures_title": ("Rekaman", "Captures"),
    "captures_lead": (
        "Yang tidak bernilai lebih dulu, lalu cacat berat, lalu nilai terendah. Tekan judul kolom "
        "untuk mengurutkan.",
        "Those without a score first, then hard defects, then the lowest scores. Press a column "
        "head to sort.",
    ),
    "captures_cut": (
        "Ditampilkan {shown} dari {all} rekaman. Sisanya ada di results.csv.",
        "{shown} of {all} captures are shown. The rest is in results.csv.",
    ),
    "captures_print": (
        "Yang dicetak: paling banyak 100 baris pertama.",
        "Printed: the first 100 rows at most.",
    ),
    "search": ("Cari dalam tabel", "Search the table"),
    "rows_left": ("{n} baris", "{n} rows"),
    "sorted_up": ("Diurutkan menurut {column}, naik", "Sorted by {column}, ascending"),
    "sorted_down": ("Diurutkan menurut {column}, turun", "Sorted by {column}, descending"),
    "file": ("Berkas", "File"),
    "picture": ("Gambar", "Picture"),
    "part": ("Bagian", "What"),
    "state": ("Keadaan", "State"),
    "score": ("Nilai", "Score"),
    "why": ("Masalah dan saran", "What is wrong, what to do"),
    "station": ("Stasiun", "Station"),
    "device": ("Alat", "Device"),
    "operator": ("Operator", "Operator"),
    "position": ("Bagian", "Position"),
    "age_band": ("Kelompok umur", "Age band"),
    "capture_time": ("waktu perekaman", "time of capture"),
    "captured": ("Direkam", "Captured"),
    "fine": ("baik", "fine"),
    "need_NO_SCORE": ("Tidak bernilai", "No score"),
    "need_HARD": ("Cacat berat", "Hard defect"),
    "need_BELOW": ("Di bawah ambang", "Below threshold"),
    "need_NOTED": ("Catatan", "Noted"),
    "need_FINE": ("Baik", "Fine"),
    "status_FAILURE_TO_ASSESS": ("Tidak dapat dinilai", "Could not be assessed"),
    "status_UNREADABLE": ("Tidak terbaca", "Unreadable"),
    "status_TIMEOUT": ("Terlalu lama", "Took too long"),
    "status_CRASHED": ("Penilai terhenti", "Scorer broke"),
    "below_accept": ("nilai di bawah ambang {accept}", "score below the threshold of {accept}"),
    "twin_of": ("sama dengan {path}", "same as {path}"),
    # Defects.
    "defects_title": ("Masalah menurut jumlah", "Defects, most frequent first"),
    "defects_lead": (
        "Berapa rekaman menunjukkan tiap masalah. Bagian merah: begitu berat sehingga tidak dapat "
        "diterima apa adanya. Bagian (dengan selang kepercayaan 95%) dari semua rekaman jenis itu.",
        "How many captures show each defect. Red part: so severe that the capture is not "
        "acceptable as it is. Share (with 95% confidence interval) of all captures of that kind.",
    ),
    "no_defects": ("Tidak ada masalah yang ditemukan.", "No defect was found."),
    "defect": ("Masalah", "Defect"),
    "captures_head": ("Rekaman", "Captures"),
    "share_of": ("Bagian dari {modality}", "Share of {modality}"),
    "share": ("Bagian", "Share"),
    "of_these_hard": ("Merah: berat", "Red: hard"),
    "cured_by": ("Siapa dapat mengatasi", "Who can cure it"),
    "advice": ("Saran", "Advice"),
    "by_subject": ("pemohon", "the person"),
    "by_operator": ("operator", "the operator"),
    "by_device": ("alat atau ruangan", "device or room"),
    "by_nobody": ("tidak seorang pun", "nobody"),
    "defect_bar": ("{count} rekaman, {hard} berat", "{count} captures, {hard} hard"),
    # Scores.
    "scores_title": ("Nilai", "Scores"),
    "scores_lead": (
        "Nilai 0 sampai 100, makin tinggi makin baik. Kiri: berapa rekaman mendapat nilai itu. "
        "Kanan: bagian yang harus diulang bila ambang ditaruh di sana (dengan selang kepercayaan "
        "95%).",
        "Scores run from 0 to 100, higher is better. Left: how many captures have each score. "
        "Right: the share to be retaken if the threshold stood there (with 95% confidence "
        "interval).",
    ),
    "histogram": ("Sebaran nilai, {modality}", "Distribution of scores, {modality}"),
    "curve": (
        "Bagian yang harus diulang menurut ambang, {modality}",
        "Share to be retaken by threshold, {modality}",
    ),
    "bin": ("nilai {low}–{high}: {count} rekaman", "score {low}–{high}: {count} captures"),
    "accept_at": ("ambang {score}", "threshold {score}"),
    "share_at": ("{share} pada {score}", "{share} at {score}"),
    "score_facts": (
        "{n} bernilai; rata-rata {mean} ({span}); 90% antara {low} dan {high}; {without} tanpa "
        "nilai",
        "{n} scored; mean {mean} ({span}); 90% between {low} and {high}; {without} without a score",
    ),
    "threshold": ("Ambang", "Threshold"),
    "to_retake": ("Diulang", "Retaken"),
    "interval": ("Selang 95%", "95% interval"),
    "figures": ("Angka", "Figures"),
    "fingers_title": ("Nilai menurut jari dan mata", "Scores by finger and eye"),
    "fingers_lead": (
        "Kotak: separuh rekaman di tengah; garis: 90%; garis tegak tebal: nilai tengah; garis "
        "putus: ambang. * kurang dari 30 rekaman.",
        "Box: the middle half of the captures; line: 90% of them; thick mark: median; dashed: "
        "threshold. * fewer than 30 captures.",
    ),
    "box": ("5%: {low}, tengah: {middle}, 95%: {high}", "5%: {low}, median: {middle}, 95%: {high}"),
} | MORE_TEXTS
