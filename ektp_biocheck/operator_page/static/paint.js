// Painting: the diagram, the stage, the answer. Nothing here decides anything.
import * as api from "./api.js";
import * as camera from "./camera.js";
import * as hands from "./hands.js";
import { here, label, part, path, target, wants, worst } from "./here.js";
import { act, standing } from "./standing.js";
import { say, state, upper, word } from "./words.js";

const $ = (id) => document.getElementById(id);

export function show(view) {
  for (const id of ["start", "work", "done", "locked"]) $(id).hidden = id !== view;
  $("who").hidden = !here.person || (view !== "work" && view !== "done");
}

export function alertOf(text) {
  $("alert").textContent = text;
  $("alert").hidden = !text;
}

export function setBusy(now) {
  $("busy").hidden = !now;
  document.body.setAttribute("aria-busy", String(now));
}

export function paint() {
  document.documentElement.lang = state.lang;
  for (const node of document.querySelectorAll("[data-w]")) node.textContent = word(node.dataset.w);
  $("lang").querySelector("span").textContent = word("language");
  if (!here.person || $("work").hidden) return paintTop();
  paintTop();
  const on = here.last ? here.last.target : target();
  hands.paint(here.person, on ?? "", here.last ? here.person.next?.name : target());
  const done = here.person.instances.filter((one) => one.outcome !== "PENDING").length;
  $("count").textContent = `${done} ${word("of")} ${here.person.instances.length}`;
  $("stagekind").textContent = word(on === "evidence" ? "stage_evidence" : here.last ? "stage_last" : "stage_now");
  $("stagename").textContent = on ? upper(label(on)) : word("v_all");
  $("how").textContent = on ? `${how(on)}` : "";
  $("empty").hidden = Boolean(here.shown) || camera.running();
  $("picture").hidden = !here.shown || camera.running();
  $("video").hidden = !camera.running();
  $("camerabutton").hidden = !(on === "face" || on === "evidence") || !camera.available() || !here.desk.camera;
  $("camerabutton").querySelector("span").textContent = word(camera.running() ? "camera_off" : "camera");
  paintAnswer(standing());
}

function how(name) {
  const kind = name === "evidence" ? "evidence" : part(hands.partsOf(name)[0]).modality;
  return word(`how_${kind}`, { part: label(name) });
}

export function paintTop() {
  $("office").textContent = here.desk?.office ?? "";
  $("station").textContent = here.desk?.station ?? "";
  $("queue").textContent = here.person?.queue ?? "–";
  if (!here.person) return;
  const used = here.person.seconds + ($("work").hidden ? 0 : (Date.now() - here.clock) / 1000);
  const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  $("timetext").textContent = word("minutes", { used: minutes(used), budget: minutes(here.person.budget) });
  $("timebar").parentElement.classList.toggle("over", used > here.person.budget);
  $("timebar").style.inlineSize = `${Math.min(100, (100 * used) / here.person.budget)}%`;
}

function paintAnswer(now) {
  $("verdictbox").className = `verdict ${now.sign}`;
  $("verdicticon").replaceChildren(now.sign === "none" ? "" : hands.sign(now.sign, 44));
  $("verdict").textContent = now.verdict;
  $("advice").textContent = now.advice;
  $("say").textContent = `${now.verdict}. ${now.advice}`;
  $("maintext").textContent = now.text;
  $("main").onclick = () => now.run();
  paintResults();
  paintOthers(now.run === act.take);
  $("legend").replaceChildren(...["good", "weak", "failed", "excepted"].map((kind) => {
    const line = document.createElement("li");
    line.append(hands.sign(kind, 18), word(`legend_${kind}`));
    return line;
  }));
  if (!document.querySelector("dialog[open]")) $("main").focus({ preventScroll: true });
}

function paintResults() {
  const several = here.last && here.last.results.length > 1;
  $("results").replaceChildren(...(several ? here.last.results.map(resultLine) : []));
  const one = here.last && !several ? here.last.results[0] : null;
  const view = here.last?.device ? null : one ? part(one.name) : target() && target() !== "evidence" && !here.last && hands.partsOf(target()).length === 1 ? part(target()) : null;
  const facts = here.last?.device ? [text("p", word("not_counted"), "note")] : [];
  if (view && (one || view.used)) {
    if (one?.score != null || view.score != null) facts.push(meter(one?.score ?? view.score, view.accept));
    facts.push(text("p", word(view.outcome === "PENDING" ? "attempts" : "attempt", { used: view.used, left: view.left })));
    if (one && !one.decision.counted) facts.push(text("p", word("not_counted"), "note"));
    facts.push(...findings(view, one?.defects ?? view.defects, (one?.decision ?? view.next)?.defect));
  }
  $("facts").replaceChildren(...facts);
}

