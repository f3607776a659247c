// Every text of the page in both languages; texts about captures come from the server.
export const WORDS = {
  id: {
    language: "English", help: "Bantuan", queue: "Antrean", of: "dari", score: "Nilai", bar: "batas",
    begin_title: "Pemohon berikutnya", nik_hint: "Dicocokkan, lalu dilupakan: tidak disimpan dan tidak ditampilkan lagi.",
    age: "Umur", village: "Desa (boleh kosong)", operator: "Kode petugas", begin: "Mulai", waiting: "Belum selesai", resume: "Lanjutkan antrean",
    no_number: "tanpa nomor",
    parts: "Yang terekam", good: "baik", weak: "kurang", failed: "gagal", excepted: "kecuali", pending: "belum", skipped: "tidak perlu", now: "kini",
    legend_good: "Terekam baik", legend_weak: "Kurang jelas, disimpan", legend_failed: "Tidak terekam", legend_excepted: "Dikecualikan", legend_pending: "Belum",
    open: "Pilih berkas", camera: "Kamera", camera_off: "Tutup kamera", shoot: "Ambil gambar", busy: "Menilai…",
    stage_now: "Sekarang", stage_last: "Hasil", stage_evidence: "Foto bukti", evidence: "Wajah dan kedua tangan",
    how_finger: "Letakkan {part} di kaca pemindai, lalu taruh gambarnya di sini.", how_iris: "Arahkan kamera inframerah ke {part}, lalu taruh gambarnya di sini.",
    how_face: "Hadapkan wajah ke kamera, lalu ambil gambar atau taruh fotonya di sini.", how_evidence: "Wajah tampak, kedua tangan diangkat di samping wajah, telapak ke kamera.",
    how_many: "Beberapa gambar sekaligus: yang terbaik dipakai.",
    camera_ready: "Siap. Tekan Spasi.", camera_wait: "Menyiapkan kamera…", camera_none: "Kamera tidak dapat dipakai. Pilih berkas saja.",
    v_none: "Siap mengambil", v_all: "Semua sudah direkam", v_ACCEPT: "Diterima", v_RETAKE: "Ulangi", v_FALLBACK: "Coba cara lain", v_EXCEPTION: "Tawarkan pengecualian", v_STOP: "Periksa alat",
    v_kept: "Disimpan, kurang jelas", v_failed: "Tidak terekam", v_excepted: "Dikecualikan", v_complete: "Foto bukti lengkap", v_look: "Periksa foto bukti sendiri",
    a_none: "Ambil gambar {part}.", a_all: "Periksa ringkasan, lalu selesaikan.", a_ACCEPT: "Lanjutkan dengan yang berikutnya.", a_kept: "Hasil terbaik disimpan dan diberi tanda. Jangan diulang lagi.", a_failed: "Semua cara sudah dicoba. Pemohon tidak ditolak: lanjutkan.",
    a_excepted: "Bagian ini tidak perlu direkam.", a_complete: "Satu wajah dan kedua tangan terlihat.", a_EXCEPTION: "Hasil belum cukup setelah semua cara dicoba. Tawarkan pengecualian, atau lanjutkan.",
    attempt: "Percobaan ke-{used}", attempts: "Percobaan ke-{used}, tersisa {left}", also: "Juga", not_counted: "Tidak dihitung sebagai percobaan pemohon.",
    m_take: "Ambil gambar", m_again: "Ambil ulang", m_next: "Lanjut: {part}", m_done: "Sudah, ambil ulang", m_step: "Sudah dilakukan", m_except: "Kecualikan", m_review: "Ringkasan dan selesai", m_evidence: "Ambil foto bukti", m_approve: "Minta persetujuan",
    k_again: "Ambil ulang", k_keep: "Terima terbaik", k_except: "Kecualikan", k_withdraw: "Batalkan pengecualian", k_step: "Catat langkah", k_fault: "Gangguan alat", k_evidence: "Foto bukti", k_approve: "Persetujuan", k_finish: "Selesai", k_skip: "Lewati dulu",
    keys: "Tombol", keys_main: "tindakan yang disarankan", keys_arrows: "pilih jari, mata, wajah", keys_open: "pilih berkas gambar", keys_paste: "tempel gambar", keys_camera: "kamera; Spasi mengambil gambar", keys_esc: "tutup, kembali", keys_lang: "bahasa", keys_help: "bantuan ini",
    ask_title: "Sebelum mulai", ask_text: "Tanyakan atau lakukan dahulu. Beri tanda yang sudah.", ask_go: "Mulai mengambil",
    except_title: "Kecualikan: {part}", except_whole: "Berlaku untuk", except_one: "{part} saja", except_hand: "semua jari tangan ini yang belum terekam", except_reason: "Alasan", permanence: "Sifat", PERMANENT: "Tetap", TEMPORARY: "Sementara", review_by: "Ditinjau lagi pada", except_yes: "Kecualikan",
    fault_title: "Gangguan alat", fault_text: "Bukan kesalahan pemohon, tidak dihitung sebagai percobaan.", fault_yes: "Catat",
    step_title: "Langkah yang dilakukan", step_yes: "Catat",
    keep_title: "Terima hasil terbaik: {part}", keep_text: "Hasil di bawah batas disimpan dan diberi tanda. Alasan:", keep_yes: "Terima",
    KEEP_TIRED: "Pemohon lelah atau kesakitan", KEEP_NO_BETTER: "Hasil lebih baik tidak mungkin", KEEP_SEEN: "Gambar jelas menurut petugas",
    approve_title: "Persetujuan petugas kedua", approve_by: "Kode petugas kedua", ON_SITE: "Di tempat ini", REMOTE: "Jarak jauh", DEFERRED: "Menyusul", approve_yes: "Simpan",
    review_title: "Ringkasan", READY: "Lengkap", READY_WITH_EXCEPTIONS: "Lengkap dengan catatan", BELOW_POLICY: "Disimpan, perlu ditinjau", review_ok: "Semua terekam dengan baik.", review_yes: "Selesai", review_below: "Pemohon tidak ditolak. Rekaman disimpan dan ditinjau.",
    todo_EVIDENCE: "Foto bukti belum ada.", todo_APPROVAL: "Pengecualian belum disetujui.",
    next_person: "Pemohon berikutnya", print: "Cetak tanda terima", done_text: "Berikan tanda terima kepada pemohon.", cancel: "Batal", close: "Tutup",
    locked_title: "Alamat tidak lengkap", locked: "Buka halaman ini lewat alamat yang dicetak ketika alat dinyalakan.",
    e_nik: "NIK tidak benar. Ketik ulang dari kartu.", e_nik_doubt: "NIK ini tidak lazim. Periksa lagi pada kartu. Bila kartu memang menyebut demikian, tekan Mulai sekali lagi: akan dicatat.", e_unreadable: "Berkas ini bukan gambar yang dapat dibaca. Pilih gambar lain.", e_ppi: "Resolusi gambar tidak diketahui. Mulai halaman ini dengan --ppi.", e_refused: "Tidak dapat dilakukan.", e_offline: "Alat tidak menjawab. Periksa apakah program masih berjalan.", e_entry: "Isi kode petugas dan NIK.", e_many: "Berkas terlalu besar untuk sebuah gambar.",
    minutes: "{used} dari {budget} menit",
  },
  en: {
    language: "Indonesia", help: "Help", queue: "Queue", of: "of", score: "Score", bar: "bar",
    begin_title: "Next person", nik_hint: "It is checked and forgotten: not stored, not shown again.",
    age: "Age", village: "Village (may be empty)", operator: "Officer code", begin: "Begin", waiting: "Not finished", resume: "Resume queue number",
    no_number: "no number",
    parts: "Recorded", good: "good", weak: "weak", failed: "failed", excepted: "except", pending: "open", skipped: "not needed", now: "now",
    legend_good: "Recorded well", legend_weak: "Not very clear, kept", legend_failed: "Not recorded", legend_excepted: "Excepted", legend_pending: "Open",
    open: "Choose a file", camera: "Camera", camera_off: "Close camera", shoot: "Take picture", busy: "Assessing…",
    stage_now: "Now", stage_last: "Result", stage_evidence: "Evidence photo", evidence: "Face and both hands",
    how_finger: "Place the {part} on the scanner glass, then put the picture here.", how_iris: "Aim the infrared camera at the {part}, then put the picture here.",
    how_face: "Face the camera, then take a picture or put the photo here.", how_evidence: "Face in view, both hands held up beside it, palms to the camera.",
    how_many: "Several pictures at once: the best one is used.",
    camera_ready: "Ready. Press Space.", camera_wait: "Starting the camera…", camera_none: "The camera cannot be used. Choose a file instead.",
    v_none: "Ready to capture", v_all: "Everything is recorded", v_ACCEPT: "Accepted", v_RETAKE: "Take again", v_FALLBACK: "Try another way", v_EXCEPTION: "Offer an exception", v_STOP: "Check the device",
    v_kept: "Kept, not very clear", v_failed: "Not recorded", v_excepted: "Excepted", v_complete: "Evidence photo complete", v_look: "Look at the photo yourself",
    a_none: "Capture the {part}.", a_all: "Look at the summary, then finish.", a_ACCEPT: "Go on with the next one.", a_kept: "The best result is kept and marked. Do not repeat it.", a_failed: "Every way was tried. Nobody is turned away: go on.",
    a_excepted: "This part need not be recorded.", a_complete: "One face and both hands show.", a_EXCEPTION: "Not enough after every way was tried. Offer an exception, or go on.",
    attempt: "Attempt {used}", attempts: "Attempt {used}, {left} left", also: "Also", not_counted: "Not counted against the person.",
    m_take: "Take the picture", m_again: "Take again", m_next: "Next: {part}", m_done: "Done, take again", m_step: "Done", m_except: "Except", m_review: "Summary and finish", m_evidence: "Take the evidence photo", m_approve: "Ask for approval",
    k_again: "Take again", k_keep: "Accept the best", k_except: "Except", k_withdraw: "Withdraw exception", k_step: "Note a step", k_fault: "Device fault", k_evidence: "Evidence photo", k_approve: "Approval", k_finish: "Finish", k_skip: "Skip for now",
    keys: "Keys", keys_main: "the suggested action", keys_arrows: "choose finger, eye, face", keys_open: "choose a picture file", keys_paste: "paste a picture", keys_camera: "camera; Space takes the picture", keys_esc: "close, back", keys_lang: "language", keys_help: "this help",
    ask_title: "Before the first capture", ask_text: "Ask or do this first. Tick what was done.", ask_go: "Start capturing",
    except_title: "Except: {part}", except_whole: "Holds for", except_one: "the {part} only", except_hand: "all open fingers of this hand", except_reason: "Reason", permanence: "How long", PERMANENT: "Permanent", TEMPORARY: "Temporary", review_by: "Look at it again on", except_yes: "Except",
    fault_title: "Device fault", fault_text: "Not the person's fault; it costs no attempt.", fault_yes: "Note it",
    step_title: "What was done", step_yes: "Note it",
    keep_title: "Accept the best: {part}", keep_text: "A result below the bar is kept and marked. Reason:", keep_yes: "Accept",
    KEEP_TIRED: "The person is tired or in pain", KEEP_NO_BETTER: "No better result is possible", KEEP_SEEN: "The officer finds the picture clear",
    approve_title: "Approval by a second officer", approve_by: "Code of the second officer", ON_SITE: "Here", REMOTE: "From elsewhere", DEFERRED: "To follow", approve_yes: "Save",
    review_title: "Summary", READY: "Complete", READY_WITH_EXCEPTIONS: "Complete with notes", BELOW_POLICY: "Kept, to be reviewed", review_ok: "Everything is recorded well.", review_yes: "Finish", review_below: "Nobody is turned away. The record is kept and reviewed.",
    todo_EVIDENCE: "The evidence photo is missing.", todo_APPROVAL: "The exception is not approved.",
    next_person: "Next person", print: "Print the receipt", done_text: "Hand the receipt to the person.", cancel: "Cancel", close: "Close",
    locked_title: "The address is incomplete", locked: "Open this page under the address that was printed when the station was started.",
    e_nik: "The NIK is not right. Type it again from the card.", e_nik_doubt: "This NIK is unusual. Look at the card again. If the card does say so, press Begin once more: it will be noted.", e_unreadable: "This file is no picture that can be read. Choose another.", e_ppi: "The picture's resolution is not known. Start this page with --ppi.", e_refused: "This cannot be done.", e_offline: "The station does not answer. See whether the program still runs.", e_entry: "Fill in the officer code and the NIK.", e_many: "The file is too large for a picture.",
    minutes: "{used} of {budget} minutes",
  },
};

export const state = { lang: "id" };

export function word(key, values = {}) {
  const text = WORDS[state.lang][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// A text from the server: {id, en}.
export const say = (texts) => (texts ? texts[state.lang] : "");
export const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
