"""Write docs/defects/index.md from the catalogue: ``python docs/build_catalogue.py``."""

from pathlib import Path

from ektp_biocheck.defects import CATALOGUE, STEPS, DefectInfo
from ektp_biocheck.defects.info import ALWAYS

PAGE = Path(__file__).parent / "defects" / "index.md"

INTRO = """\
# Defects

<!-- Written by docs/build_catalogue.py from ektp_biocheck/defects; change the texts there. -->

A defect says what is wrong with a capture, in words an operator can act on. Every scorer
reports its findings with a code from this page, and records keep the code only, so a text can
be improved without touching a record.

```python
from ektp_biocheck.defects import CATALOGUE, advice, found

defect = found("IR_LID_OCCLUSION", severity=0.62, evidence={"visible_fraction": 0.31})
defect.hard  # True
advice(defect.code, "id")  # "Kelopak mata menutupi iris. Minta pemohon …"
CATALOGUE[defect.code].chain  # ("FB_OPEN", "FB_LID", "FB_SINGLE_EYE")
```

## Severity

From 0, just noticeable, to 1, nothing usable is left. Each detector maps its own figures to
this scale and hands them over as evidence. Severity is not a score: it orders the defects of
one capture, so that the operator hears of the worst first.

## Hardness

A *hard* defect is never acceptable as it is, however high the score. An entry is hard

- **always**, at any severity, when the picture shows nothing usable or the wrong thing: a good
  score would belong to the wrong finger, eye or person;
- **from 0.5**, when the part that is compared is covered, cut off, turned away, too small or
  not the person's own: it is lost, and no later processing brings it back;
- **never** in all other cases: the score already tells, or the person cannot change it.

Worn, dry or callused fingers are never hard: old people and those who work with their hands
would be asked again and again for what they cannot give. For the same reason neither is a
small contact area, which worn skin imitates; nor the light on a face, since dark and fair
skin are easily taken for wrong exposure; nor a headscarf. A hard defect asks for another
attempt; it does not shut the person out. Where nobody can cure the defect, the chain ends
with a way on.

## Who can cure it, and what to try

*subject*: the person; *operator*: the officer; *device*: the equipment, the room or its light;
*nobody*: trying again will not help. The chain lists the steps to try in order; the
[steps](#steps) have their own texts. *Not counted* means that the attempt does not use up one
of the person's attempts, because its cause lies outside the part being captured.
"""

FAMILIES = {
    "FP_": "Finger",
    "IR_": "Iris",
    "FA_": "Face",
    "EV_": "Evidence photo of an exception",
    "DEV_": "Device",
}


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8", newline="\n")


def render() -> str:
    """Return the whole page."""
    families = [_family(prefix, name) for prefix, name in FAMILIES.items()]
    return "\n".join([INTRO, *families, _steps()])


def _family(prefix: str, name: str) -> str:
    infos = [info for code, info in CATALOGUE.items() if code.startswith(prefix)]
    overview = [_row(info) for info in infos]
    texts = [f"| `{info.code}` | {info.advice_id} | {info.advice_en} |" for info in infos]
    return "\n".join(
        [
            f"## {name}\n",
            "| Code | Name | Cured by | Hard | Steps to try |",
            "|---|---|---|---|---|",
            *overview,
            f"\n### What the operator reads: {name.lower()}\n",
            "| Code | Indonesian | English |",
            "|---|---|---|",
            *texts,
            "",
        ]
    )


def _row(info: DefectInfo) -> str:
    page = PAGE.with_name(f"{info.code}.md")
    code = f"[`{info.code}`]({page.name})" if page.exists() else f"`{info.code}`"
    code += "" if info.counted else "<br>not counted"
    name = f"{info.title_en}<br>*{info.title_id}*"
    chain = " → ".join(f"`{step}`" for step in info.chain)
    return f"| {code} | {name} | {info.cured_by} | {_hardness(info.hard_from)} | {chain} |"


def _hardness(hard_from: float | None) -> str:
    if hard_from is None:
        return "never"
    return "always" if hard_from == ALWAYS else f"from {hard_from:g}"


def _steps() -> str:
    rows = [f"| `{step.code}` | {step.text_id} | {step.text_en} |" for step in STEPS.values()]
    return "\n".join(["## Steps\n", "| Code | Indonesian | English |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
