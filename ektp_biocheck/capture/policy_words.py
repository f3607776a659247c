"""A policy in words: what a station under it does, for those who sign it."""

from collections.abc import Iterator

from ektp_biocheck.capture.policy import AgeRule, ModalityRules, Policy
from ektp_biocheck.defects import step_text
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.positions import Modality, display_name, parse_finger

__all__ = ["explain"]

_NAMES = {
    "finger": (Modality.FINGER, "Sidik jari", "Fingers"),
    "iris": (Modality.IRIS, "Iris", "Irises"),
    "face": (Modality.FACE, "Wajah", "Face"),
}
_MODES = {
    "ON_SITE": ("di tempat", "on site"),
    "REMOTE": ("dari jarak jauh", "from elsewhere"),
    "DEFERRED": ("menyusul", "afterwards"),
}


def explain(policy: Policy, lang: Lang) -> tuple[str, ...]:
    """Say what a policy means, one sentence or two a line.

    Parameters
    ----------
    policy : Policy
    lang : {"id", "en"}
        Indonesian or English.

    Returns
    -------
    tuple of str
    """
    lines = [
        in_language(
            lang,
            f"Kebijakan {policy.policy.id}, versi {policy.policy.version}.",
            f"Policy {policy.policy.id}, version {policy.policy.version}.",
        )
    ]
    for key in _NAMES:
        lines.append(_modality(policy.rules(key), key, lang))
    lines.extend(_finger_lines(policy, lang))
    lines.extend(_retakes(policy, lang))
    lines.extend(_age(policy, rule, lang) for rule in policy.age)
    lines.extend(_person(policy, lang))
    lines.append(
        in_language(lang, f"Sidik kebijakan: {policy.digest}.", f"Digest: {policy.digest}.")
    )
    return tuple(lines)


def _modality(rules: ModalityRules, key: str, lang: Lang) -> str:
    _, name_id, name_en = _NAMES[key]
    scorer = f"{rules.scorer} {rules.scorer_version}"
    return in_language(
        lang,
        f"{name_id}: diterima mulai skor {rules.accept}; mulai {rules.floor} disimpan dengan "
        f"tanda mutu rendah, di bawahnya gagal. {rules.max_attempts} kali percobaan; cacat yang "
        f"tidak dapat diperbaiki tidak diulang lagi jika hasilnya naik kurang dari "
        f"{rules.min_gain}. Batas ini hanya berlaku untuk penilai {scorer}.",
        f"{name_en}: accepted from a score of {rules.accept}; from {rules.floor} kept and marked "
        f"as low quality, below that it failed. {rules.max_attempts} attempts; what nobody can "
        f"cure is not repeated after a gain of less than {rules.min_gain}. These bars hold for "
        f"the scorer {scorer} only.",
    )


def _fingers(names: tuple[str, ...], lang: Lang) -> str:
    return ", ".join(display_name(parse_finger(name), lang) for name in names)


def _finger_lines(policy: Policy, lang: Lang) -> Iterator[str]:
    chip = _fingers(policy.finger.chip, lang)
    if chip:
        yield in_language(lang, f"Jari untuk cip kartu: {chip}.", f"Fingers of the chip: {chip}.")
    for name, extra in policy.finger.extra_attempts.items():
        finger = display_name(parse_finger(name), lang)
        yield in_language(
            lang, f"Tambahan percobaan untuk {finger}: {extra}.", f"Extra for {finger}: {extra}."
        )
    if policy.slap.mode == "off":
        yield in_language(lang, "Jari direkam satu per satu.", "Fingers are taken one by one.")
        return
    after = policy.slap.single_finger_after
    yield in_language(
        lang,
        "Empat jari sekaligus, masing-masing dinilai sendiri; hanya jari yang gagal diulang, "
        f"dan setelah {after} kali diminta sendiri.",
        "Four fingers at once, each judged by itself; only failed ones are repeated, and alone "
        f"after {after} times.",
    )


