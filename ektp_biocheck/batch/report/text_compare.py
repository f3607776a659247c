"""Texts of `compare`: key, Indonesian, English."""

__all__ = ["COMPARE_TEXTS"]

COMPARE_TEXTS: dict[str, tuple[str, str]] = {
    "compare_title": ("Perbandingan dua pengolahan", "Two runs compared"),
    "paired": (
        "Berkas yang sama dalam keduanya: {n}. Hanya di A: {a}, hanya di B: {b}.",
        "The same files in both: {n}. Only in A: {a}, only in B: {b}.",
    ),
    "apart": (
        "Berkasnya berbeda, jadi keduanya dibandingkan sebagai dua contoh: {a} di A, {b} di B.",
        "The files differ, so the runs are compared as two samples: {a} in A, {b} in B.",
    ),
    "both_named": ("A = {a}; B = {b}", "A = {a}; B = {b}"),
    "other_algorithm": (
        "Penilai berbeda ({a}; {b}): ambang yang dipilih untuk satu tidak berlaku untuk lainnya.",
        "The scorers differ ({a}; {b}): a threshold chosen for one does not hold for the other.",
    ),
    "same": (
        "Tidak ada perbedaan yang melebihi kebetulan.",
        "No difference is more than chance.",
    ),
    "more": (
        "Di B lebih banyak rekaman perlu diperiksa petugas: {b}, di A {a} ({difference} poin "
        "persen).",
        "More captures of B need a person: {b} against {a} ({difference} percentage points).",
    ),
    "less": (
        "Di B lebih sedikit rekaman perlu diperiksa petugas: {b}, di A {a} ({difference} poin "
        "persen).",
        "Fewer captures of B need a person: {b} against {a} ({difference} percentage points).",
    ),
    "as_many": (
        "Banyaknya rekaman yang perlu diperiksa petugas tidak jelas berbeda: {b} di B, {a} di A.",
        "How many need a person is not clearly different: {b} against {a}.",
    ),
    "scores_differ": (
        "Nilai yang jelas berubah: {which}.",
        "Scores that clearly changed: {which}.",
    ),
    "rates_title": ("Seberapa sering", "How often"),
    "what": ("Apa", "What"),
    "difference": ("Selisih B − A", "Difference B − A"),
    "gained_lost": ("Bertambah / hilang", "Gained / lost"),
    "up_down": ("Naik / turun", "Up / down"),
    "effect": ("Peluang B lebih tinggi", "Chance that B is higher"),
    "p": ("p (Holm)", "p (Holm)"),
    "clear": ("Jelas", "Clear"),
    "yes": ("ya", "yes"),
    "no": ("tidak", "no"),
    "rate_person": ("Perlu diperiksa petugas", "Needs a person"),
    "rate_no_score": ("Tidak bernilai", "No score"),
    "rate_hard": ("Cacat berat", "Hard defect"),
    "changed_title": ("Berkas yang berubah, terburuk dulu", "Changed files, worst first"),
    "changed_cut": ("Ditampilkan {shown} dari {all}.", "{shown} of {all} are shown."),
    "was": ("A", "A"),
    "is": ("B", "B"),
    "gained": ("Masalah baru", "New defects"),
    "lost": ("Masalah hilang", "Defects gone"),
    "compare_how": (
        "Selisih dengan selang kepercayaan 95%. Rekaman seseorang mirip, maka uji menghitung "
        "orang, bukan rekaman, bila orangnya diketahui. p dikoreksi menurut Holm.",
        "Differences with 95% confidence intervals. Captures of a person resemble each other, so "
        "tests count persons rather than captures where persons are known. p is corrected after "
        "Holm.",
    ),
}
