// Questions to the officer. Each is answered with Enter and left with Esc.
import { say, state, upper, word } from "./words.js";

const $ = (id) => document.getElementById(id);

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made[key] = value;
  made.append(...children);
  return made;
}

function open(title, yes, body, done) {
  $("dialogtitle").textContent = title;
  $("dialogbody").replaceChildren(...body);
  $("yes").hidden = !yes;
  $("yes").querySelector("span").textContent = yes ?? "";
  $("no").querySelector("span").textContent = word(yes ? "cancel" : "close");
  const form = $("dialog").querySelector("form");
  form.onsubmit = (event) => { event.preventDefault(); if (done && done() === false) return; $("dialog").close(); };
  $("no").onclick = () => $("dialog").close();
  $("dialog").onclose = () => document.getElementById("main")?.focus({ preventScroll: true });
  $("dialog").showModal();
  (body.map((one) => one.querySelector?.("input, select")).find(Boolean) ?? (yes ? $("yes") : $("no"))).focus();
}

function radios(name, title, options, chosen) {
  const box = node("fieldset", { className: options.length > 3 || options.length === 2 ? "choices two" : "choices" }, node("legend", { textContent: title }));
  options.forEach(([value, text], at) => {
    const input = node("input", { type: "radio", name, value, checked: value === chosen || (!chosen && at === 0), id: `${name}-${value}` });
    box.append(node("label", {}, input, node("span", { textContent: text })));
  });
  return box;
}

const chosen = (name) => document.querySelector(`#dialog input[name="${name}"]:checked`)?.value;

export function except(desk, one, rest, done) {
  const reasons = desk.reasons.filter((reason) => reason.modalities.includes(one.modality));
  const body = [];
  if (rest.length > 1) body.push(radios("whole", word("except_whole"), [["one", upper(word("except_one", { part: say(one.label) }))], ["hand", upper(word("except_hand"))]]));
  const list = radios("reason", word("except_reason"), reasons.map((reason) => [reason.code, upper(say(reason.text))]));
  const lasting = node("div"), date = node("div");
  body.push(list, lasting, date);
  const fit = () => {
    const reason = reasons.find((each) => each.code === chosen("reason"));
    const before = chosen("permanence");
    lasting.replaceChildren(radios("permanence", word("permanence"), reason.permanences.map((each) => [each, word(each)]), reason.permanences.includes(before) ? before : null));
    dated();
  };
  const dated = () => {
    const temporary = chosen("permanence") === "TEMPORARY";
    const input = node("input", { type: "date", id: "review_by", min: desk.today });
    if (temporary && !date.firstChild) date.replaceChildren(node("label", { className: "line" }, node("span", { textContent: word("review_by") }), input));
    if (!temporary) date.replaceChildren();
  };
  list.addEventListener("change", fit);
  lasting.addEventListener("change", dated);
  open(word("except_title", { part: say(one.label) }), word("except_yes"), body, () => {
    const reason = reasons.find((each) => each.code === chosen("reason"));
    const names = chosen("whole") === "hand" ? rest.map((each) => each.name) : [one.name];
    done({ names, kind: reason.kind, reason: reason.code, permanence: chosen("permanence"), review_by: $("review_by")?.value || null });
  });
  fit();
}

export function fault(desk, done) {
  open(word("fault_title"), word("fault_yes"), [
    node("p", { textContent: word("fault_text") }),
    radios("code", word("fault_title"), desk.faults.map((one) => [one.code, say(one.title)])),
  ], () => { done(chosen("code")); });
}

export function step(desk, modality, done) {
  const steps = desk.steps.filter((one) => one.about.includes(modality));
  const list = radios("step", word("step_title"), steps.map((one) => [one.code, say(one.text)]));
  open(word("step_title"), word("step_yes"), [list], () => { done(chosen("step")); });
}

export function keep(one, done) {
  const reasons = ["NO_BETTER", "TIRED", "SEEN"].map((code) => [code, word(`KEEP_${code}`)]);
  open(word("keep_title", { part: say(one.label) }), word("keep_yes"), [
    node("p", { textContent: word("keep_text") }), radios("reason", word("except_reason"), reasons),
  ], () => { done(chosen("reason")); });
}

export function approve(desk, done) {
  const by = node("input", { id: "approve_by", maxLength: 32, autocomplete: "off" });
  open(word("approve_title"), word("approve_yes"), [
    node("label", { className: "line" }, node("span", { textContent: word("approve_by") }), by),
    radios("mode", word("approve_title"), desk.approval.map((mode) => [mode, word(mode)])),
  ], () => {
    if (!by.value.trim() && chosen("mode") !== "DEFERRED") { by.focus(); return false; }
    done({ by: by.value.trim() || state.operator, mode: chosen("mode") });
    return true;
  });
}

export function review(person, done) {
  const lines = person.reasons.map((reason) => {
    const parts = [reason.label ? upper(say(reason.label)) : "", say(reason.text)].filter(Boolean).join(": ");
    const why = reason.defects.length ? ` (${say(reason.defects[0].title).toLowerCase()})` : "";
    return node("li", { textContent: upper(parts) + why });
  });
  const body = [node("p", { className: `state ${person.verdict}`, textContent: word(person.verdict) })];
  if (person.verdict === "BELOW_POLICY") body.push(node("p", { textContent: word("review_below") }));
  body.push(lines.length ? node("ul", { className: "reasons" }, ...lines) : node("p", { textContent: word("review_ok") }));
  open(word("review_title"), word("review_yes"), body, () => { done(); });
}

export function ask(questions, done) {
  const list = questions.map((one, at) => {
    const input = node("input", { type: "checkbox", value: one.step, id: `ask-${one.step}` });
    return node("label", { className: "tick" }, input, node("kbd", { textContent: at + 1 }), node("span", { textContent: say(one.text) }));
  });
  const box = node("div", { className: "ticks" }, ...list);
  box.addEventListener("keydown", (event) => {
    const tick = /^[1-9]$/.test(event.key) && box.querySelectorAll("input")[Number(event.key) - 1];
    if (tick) { event.preventDefault(); tick.click(); tick.focus(); }
    if (event.key === "Enter") { event.preventDefault(); $("yes").click(); }
  });
  open(word("ask_title"), word("ask_go"), [node("p", { textContent: word("ask_text") }), box], () => {
    done([...box.querySelectorAll("input:checked")].map((input) => input.value));
  });
}

export function help() {
  const rows = [
    ["Enter", "keys_main"], ["← →", "keys_arrows"], ["O", "keys_open"], ["Ctrl V", "keys_paste"], ["C", "keys_camera"],
    ["R", "k_again"], ["T", "k_keep"], ["K", "k_except"], ["L", "k_step"], ["G", "k_fault"], ["F", "k_evidence"],
    ["A", "k_approve"], ["N", "k_skip"], ["S", "k_finish"], ["B", "keys_lang"], ["Esc", "keys_esc"], ["?", "keys_help"],
  ];
  const list = node("dl", { className: "keys" });
  for (const [key, name] of rows) list.append(node("dt", {}, node("kbd", { textContent: key })), node("dd", { textContent: upper(word(name)) }));
  open(word("keys"), null, [list]);
}
