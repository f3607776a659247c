"""What the pages of docs/defects say beyond the catalogue: how each FP_* defect is found.

Limits are read from the code, so that a page cannot keep an old one.
"""

from dataclasses import dataclass

from ektp_biocheck import fingerprint
from ektp_biocheck.fingerprint import analysis, causes, findings, marks
from fixtures.fingerprint import Condition

__all__ = ["PAGES", "Page"]


@dataclass(frozen=True)
class Page:
    """One defect.

    `shown` is the condition of the second picture (none: no print at all), `cause` the name of
    its row in the causes' model when it is told by that, `found` whether the picture is told.
    """

    seen: str
    told: str
    severity: str
    fails: str
    shown: Condition | tuple[Condition, ...] | None
    source: str = ""
    cause: str | None = None
    found: bool = True


_CAUSE = (
    f"A linear model over {len(causes.FIGURES)} figures of the contact area (multinomial logistic "
    "regression, coefficients in `model.json`) weighs a clean print and "
    f"{len(causes.CAUSES) - 1} conditions against each other. This one is named "
    f"when its likelihood is at least {findings.LIKELY:g} and at least that of a clean print."
)
_BY_SCORE = (
    f"Likelihood × ({findings.SURE_SHARE:g} + {1 - findings.SURE_SHARE:g} × what is lost of a "
    f"score of {findings.FULL_SCORE}); below {findings.LEAST_SEVERITY:g} nothing is said."
)
_MODEL = "`ektp_biocheck/fingerprint/causes.py`, fitted by `benchmarks/fit_fingerprint.py`."


def _cause(cause: str, seen: str, fails: str, shown: Condition, told: str = "") -> Page:
    return Page(seen, f"{told} {_CAUSE}".strip(), _BY_SCORE, fails, shown, _MODEL, cause)