// On a face the findings carry the numbers that stand in the picture.
function findings(view, found, told) {
  if (view.modality === "face" && found.length > 1) {
    const list = document.createElement("ol");
    list.append(...found.slice(0, 5).map((one) => text("li", say(one.title))));
    return [list];
  }
  const also = found.filter((one) => one.code !== told).map((one) => say(one.title).toLowerCase());
  return also.length && view.outcome === "PENDING" ? [text("p", `${word("also")}: ${also.join(", ")}.`)] : [];
}

function resultLine(one) {
  const line = document.createElement("li");
  const kind = one.decision.settled ? hands.stateOf({ outcome: one.decision.outcome }) : one.decision.action === "EXCEPTION" ? "excepted" : "failed";
  const told = one.decision.settled ? word(one.decision.outcome === "ACQUIRED" ? "v_ACCEPT" : one.decision.outcome === "ACQUIRED_BELOW_THRESHOLD" ? "v_kept" : one.decision.outcome === "EXCEPTED" ? "v_excepted" : "v_failed") : one.defects.length ? say(one.defects[0].title) : word("v_RETAKE");
  const button = document.createElement("button");
  button.type = "button";
  button.append(hands.sign(kind, 20), text("b", upper(say(one.label))), text("span", told), text("i", one.score ?? "–"));
  button.onclick = () => showPicture(one.name);
  line.append(button);
  return line;
}

function meter(score, accept) {
  const box = document.createElement("div");
  box.className = `meter ${score >= accept ? "good" : "weak"}`;
  const bar = document.createElement("span"), fill = document.createElement("i"), mark = document.createElement("em");
  bar.className = "bar";
  fill.style.inlineSize = `${score}%`;
  mark.style.insetInlineStart = `${accept}%`;
  bar.append(fill, mark);
  box.append(text("p", `${word("score")} ${score}`), bar, text("p", `${word("bar")} ${accept}`));
  return box;
}

export function text(tag, content, className = "") {
  const node = document.createElement(tag);
  node.textContent = content;
  node.className = className;
  return node;
}

function paintOthers(taking) {
  const on = here.last ? here.last.target : target();
  const one = on && on !== "evidence" && hands.partsOf(on).length === 1 ? part(on) : null;
  const weak = one && one.outcome !== "ACQUIRED" && one.outcome !== "EXCEPTED" && one.score != null;
  const entries = [
    (here.last || one?.used) && !taking ? ["r", "k_again", act.again] : null,
    weak ? ["t", "k_keep", () => act.keep(on)] : null,
    one?.outcome === "EXCEPTED" ? ["k", "k_withdraw", () => act.order("withdraw", { names: [on] })] : on && on !== "evidence" ? ["k", "k_except", () => act.except(exceptable(on))] : null,
    on && on !== "evidence" ? ["l", "k_step", () => act.noteStep(on)] : null,
    on && on !== "evidence" ? ["g", "k_fault", () => act.fault(on)] : null,
    here.person.exceptions.length ? ["f", "k_evidence", () => act.choose("evidence")] : null,
    wants("APPROVAL") ? ["a", "k_approve", act.approve] : null,
    on ? ["n", "k_skip", act.skip] : null,
    ["s", "k_finish", act.review],
  ].filter(Boolean);
  $("others").replaceChildren(...entries.map(([key, name, run]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = key;
    button.append(text("kbd", key.toUpperCase()), text("span", word(name)));
    button.onclick = run;
    return button;
  }));
}

const exceptable = (name) => hands.partsOf(name).find((one) => part(one).outcome !== "ACQUIRED") ?? hands.partsOf(name)[0];

export async function showPicture(name) {
  const blob = here.person && name ? await api.picture(path(`picture/${name}?lang=${state.lang}`)) : null;
  if (here.shown) URL.revokeObjectURL(here.shown);
  here.shown = blob ? URL.createObjectURL(blob) : null;
  if (here.shown) { $("picture").src = here.shown; $("picture").alt = upper(label(name)); } else $("picture").removeAttribute("src");
  $("picture").hidden = !here.shown;
  $("empty").hidden = Boolean(here.shown) || camera.running();
}
