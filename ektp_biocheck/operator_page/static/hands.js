// The diagram: ten fingers as they lie on the glass, two eyes, a face. Each part shows its
// state by colour, by pattern, by a sign and by a word.
import { say, state, upper, word } from "./words.js";

const NS = "http://www.w3.org/2000/svg";
// Right hand from above: root x, y, length, width, lean in degrees.
const FINGERS = {
  Thumb: [64, 240, 90, 39, -29], Index: [82, 186, 110, 37, -9], Middle: [121, 176, 120, 38, -2],
  Ring: [159, 180, 109, 37, 5], Little: [192, 196, 88, 33, 13],
};
const PALM = "M60 198 Q62 172 88 172 L184 178 Q210 184 208 210 L196 288 Q192 308 170 308 L102 308 Q82 308 74 290 L47 250 Q40 236 52 226 Q60 216 60 198 Z";
const RIGHT = 234, LEFT = 226;  // where the right hand begins; what the left one is mirrored in
const SIGNS = {
  good: "M-6 0 -2 5 7 -6", weak: "M-7 2 Q-3.5 -5 0 0 T7 -2", failed: "M-5 -5 5 5M5 -5-5 5",
  excepted: "M-6 0H6", now: "M-5 -3 0 4 5 -3", pending: "", skipped: "",
};
export const ORDER = [
  "leftLittle", "leftRing", "leftMiddle", "leftIndex", "leftThumb",
  "rightThumb", "rightIndex", "rightMiddle", "rightRing", "rightLittle", "leftEye", "rightEye", "face",
];
const SLAPS = {
  rightFour: ["rightIndex", "rightMiddle", "rightRing", "rightLittle"],
  leftFour: ["leftIndex", "leftMiddle", "leftRing", "leftLittle"],
  bothThumbs: ["leftThumb", "rightThumb"],
};
export const partsOf = (name) => SLAPS[name] ?? [name];
const STATE = {
  ACQUIRED: "good", ACQUIRED_BELOW_THRESHOLD: "weak", FAILURE_TO_ACQUIRE: "failed",
  EXCEPTED: "excepted", PENDING: "pending", NOT_REQUIRED: "skipped",
};
export const stateOf = (part) => STATE[part.outcome] ?? "pending";

function el(name, attributes = {}, ...children) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export function sign(kind, size = 24) {
  return el("svg", { viewBox: "-12 -12 24 24", width: size, height: size, "aria-hidden": "true" }, badge(kind));
}

function badge(kind) {
  return el("g", { class: `badge ${kind}` }, el("circle", { r: 11 }), el("path", { d: SIGNS[kind] ?? "" }));
}

function part(name, shape, at, labelAt) {
  const group = el("g", { class: "part", "data-name": name, id: `part-${name}`, role: "option" });
  group.append(shape, el("g", { class: "at", transform: `translate(${at})` }), el("text", { x: labelAt[0], y: labelAt[1], class: "state" }));
  return group;
}

function finger(side, kind) {
  let [x, y, length, width, lean] = FINGERS[kind];
  const mirrored = side === "left";
  const turn = (Math.PI / 180) * lean;
  const tip = (d) => [x + Math.sin(turn) * d, y - Math.cos(turn) * d];
  const place = ([px, py]) => (mirrored ? [LEFT - px, py] : [RIGHT + px, py]);
  const at = place(tip(length - width / 2)), label = place(tip(length + (kind === "Thumb" ? 9 : 7)));
  if (mirrored) { x = LEFT - x; lean = -lean; } else x += RIGHT;
  const shape = el("rect", {
    x: -width / 2, y: -length, width, height: length + 14, rx: width / 2, class: "shape",
    transform: `translate(${x} ${y}) rotate(${lean})`,
  });
  return part(side + kind, shape, at, label);
}

function eye(name, x) {
  const shape = el("g", { transform: `translate(${x} 358)` },
    el("path", { d: "M-56 0 Q0 -44 56 0 Q0 44 -56 0 Z", class: "shape" }),
    el("circle", { r: 19, class: "inner" }));
  return part(name, shape, [x, 358], [x, 403]);
}

function face() {
  const shape = el("g", { transform: "translate(398 360)" },
    el("path", { d: "M-46 26 Q-44 4 -14 2 L14 2 Q44 4 46 26 Z", class: "shape" }),
    el("ellipse", { cx: 0, cy: -18, rx: 22, ry: 27, class: "shape" }));
  return part("face", shape, [398, 343], [398, 403]);
}

export function build(root, choose) {
  const defs = el("defs", {},
    el("pattern", { id: "hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      el("rect", { width: 8, height: 8, class: "hatch-ground" }), el("rect", { width: 3, height: 8, class: "hatch-line" })));
  const svg = el("svg", { viewBox: "-12 34 484 376", role: "listbox", tabindex: "0", id: "diagram" }, defs);
  for (const side of ["left", "right"]) for (const kind of Object.keys(FINGERS)) svg.append(finger(side, kind));
  svg.append(
    el("path", { d: PALM, class: "palm", transform: `translate(${LEFT} 0) scale(-1 1)` }),
    el("path", { d: PALM, class: "palm", transform: `translate(${RIGHT} 0)` }),
    el("text", { x: LEFT - 132, y: 250, class: "hand", "data-hand": "left" }),
    el("text", { x: RIGHT + 132, y: 250, class: "hand", "data-hand": "right" }),
    eye("leftEye", 74), eye("rightEye", 222), face(),
  );
  svg.addEventListener("click", (event) => {
    const group = event.target.closest(".part");
    if (group) choose(group.dataset.name);
  });
  root.replaceChildren(svg);
}

function marks(kind, current) {
  if (kind === "pending") return current ? [badge("now")] : [];
  return kind === "skipped" ? [] : [badge(kind)];
}

export function paint(person, chosen, wanted) {
  const svg = document.getElementById("diagram");
  svg.setAttribute("aria-label", word("parts"));
  for (const hand of svg.querySelectorAll(".hand")) {
    hand.textContent = { id: { left: "KIRI", right: "KANAN" }, en: { left: "LEFT", right: "RIGHT" } }[state.lang][hand.dataset.hand];
  }
  const now = new Set(wanted ? partsOf(wanted) : []);
  for (const one of person.instances) {
    const group = document.getElementById(`part-${one.name}`);
    const kind = stateOf(one), current = now.has(one.name);
    group.setAttribute("class", `part ${kind}${current ? " now" : ""}${partsOf(chosen).includes(one.name) ? " chosen" : ""}`);
    group.setAttribute("aria-selected", String(one.name === chosen));
    group.setAttribute("aria-label", `${upper(say(one.label))}: ${word(kind)}`);
    group.querySelector(".at").replaceChildren(...marks(kind, current));
    const told = kind === "pending" ? (current ? word("now") : "") : word(kind);
    const isFinger = one.modality === "finger";
    group.querySelector(".state").textContent = isFinger ? told : [upper(say(one.label)), told].filter(Boolean).join(": ");
  }
  if (chosen && !chosen.endsWith("Four") && chosen !== "bothThumbs" && chosen !== "evidence") {
    svg.setAttribute("aria-activedescendant", `part-${chosen}`);
  }
}