def _retakes(policy: Policy, lang: Lang) -> Iterator[str]:
    yield in_language(
        lang,
        f"Kaca kosong tidak dihitung sebagai percobaan (paling banyak "
        f"{policy.finger.no_finger_limit} kali). Ulangan bukan karena pemohon tidak dihitung "
        f"sampai {policy.retake.uncounted_limit} kali; gangguan alat tidak pernah dihitung, dan "
        f"setelah {policy.retake.device_fault_limit} kali berturut-turut alat harus diganti.",
        f"An empty glass is no attempt (at most {policy.finger.no_finger_limit} times). Retakes "
        f"that are not the applicant's doing are not counted up to "
        f"{policy.retake.uncounted_limit} times; device faults never are, and after "
        f"{policy.retake.device_fault_limit} in a row the device is to be changed.",
    )


def _age(policy: Policy, rule: AgeRule, lang: Lang) -> str:
    span = f"{rule.first}+" if rule.last >= 200 else f"{rule.first}-{rule.last}"
    said = [in_language(lang, f"Usia {span} ({rule.name}):", f"Age {span} ({rule.name}):")]
    extra = rule.extra_attempts
    said.append(in_language(lang, f"{extra} percobaan tambahan.", f"{extra} more attempts."))
    if rule.presteps:
        said.append(in_language(lang, "Sebelum mulai:", "Before the start:"))
        said.extend(step_text(step, lang) for step in rule.presteps)
    if rule.single_finger_after is not None:
        n = rule.single_finger_after
        said.append(
            in_language(lang, f"Jari sendiri setelah {n} kali.", f"Single fingers after {n} times.")
        )
    if rule.timeout_factor != 1:
        said.append(
            in_language(
                lang,
                f"Waktu {rule.timeout_factor:g} kali.",
                f"{rule.timeout_factor:g} times the time.",
            )
        )
    if rule.offer_exception_after is not None:
        n = rule.offer_exception_after
        said.append(
            in_language(
                lang,
                f"Setelah {n} percobaan tanpa hasil, pengecualian ditawarkan.",
                f"After {n} attempts without a result the exception is offered.",
            )
        )
    lowered = [
        in_language(
            lang, f"{_NAMES[m][1].lower()}: {what} {n}", f"{_NAMES[m][2].lower()}: {what} {n}"
        )
        for what, bars in (("accept", rule.accept), ("floor", rule.floor))
        for m, n in bars.items()
    ]
    if lowered:
        said.append(
            in_language(
                lang,
                f"BATAS DITURUNKAN ({'; '.join(lowered)}); tampak di setiap rekaman.",
                f"THE BAR IS LOWERED ({'; '.join(lowered)}); it shows in every record.",
            )
        )
    else:
        said.append(in_language(lang, "Batas tetap sama.", "The bar stays the same."))
    return " ".join(said)


def _person(policy: Policy, lang: Lang) -> Iterator[str]:
    enough = policy.sufficiency.in_words(lang)
    yield in_language(lang, f"Cukup, jika {enough}.", f"Enough, when {enough}.")
    minutes, cap = policy.person.time_budget_s / 60, policy.person.hard_cap_s / 60
    yield in_language(
        lang,
        f"Setelah {minutes:g} menit tidak diminta mengulang lagi, kecuali yang belum pernah "
        f"direkam; setelah {cap:g} menit tidak ada ulangan apa pun.",
        f"After {minutes:g} minutes nothing is repeated that was captured once; after {cap:g} "
        "minutes nothing at all.",
    )
    modes = ", ".join(in_language(lang, *_MODES[mode]) for mode in policy.exception.approval)
    photo = policy.exception.photo != "none"
    yield in_language(
        lang,
        f"Pengecualian: {'foto wajah dan kedua tangan; ' if photo else ''}disetujui petugas "
        f"kedua ({modes}; menyusul paling lambat {policy.exception.deferred_max_h} jam).",
        f"Exceptions: {'a photo of the face and both hands; ' if photo else ''}approved by a "
        f"second officer ({modes}; afterwards within {policy.exception.deferred_max_h} hours).",
    )
    yield in_language(
        lang,
        "Tidak ada pemohon yang ditolak: rekaman selalu dapat disegel, dengan alasannya.",
        "Nobody is turned away: every record can be sealed, with its reasons.",
    )
