// The page: what is next, what came of it, what to do. One suggested action at any time, under
// Enter; everything else has a key of its own.
import * as api from "./api.js";
import * as camera from "./camera.js";
import * as dialogs from "./dialogs.js";
import * as hands from "./hands.js";
import { say, state, upper, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const PERSON = "person", OPERATOR = "operator", LANG = "lang";
const ACTIONS = { STOP: 0, EXCEPTION: 1, FALLBACK: 2, RETAKE: 3, ACCEPT: 4 };
let desk = null, person = null, last = null, manual = null, busy = false, clock = 0, shown = null;

// ---- where we are ----

const path = (rest) => `/api/person/${encodeURIComponent(person.transaction)}/${rest}`;
const part = (name) => person.instances.find((one) => one.name === name);
const label = (name) => (name === "evidence" ? word("evidence") : say(last?.labels?.[name] ?? part(name)?.label ?? person.next?.label));
const target = () => manual ?? person.next?.name ?? null;
const worst = () => [...last.results].sort((a, b) => ACTIONS[a.decision.action] - ACTIONS[b.decision.action] || Number(a.decision.settled) - Number(b.decision.settled))[0];
const wants = (what) => person.exceptions.some((one) => one.missing.includes(what));

function show(view) {
  for (const id of ["start", "work", "done", "locked"]) $(id).hidden = id !== view;
  $("who").hidden = !person || (view !== "work" && view !== "done");
}

function alertOf(text) {
  $("alert").textContent = text;
  $("alert").hidden = !text;
}

function setBusy(now) {
  busy = now;
  $("busy").hidden = !now;
  document.body.setAttribute("aria-busy", String(now));
}

async function guarded(work) {
  if (busy) return;
  alertOf("");
  setBusy(true);
  try { await work(); } catch (error) {
    alertOf(error instanceof api.Refused ? error.message : word("e_refused"));
    if (!(error instanceof api.Refused)) throw error;
  } finally {
    setBusy(false);
  }
}

function took(view) {
  person = view;
  clock = Date.now();
  paint();
}

// ---- what is to be done: verdict, advice, the suggested action ----

function standing() {
  if (last?.device) return ofDecision(last.device, null);
  if (target() === "evidence") return ofEvidence();
  if (last) return ofDecision(worst().decision, worst());
  if (!target()) return ofEnd();
  const one = part(hands.partsOf(target())[0]);
  if (one.outcome === "EXCEPTED" && hands.partsOf(target()).length === 1) {
    return { sign: "excepted", verdict: word("v_excepted"), advice: word("a_excepted"), ...goOn() };
  }
  if (one.next && hands.partsOf(target()).length === 1) return ofDecision(one.next, null);
  return {
    sign: "none", verdict: word("v_none"), advice: word("a_none", { part: label(target()) }),
    text: word("m_take"), run: take,
  };
}

function ofDecision(decision, result) {
  if (decision.settled) return ofSettled(decision);
  const name = label(decision.present?.name ?? decision.name);
  const told = say(decision.advice) || word(`a_${decision.action}`, { part: name });
  const base = { verdict: word(`v_${decision.action}`), advice: result && last.results.length > 1 ? `${upper(label(result.name))}: ${told}` : told };
  if (decision.action === "EXCEPTION") return { ...base, advice: word("a_EXCEPTION"), sign: "excepted", text: word("m_except"), run: () => except(decision.name) };
  if (decision.action === "RETAKE") return { ...base, sign: "weak", text: word("m_again"), run: take };
  if (decision.step) {
    return { ...base, sign: decision.action === "STOP" ? "failed" : "weak", text: word(decision.again ? "m_done" : "m_step"), run: () => stepDone(decision) };
  }
  return { ...base, sign: "failed", text: word("m_again"), run: take };
}

function ofSettled(decision) {
  const kinds = { ACQUIRED: ["good", "v_ACCEPT", "a_ACCEPT"], ACQUIRED_BELOW_THRESHOLD: ["weak", "v_kept", "a_kept"], EXCEPTED: ["excepted", "v_excepted", "a_excepted"] };
  const [kind, verdict, advice] = kinds[decision.outcome] ?? ["failed", "v_failed", "a_failed"];
  const end = !person.next && decision.outcome === "ACQUIRED";
  return { sign: kind, verdict: word(verdict), advice: word(end ? "a_all" : advice), ...goOn() };
}

function ofEvidence() {
  const photo = person.evidence.at(-1);
  if (!photo) return { sign: "none", verdict: word("v_none"), advice: word("how_evidence"), text: word("m_take"), run: take };
  if (photo.complete) return { sign: "good", verdict: word("v_complete"), advice: word("a_complete"), ...goOn() };
  return { sign: "weak", verdict: word("v_look"), advice: photo.defects.map((one) => say(one.advice)).join(" "), ...goOn() };
}

function ofEnd() {
  const ending = { sign: "good", verdict: word("v_all"), advice: word("a_all"), text: word("m_review"), run: review };
  if (wants("EVIDENCE") && !person.evidence.length) return { ...ending, sign: "excepted", advice: word("todo_EVIDENCE"), text: word("m_evidence"), run: () => choose("evidence") };
  if (wants("APPROVAL")) return { ...ending, sign: "excepted", advice: word("todo_APPROVAL"), text: word("m_approve"), run: approve };
  return ending;
}

function goOn() {
  const next = person.next;
  if (!next) {
    const end = ofEnd();
    return { text: end.text, run: () => { choose(null); if (end.run !== review) end.run(); else review(); } };
  }
  return { text: word("m_next", { part: say(next.label) }), run: () => choose(null) };
}

// ---- painting ----

function paint() {
  document.documentElement.lang = state.lang;
  for (const node of document.querySelectorAll("[data-w]")) node.textContent = word(node.dataset.w);
  $("lang").querySelector("span").textContent = word("language");
  if (!person || $("work").hidden) return paintTop();
  paintTop();
  const on = last ? last.target : target();
  hands.paint(person, on ?? "", person.next?.name);
  const done = person.instances.filter((one) => one.outcome !== "PENDING").length;
  $("count").textContent = `${done} ${word("of")} ${person.instances.length}`;
  $("stagekind").textContent = word(on === "evidence" ? "stage_evidence" : last ? "stage_last" : "stage_now");
  $("stagename").textContent = on ? upper(label(on)) : word("v_all");
  $("how").textContent = on ? `${how(on)}` : "";
  $("empty").hidden = Boolean(shown) || camera.running();
  $("picture").hidden = !shown || camera.running();
  $("video").hidden = !camera.running();
  $("camerabutton").hidden = !(on === "face" || on === "evidence") || !camera.available() || !desk.camera;
  $("camerabutton").querySelector("span").textContent = word(camera.running() ? "camera_off" : "camera");
  paintAnswer(standing());
}

function how(name) {
  const kind = name === "evidence" ? "evidence" : part(hands.partsOf(name)[0]).modality;
  return word(`how_${kind}`, { part: label(name) });
}

function paintTop() {
  $("office").textContent = desk?.office ?? "";
  $("station").textContent = desk?.station ?? "";
  $("queue").textContent = person?.queue ?? "–";
  if (!person) return;
  const used = person.seconds + ($("work").hidden ? 0 : (Date.now() - clock) / 1000);
  const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  $("timetext").textContent = word("minutes", { used: minutes(used), budget: minutes(person.budget) });
  $("timebar").parentElement.classList.toggle("over", used > person.budget);
  $("timebar").style.inlineSize = `${Math.min(100, (100 * used) / person.budget)}%`;
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
  paintOthers();
  $("legend").replaceChildren(...["good", "weak", "failed", "excepted"].map((kind) => {
    const line = document.createElement("li");
    line.append(hands.sign(kind, 18), word(`legend_${kind}`));
    return line;
  }));
  if (!document.querySelector("dialog[open]")) $("main").focus({ preventScroll: true });
}

function paintResults() {
  const several = last && last.results.length > 1;
  $("results").replaceChildren(...(several ? last.results.map(resultLine) : []));
  const one = last && !several ? last.results[0] : null;
  const view = last?.device ? null : one ? part(one.name) : target() && target() !== "evidence" && !last && hands.partsOf(target()).length === 1 ? part(target()) : null;
  const facts = last?.device ? [text("p", word("not_counted"), "note")] : [];
  if (view && (one || view.used)) {
    if (one?.score != null || view.score != null) facts.push(meter(one?.score ?? view.score, view.accept));
    facts.push(text("p", word(view.outcome === "PENDING" ? "attempts" : "attempt", { used: view.used, left: view.left })));
    if (one && !one.decision.counted) facts.push(text("p", word("not_counted"), "note"));
    facts.push(...findings(view, one?.defects ?? view.defects));
  }
  $("facts").replaceChildren(...facts);
}

// On a face the findings carry the numbers that stand in the picture.
function findings(view, found) {
  if (view.modality === "face" && found.length > 1) {
    const list = document.createElement("ol");
    list.append(...found.slice(0, 5).map((one) => text("li", say(one.title))));
    return [list];
  }
  const also = found.slice(1).map((one) => say(one.title).toLowerCase());
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

function text(tag, content, className = "") {
  const node = document.createElement(tag);
  node.textContent = content;
  node.className = className;
  return node;
}

function paintOthers() {
  const on = last ? last.target : target();
  const one = on && on !== "evidence" && hands.partsOf(on).length === 1 ? part(on) : null;
  const weak = one && one.outcome !== "ACQUIRED" && one.outcome !== "EXCEPTED" && one.score != null;
  const entries = [
    last || one?.used ? ["r", "k_again", again] : null,
    weak ? ["t", "k_keep", () => keep(on)] : null,
    one?.outcome === "EXCEPTED" ? ["k", "k_withdraw", () => order("withdraw", { names: [on] })] : on && on !== "evidence" ? ["k", "k_except", () => except(exceptable(on))] : null,
    on && on !== "evidence" ? ["l", "k_step", () => noteStep(on)] : null,
    on && on !== "evidence" ? ["g", "k_fault", () => fault(on)] : null,
    person.exceptions.length ? ["f", "k_evidence", () => choose("evidence")] : null,
    wants("APPROVAL") ? ["a", "k_approve", approve] : null,
    on ? ["n", "k_skip", skip] : null,
    ["s", "k_finish", review],
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

async function showPicture(name) {
  const blob = person && name ? await api.picture(path(`picture/${name}?lang=${state.lang}`)) : null;
  if (shown) URL.revokeObjectURL(shown);
  shown = blob ? URL.createObjectURL(blob) : null;
  if (shown) { $("picture").src = shown; $("picture").alt = upper(label(name)); } else $("picture").removeAttribute("src");
  $("picture").hidden = !shown;
  $("empty").hidden = Boolean(shown) || camera.running();
}

// ---- what the officer does ----

function choose(name) {
  if (camera.running()) camera.stop($("video"));
  manual = name;
  last = null;
  $("guide").hidden = true;
  const one = name && name !== "evidence" ? name : null;
  showPicture(one).then(paint);
}

function take() {
  if (camera.running()) return shoot();
  const on = last ? captureTarget() : target();
  if ((on === "face" || on === "evidence") && camera.available() && desk.camera) return startCamera();
  $("file").click();
}

// A capture after a settled result is of the next part; after an open one, of what was asked for.
function captureTarget() {
  if (!last) return target();
  if (last.target === "evidence") return manual ?? person.next?.name;
  return manual ?? person.next?.name ?? last.target;
}

function again() {
  const on = last ? last.target : target();
  choose(on);
  take();
}

async function taken(files) {
  if (!files.length || !person || $("work").hidden) return;
  const on = captureTarget() ?? (last ? last.target : null);
  if (!on) return;
  await guarded(async () => {
    if (on === "evidence") return evidenceTaken(await api.send(path("evidence"), files[0]));
    if (files.length === 1) return answered(on, await api.send(path(`present/${on}`), files[0]));
    for (const file of files) guide(await api.send(path(`preview/${on}`), file));
    return answered(on, await api.post(path(`best/${on}`)));
  });
}

async function evidenceTaken(view) {
  manual = "evidence";
  last = null;
  took(view);
  await showPicture(null);
}

async function answered(on, { presented, person: view }) {
  if (camera.running()) camera.stop($("video"));
  $("guide").hidden = true;
  const labels = Object.fromEntries([...presented.results, ...(person.next ? [person.next] : [])].map((one) => [one.name, one.label]));
  last = { target: on, results: presented.results, device: presented.results.length ? null : presented.device, labels };
  manual = null;
  took(view);
  await showPicture(last.results.length ? worst().name : null);
}

function guide(seen) {
  $("guide").hidden = false;
  $("guide").className = `guide ${seen.ready ? "good" : "weak"}`;
  $("guide").textContent = seen.ready ? word("camera_ready") : seen.defects.map((one) => say(one.advice))[0] ?? word("camera_wait");
}

async function startCamera() {
  $("guide").hidden = false;
  $("guide").className = "guide";
  $("guide").textContent = word("camera_wait");
  if (last) { manual = captureTarget(); last = null; }
  try {
    await camera.start($("video"), async (blob) => {
      if (busy || target() === "evidence") { if (target() === "evidence") $("guide").textContent = word("how_evidence"); return; }
      try { guide(await api.send(path(`preview/${target()}`), blob)); } catch { /* the next frame comes soon */ }
    });
  } catch {
    camera.stop($("video"));
    $("guide").hidden = true;
    desk.camera = false;  // Enter opens a file from now on
    alertOf(word("camera_none"));
  }
  paint();
}

async function shoot() {
  const on = target();
  await guarded(async () => {
    if (on === "evidence") {
      const blob = await camera.frame($("video"));
      camera.stop($("video"));
      $("guide").hidden = true;
      return evidenceTaken(await api.send(path("evidence"), blob));
    }
    let answer;
    try { answer = await api.post(path(`best/${on}`)); } catch (error) {
      if (!(error instanceof api.Refused)) throw error;
      answer = await api.send(path(`present/${on}`), await camera.frame($("video")));
    }
    return answered(on, answer);
  });
}

async function order(what, body) {
  await guarded(async () => {
    const view = await api.post(path(what), body);
    last = null;
    took(view);
  });
}

async function stepDone(decision) {
  const device = Boolean(last?.device), on = captureTarget();
  await order("step", { names: device ? [] : [decision.name], step: decision.step });
  if (decision.again) { manual = on; take(); } else choose(null);
}

function except(name) {
  const open = person.instances.filter((one) => one.hand && one.hand === part(name).hand && one.outcome !== "ACQUIRED" && one.outcome !== "EXCEPTED");
  dialogs.except(desk, part(name), open, async (told) => { await order("except", told); choose(null); });
}

const fault = (name) => dialogs.fault(desk, async (code) => guarded(async () => answered(name, await api.post(path("fault"), { names: [name], code }))));
const noteStep = (name) => dialogs.step(desk, part(hands.partsOf(name)[0]).modality, async (step) => { await order("step", { names: hands.partsOf(name).length === 1 ? [name] : [], step }); });
const keep = (name) => dialogs.keep(part(name), async (reason) => { await order("override", { names: [name], action: "ACCEPT", reason }); choose(null); });

function approve() {
  const names = person.exceptions.filter((one) => one.missing.includes("APPROVAL")).map((one) => one.name);
  dialogs.approve(desk, async (told) => { await order("approve", { names, ...told }); choose(null); });
}

function review() {
  dialogs.review(person, () => guarded(async () => {
    const done = await api.post(path("finish"), { lang: state.lang });
    if (camera.running()) camera.stop($("video"));
    sessionStorage.removeItem(PERSON);
    $("donetitle").textContent = word(done.verdict);
    $("donetext").textContent = word("done_text");
    $("slip").src = URL.createObjectURL(new Blob([done.slip], { type: "text/html" }));
    show("done");
    paintTop();
    $("nextperson").focus();
  }));
}

function skip() {
  const from = hands.partsOf(last ? last.target : target());
  const rest = hands.ORDER.filter((name) => part(name).outcome === "PENDING" && !from.includes(name));
  const at = hands.ORDER.indexOf(from.at(-1));
  choose(rest.find((name) => hands.ORDER.indexOf(name) > at) ?? rest[0] ?? null);
}

function move(by) {
  const on = hands.partsOf(last ? last.target : target() ?? "face").filter((name) => hands.ORDER.includes(name));
  const at = hands.ORDER.indexOf(by > 0 ? on.at(-1) : on[0]);
  choose(hands.ORDER[(Math.max(at, 0) + by + hands.ORDER.length) % hands.ORDER.length]);
}

// ---- beginning and ending ----

function fresh() {
  person = null;
  last = manual = null;
  showPicture(null);
  $("slip").removeAttribute("src");
  sessionStorage.removeItem(PERSON);
  for (const id of ["f-queue", "f-nik", "f-age"]) $(id).value = "";
  countNik();
  $("f-operator").value = state.operator ?? "";
  show("start");
  paint();
  $("f-queue").focus();
  loadDesk();
}

async function loadDesk() {
  desk = await api.get("/api/desk");
  state.device = desk.device;
  $("waiting").hidden = !desk.waiting.length;
  $("waitinglist").replaceChildren(...desk.waiting.map((one) => {
    const line = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.append(text("span", word("resume")), text("b", one.queue ?? word("no_number")));
    button.onclick = () => guarded(() => enter(one.transaction));
    line.append(button);
    return line;
  }));
  paintTop();
}

async function enter(transaction) {
  state.operator = $("f-operator").value.trim() || state.operator;
  if (!state.operator) { $("f-operator").focus(); throw new api.Refused(word("e_entry")); }
  sessionStorage.setItem(OPERATOR, state.operator);
  began(await api.get(`/api/person/${encodeURIComponent(transaction)}`));
}

function began(view) {
  last = manual = null;
  sessionStorage.setItem(PERSON, view.transaction);
  person = view;
  show("work");
  took(view);
  const open = view.questions.filter((one) => !one.done);
  if (open.length) dialogs.ask(open, async (steps) => { for (const step of steps) await order("step", { names: [], step }); paint(); });
}

function countNik() {
  $("nikcount").textContent = `${$("f-nik").value.replace(/\D/g, "").length}/16`;
}

async function begin(event) {
  event.preventDefault();
  const nik = $("f-nik").value.replace(/[\s.-]/g, "");
  const operator = $("f-operator").value.trim();
  if (!nik || !operator) {
    alertOf(word("e_entry"));
    return (nik ? $("f-operator") : $("f-nik")).focus();
  }
  await guarded(async () => {
    state.operator = operator;
    sessionStorage.setItem(OPERATOR, operator);
    const age = $("f-age").value.trim();
    const view = await api.post("/api/begin", {
      nik, operator, queue_number: $("f-queue").value.trim() || null,
      village: $("f-village").value.trim() || null, age_years: /^\d+$/.test(age) ? Number(age) : null,
    });
    $("f-nik").value = "";
    countNik();
    began(view);
  });
  if (!$("start").hidden) $("f-nik").select();
}

// ---- keys, files ----

function language() {
  state.lang = state.lang === "id" ? "en" : "id";
  localStorage.setItem(LANG, state.lang);
  paint();
  if (person && !$("work").hidden) showPicture(last?.results.length ? worst().name : manual);
}

const typing = () => /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (typing()) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "?") { event.preventDefault(); return dialogs.help(); }
  if (key === "b") { event.preventDefault(); return language(); }
  if (!$("done").hidden && key === "p") { event.preventDefault(); return $("slip").contentWindow.print(); }
  if ($("work").hidden) return;
  const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  if (moves[key]) { event.preventDefault(); return move(moves[key]); }
  if (key === " " && camera.running()) { event.preventDefault(); return shoot(); }
  if (key === "Escape") return camera.running() || manual ? choose(null) : undefined;
  if (key === "Enter") {
    if (document.activeElement?.tagName === "BUTTON") return undefined;  // it is pressed itself
    event.preventDefault();
    return $("main").click();
  }
  const button = [...document.querySelectorAll("#work [data-key]")].find((one) => one.dataset.key === key && !one.hidden);
  if (button) { event.preventDefault(); button.click(); }
}

function listen() {
  $("begin").addEventListener("submit", begin);
  $("f-nik").addEventListener("input", countNik);
  $("lang").onclick = language;
  $("help").onclick = dialogs.help;
  $("nextperson").onclick = fresh;
  $("print").onclick = () => $("slip").contentWindow.print();
  $("file").addEventListener("change", (event) => { const files = [...event.target.files]; event.target.value = ""; taken(files); });
  document.querySelector('[data-do="open"]').onclick = () => $("file").click();
  document.querySelector('[data-do="camera"]').onclick = () => (camera.running() ? (choose(manual), paint()) : startCamera());
  document.addEventListener("keydown", pressed);
  document.addEventListener("paste", (event) => taken([...event.clipboardData.files]));
  for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over"); });
  document.addEventListener("drop", (event) => { event.preventDefault(); $("drop").classList.remove("over"); taken([...event.dataTransfer.files]); });
  setInterval(paintTop, 1000);
}

async function main() {
  if (!api.takeKey()) { paint(); return show("locked"); }
  state.operator = sessionStorage.getItem(OPERATOR);
  hands.build($("parts"), (name) => choose(name));
  listen();
  desk = await api.get("/api/desk");
  state.lang = localStorage.getItem(LANG) ?? desk.lang;
  const open = sessionStorage.getItem(PERSON);
  if (open && state.operator && desk.waiting.some((one) => one.transaction === open)) {
    state.device = desk.device;
    return guarded(() => enter(open));
  }
  fresh();
}

main().catch((error) => alertOf(error.message));