PAGES: dict[str, Page] = {
    "FP_BLANK": Page(
        "An empty or nearly empty picture.",
        f"Less than {analysis.LEAST_AREA_MM2:g} mm² hold ridges or skin pressed dark on the glass. "
        "There is no score. Evidence: deviation and mean of the grey values.",
        "Always 1.",
        "White noise and flat pictures are called blank too. A finger so faint that its ridges "
        "stay below the noise cannot be told from an empty glass.",
        Condition(contact=0.0),
        "`ektp_biocheck/fingerprint/foreground.py`.",
    ),
    "FP_NOT_A_FINGERPRINT": Page(
        "Something else than a finger: a face, an eye, a page, a test chart.",
        f"No score below {fingerprint.FINGER_MM2:g} mm² of clear ridges with the period of a "
        f"finger, or when the log odds of a print are below {fingerprint.UNLIKELY:g}: in a print "
        "the mean grey of neighbouring 16 px cells hardly differs against the height of its "
        "ridges, and the better part of it is clear. A doubtful picture, with log odds below "
        f"{findings.DOUBTFUL:g}, a score below {findings.DOUBTFUL_SCORE} and no other condition to "
        "blame, keeps its score and is named. So is one that scores more although its log odds "
        f"are below {findings.UNLIKE:g}, and one with more than {findings.STRIPES_MM2:g} mm² of "
        f"ridges that hardly bend (circular variance below {findings.STRIPES_BEND:g}): bricks, "
        "stripes, lines of print.",
        "1 without a score; with one it grows as the log odds fall, half for stripes.",
        "Slanted handwriting can pass as ridges, then with another defect instead of this one. A "
        "print blurred beyond all ridges is refused as no print.",
        None,
        "`ektp_biocheck/fingerprint/marks.py`.",
    ),
    "FP_PARTIAL": _cause(
        "partial",
        "A small patch of ridges, clear as far as it goes.",
        "A small finger pressed lightly can look like part of a larger one: see "
        "[FP_LOW_PRESSURE](FP_LOW_PRESSURE.md).",
        Condition(contact=0.35),
    ),
    "FP_TIP_ONLY": Page(
        "Only the narrow arch above the core shows, high up in the picture.",
        f"FP_PARTIAL is named, the contact is lower than {findings.TIP_HEIGHT_MM:g} mm, its middle "
        "lies in the upper part of the picture, and it is about as wide as it is high. "
        "Evidence: height in mm, elongation.",
        f"0 at a height of {findings.TIP_HEIGHT_MM:g} mm, 1 at 5 mm.",
        "On a sensor that crops to the finger, place in the picture says nothing. A strip far "
        "wider than high (a sixth of the pad) is called rotated instead.",
        Condition(contact=0.36, tip_only=True),
        "`ektp_biocheck/fingerprint/findings.py`.",
    ),
    "FP_ROTATED": Page(
        "The finger lies across the glass.",
        f"The long axis of the contact leans more than {findings.LEAN_LIMIT:g}° from upright, and "
        "the contact is at least 15 % longer than wide. Evidence: lean in degrees, elongation.",
        f"0 at {findings.LEAN_LIMIT - 15:g}°, 1 at 90°.",
        "A round contact has no axis. A finger upside down is not noticed. The score itself hardly "
        "depends on rotation.",
        Condition(rotation_deg=60),
        "Second moments of the contact area, `ektp_biocheck/fingerprint/marks.py`.",
    ),
    "FP_SMEAR_MOTION": Page(
        "Ridges across one direction are wiped out, those along it are still there.",
        "Amplitude of the ridges is set against their direction; the strength of that dependence, "
        f"0 to 1, is above {findings.MOTION_LIMIT:g}. Evidence: strength and direction.",
        "0 at a strength of 0.2, 1 at 1.",
        "Needs about 100 cells with ridges in several directions: a small contact shows nothing, "
        "and an arch, whose ridges mostly run one way, shows less. Long movements are often called "
        "wet or blurred as well. Straight stripes look like movement.",
        Condition(smear_mm=0.7, smear_deg=30),
        "`ektp_biocheck/fingerprint/marks.py`.",
    ),
    "FP_OVERPRESSED": _cause(
        "pressed hard",
        "A wide, dark contact with thick ridges and narrow valleys.",
        "Hard pressing hardly harms the score, often it raises it, so the finding is mild. The "
        "model learnt this from generated prints only: no real capture came with its pressure.",
        Condition(pressure=1.0),
    ),
    "FP_LOW_PRESSURE": _cause(
        "pressed lightly",
        "A small, light contact with thin ridges.",
        "Slight cases pass for clean. Learnt from generated prints only.",
        Condition(pressure=-0.9),
    ),
    "FP_DRY": _cause(
        "dry",
        "Thin, broken, speckled ridges and white gaps; the valleys stay white.",
        "Deep cracks break ridges as dryness does, and are often called dry. A light print of "
        "healthy skin on a capacitive sensor can look dry.",
        Condition(dryness=0.75),
        "Ridges are thin and broken while the valleys stay clean: that is what tells dry skin, "
        "which lotion may cure, from [worn](FP_WORN_RIDGES.md) skin, which it does not.",
    ),
    "FP_WET": _cause(
        "wet",
        "Thick dark ridges that run together, filled valleys, dark pools.",
        "The hardest pair: on real prints whose wetness was simulated about a fifth are called "
        "blurred, and blurred ones wet, as both fill the valleys.",
        Condition(wetness=0.75),
    ),
    "FP_EXTRA_FINGER": Page(
        "Two or more fingers where one was asked for.",
        f"Contacts side by side of more than {marks.OWN_CONTACT_MM2:g} mm² each, or one of more "
        f"than {marks.ONE_FINGER_MM2:g} mm². Evidence: their number.",
        "Always 1.",
        "Fingers that touch and together stay below the limit count as one; so do fingers above "
        "each other. The score is that of all that is seen: take no notice of it.",
        (Condition(), Condition()),
        "`ektp_biocheck/fingerprint/marks.py`.",
    ),
    "FP_DIRTY_FINGER": Page(
        "Specks and smudges on the glass around the finger, or dark spots in the print.",
        "Around the finger, three ridge periods away from it: "
        f"{findings.SPECKS_LIMIT} dark specks, or {findings.FEWER_SPECKS} and a "
        f"smudge over {findings.SMUDGED_LIMIT:.0%} of the glass; "
        "only where the bare glass is calm and no old print was found. Or solid dark spots over "
        f"{findings.DARK_LIMIT:.0%} of the contact that is not wet, pressed hard, blurred or worn, "
        "which all make such spots. Evidence: counts and shares.",
        "0 without, 1 at 40 specks, at half of the glass smudged or at 30 % of the contact.",
        "On a sensor with a grey, noisy background nothing is told from the glass. Few specks are "
        "not told. They cost few points. Not looked for in a preview.",
        Condition(dirt=1.0),
        "`ektp_biocheck/fingerprint/blemishes.py`; dark spots: grey closing, `skin.py`.",
    ),
    "FP_WORN_RIDGES": _cause(
        "worn",
        "Flat, washed-out ridges of even grey, often with fine lines across.",
        "Half worn, a print still scores well, and nothing is said. Large callused patches "
        "without ridges are called worn too.",
        Condition(wear=0.9),
        "Ridges and valleys come near each other while the mean grey and the width of the ridges "
        "stay: [dry](FP_DRY.md) ridges are thin and their valleys white.",
    ),
    "FP_CALLUS_CRACKS": Page(
        "White cracks wider than a valley across the ridges, and smooth islands of hard skin.",
        "Streaks brighter than the grey around them, longer than two and a half ridge periods and "
        "twice as long as wide; and the largest piece of the contact without ridges, where the "
        "rest is clear. The share of the contact in streaks and 0.3 of the island's together "
        f"exceed {findings.GAPS_LIMIT:.0%}; not when blurred, worn or moved. Evidence: both "
        "shares.",
        "0 without, 1 at 20 % of the contact.",
        "Creases that a person was born with count too: one development sensor in which most "
        "fingers have them shows it in 13 of 80 prints. Not looked for in a preview.",
        Condition(cracks=12, callus=0.4),
        "`ektp_biocheck/fingerprint/blemishes.py`.",
    ),
    "FP_LOW_CONTRAST": _cause(
        "low_contrast",
        "A pale print: ridges and valleys differ by few grey levels.",
        "Pale but clear ridges still match: the score falls late, then fast.",
        Condition(contrast=0.2),
    ),
    "FP_FEW_MINUTIAE": Page(
        "Too few ends and forks of ridges that a matcher could hold on to.",
        f"Dependable minutiae (see [the score](../fingerprint/score.md)) add up to less than "
        f"{findings.FEW_MINUTIAE:g}. Not looked for at level fast. Evidence: that sum.",
        f"1 without any, 0 at {findings.FEW_MINUTIAE:g}.",
        "It names a consequence; the cause stands beside it when it is known.",
        Condition(contact=0.12),
        "NFIQ 2 warns below five minutiae; `ektp_biocheck/fingerprint/score.py`.",
    ),
    "FP_BLUR": _cause(
        "blur",
        "Soft ridges without crisp edges.",
        "See [FP_WET](FP_WET.md). Blurred beyond all ridges, a print may be called no print.",
        Condition(blur_mm=0.13),
    ),
    "FP_NOISE": _cause(
        "noise",
        "Grain all over the picture, on the glass as well as on the finger.",
        "Rough skin on a sharp sensor has fine structure too; slight grain is not told from it.",
        Condition(noise=0.7),
    ),
    "FP_GHOST_PLATEN": Page(
        "Faint ridges beside the finger, left by an earlier one.",
        "Ridges of two strengths with a step between them are parted: the fainter are an old "
        "print's (Otsu's groups of log amplitude). "
        f"At least {findings.GHOST_CELLS} cells of 16 px outside the contact hold clear, faint "
        f"ridges (clarity above {marks.RIDGE_CLARITY:g}). Evidence: their area in mm².",
        "0 without, 1 at 80 cells.",
        "Only what lies beside the finger and at most about a third as dark. An old print nearly "
        "half as dark as the finger or darker is taken for part of it, nothing is said, and **the "
        "score rises**: by up to 30 points. What lies under the finger alone is never told. Wipe "
        "the glass between people.",
        Condition(ghost=0.15, ghost_seed=5, contact=0.6),
        "`ektp_biocheck/fingerprint/marks.py`.",
    ),
}
