// The page: what the officer does, and with which key. One suggested action at any time, under
// Enter; everything else has a key of its own.
import * as api from "./api.js";
import * as camera from "./camera.js";
import * as dialogs from "./dialogs.js";
import * as hands from "./hands.js";
import { here, part, path, target, wants, worst } from "./here.js";
import { alertOf, paint, paintTop, setBusy, show, showPicture, text } from "./paint.js";
import { act } from "./standing.js";
import { say, state, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const PERSON = "person", OPERATOR = "operator", LANG = "lang";
let busy = false;

async function guarded(work) {
  if (busy) return;
  busy = true;
  alertOf("");
  setBusy(true);
  try { await work(); } catch (error) {
    alertOf(error instanceof api.Refused ? error.message : word("e_refused"));
    if (!(error instanceof api.Refused)) throw error;
  } finally {
    busy = false;
    setBusy(false);
  }
}

function took(view) {
  here.person = view;
  here.clock = Date.now();
  paint();
}

// ---- what the officer does ----

function choose(name) {
  if (camera.running()) camera.stop($("video"));
  here.manual = name;
  here.last = null;
  $("guide").hidden = true;
  showPicture(name).then(paint);
}

function take() {
  if (camera.running()) return shoot();
  const on = here.last ? captureTarget() : target();
  if ((on === "face" || on === "evidence") && camera.available() && here.desk.camera) return startCamera();
  $("file").click();
}

// A capture after a settled result is of the next part; after an open one, of what was asked for.
function captureTarget() {
  if (!here.last) return target();
  if (here.last.target === "evidence") return here.manual ?? here.person.next?.name;
  return here.manual ?? here.person.next?.name ?? here.last.target;
}

function again() {
  const on = here.last ? here.last.target : target();
  choose(on);
  take();
}

async function taken(files) {
  if (!files.length || !here.person || $("work").hidden) return;
  const on = captureTarget() ?? (here.last ? here.last.target : null);
  if (!on) return;
  await guarded(async () => {
    if (on === "evidence") return evidenceTaken(await api.send(path("evidence"), files[0]));
    if (files.length === 1) return answered(on, await api.send(path(`present/${on}`), files[0]));
    for (const file of files) guide(await api.send(path(`preview/${on}`), file));
    return answered(on, await api.post(path(`best/${on}`)));
  });
}

async function evidenceTaken(view) {
  here.manual = "evidence";
  here.last = null;
  took(view);
  await showPicture("evidence");
  paint();
}

async function answered(on, { presented, person: view }) {
  if (camera.running()) camera.stop($("video"));
  $("guide").hidden = true;
  const labels = Object.fromEntries([...presented.results, ...(here.person.next ? [here.person.next] : [])].map((one) => [one.name, one.label]));
  here.last = { target: on, results: presented.results, device: presented.results.length ? null : presented.device, labels };
  here.manual = null;
  took(view);
  await showPicture(here.last.results.length ? worst().name : null);
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
  if (here.last) { here.manual = captureTarget(); here.last = null; }
  try {
    await camera.start($("video"), async (blob) => {
      if (busy || target() === "evidence") { if (target() === "evidence") $("guide").textContent = word("how_evidence"); return; }
      try { guide(await api.send(path(`preview/${target()}`), blob)); } catch { /* the next frame comes soon */ }
    });
  } catch {
    camera.stop($("video"));
    $("guide").hidden = true;
    here.desk.camera = false;  // Enter opens a file from now on
    alertOf(word("camera_none"));
  }
  paint();
}

async function shoot() {
  const on = target();
  await guarded(async () => {
    state.device = "browser-camera";
    try { await shot(on); } finally { state.device = here.desk.device; }
  });
}

async function shot(on) {
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
}

async function order(what, body) {
  await guarded(async () => {
    const view = await api.post(path(what), body);
    here.last = null;
    took(view);
  });
}

async function stepDone(decision) {
  const device = Boolean(here.last?.device), on = captureTarget();
  await order("step", { names: device ? [] : [decision.name], step: decision.step });
  if (decision.again) { here.manual = on; take(); } else choose(null);
}

function except(name) {
  const open = here.person.instances.filter((one) => one.hand && one.hand === part(name).hand && one.outcome !== "ACQUIRED" && one.outcome !== "EXCEPTED");
  dialogs.except(here.desk, part(name), open, async (told) => { await order("except", told); choose(null); });
}

const fault = (name) => dialogs.fault(here.desk, async (code) => guarded(async () => answered(name, await api.post(path("fault"), { names: [name], code }))));
const noteStep = (name) => dialogs.step(here.desk, part(hands.partsOf(name)[0]).modality, async (step) => { await order("step", { names: hands.partsOf(name).length === 1 ? [name] : [], step }); });
const keep = (name) => dialogs.keep(part(name), async (reason) => { await order("override", { names: [name], action: "ACCEPT", reason }); choose(null); });

function approve() {
  const names = here.person.exceptions.filter((one) => one.missing.includes("APPROVAL")).map((one) => one.name);
  dialogs.approve(here.desk, async (told) => { await order("approve", { names, ...told }); choose(null); });
}

function review() {
  dialogs.review(here.person, () => guarded(async () => {
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
  const from = hands.partsOf(here.last ? here.last.target : target());
  const rest = hands.ORDER.filter((name) => part(name).outcome === "PENDING" && !from.includes(name));
  const at = hands.ORDER.indexOf(from.at(-1));
  choose(rest.find((name) => hands.ORDER.indexOf(name) > at) ?? rest[0] ?? null);
}

function move(by) {
  const on = hands.partsOf(here.last ? here.last.target : target() ?? "face").filter((name) => hands.ORDER.includes(name));
  const at = hands.ORDER.indexOf(by > 0 ? on.at(-1) : on[0]);
  choose(hands.ORDER[(Math.max(at, 0) + by + hands.ORDER.length) % hands.ORDER.length]);
}

Object.assign(act, { again, approve, choose, except, fault, keep, noteStep, order, review, skip, stepDone, take });

// ---- beginning and ending ----

function fresh() {
  here.person = null;
  here.last = here.manual = null;
  showPicture(null);
  $("slip").removeAttribute("src");
  sessionStorage.removeItem(PERSON);
  doubted = null;
  for (const id of ["f-queue", "f-nik", "f-age"]) $(id).value = "";
  countNik();
  $("f-operator").value = state.operator ?? "";
  show("start");
  paint();
  $("f-queue").focus();
  loadDesk();
}

async function loadDesk() {
  here.desk = await api.get("/api/desk");
  state.device = here.desk.device;
  $("waiting").hidden = !here.desk.waiting.length;
  $("waitinglist").replaceChildren(...here.desk.waiting.map((one) => {
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
  here.last = here.manual = null;
  sessionStorage.setItem(PERSON, view.transaction);
  here.person = view;
  show("work");
  took(view);
  const open = view.questions.filter((one) => !one.done);
  if (open.length) dialogs.ask(open, async (steps) => { for (const step of steps) await order("step", { names: [], step }); paint(); });
}

function countNik() {
  $("nikcount").textContent = `${$("f-nik").value.replace(/\D/g, "").length}/16`;
}

let doubted = null;  // what was just typed and is unusual; the same again means: the card says so

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
      nik_confirmed: nik === doubted,
    }).catch((error) => { doubted = error.code === "nik_doubt" ? nik : null; throw error; });
    doubted = null;
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
  if (here.person && !$("work").hidden) showPicture(here.last?.results.length ? worst().name : here.manual);
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
  if (key === "Escape") return camera.running() || here.manual ? choose(null) : undefined;
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
  document.querySelector('[data-do="camera"]').onclick = () => (camera.running() ? (choose(here.manual), paint()) : startCamera());
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
  here.desk = await api.get("/api/desk");
  state.lang = localStorage.getItem(LANG) ?? here.desk.lang;
  const open = sessionStorage.getItem(PERSON);
  if (open && state.operator && here.desk.waiting.some((one) => one.transaction === open)) {
    state.device = here.desk.device;
    return guarded(() => enter(open));
  }
  fresh();
}

main().catch((error) => alertOf(error.message));
