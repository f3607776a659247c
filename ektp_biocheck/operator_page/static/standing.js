// What is to be done now: verdict, advice, and the one suggested action.
import * as hands from "./hands.js";
import { here, label, part, target, wants, worst } from "./here.js";
import { say, upper, word } from "./words.js";

// What the officer can do; page.js fills it in.
export const act = {};

export function standing() {
  if (here.last?.device) return ofDecision(here.last.device, null);
  if (target() === "evidence") return ofEvidence();
  if (here.last) return ofDecision(worst().decision, worst());
  if (!target()) return ofEnd();
  const one = part(hands.partsOf(target())[0]);
  if (one.outcome === "EXCEPTED" && hands.partsOf(target()).length === 1) {
    return { sign: "excepted", verdict: word("v_excepted"), advice: word("a_excepted"), ...goOn() };
  }
  if (one.next && hands.partsOf(target()).length === 1) return ofDecision(one.next, null);
  return {
    sign: "none", verdict: word("v_none"), advice: word("a_none", { part: label(target()) }),
    text: word("m_take"), run: act.take,
  };
}

function ofDecision(decision, result) {
  if (decision.settled) return ofSettled(decision);
  const name = label(decision.present?.name ?? decision.name);
  const told = say(decision.advice) || word(`a_${decision.action}`, { part: name });
  const base = { verdict: word(`v_${decision.action}`), advice: result && here.last.results.length > 1 ? `${upper(label(result.name))}: ${told}` : told };
  if (decision.action === "EXCEPTION") return { ...base, advice: word("a_EXCEPTION"), sign: "excepted", text: word("m_except"), run: () => act.except(decision.name) };
  if (decision.action === "RETAKE") return { ...base, sign: "weak", text: word("m_again"), run: act.take };
  if (decision.step) {
    return { ...base, sign: decision.action === "STOP" ? "failed" : "weak", text: word(decision.again ? "m_done" : "m_step"), run: () => act.stepDone(decision) };
  }
  return { ...base, sign: "failed", text: word("m_again"), run: act.take };
}

function ofSettled(decision) {
  const kinds = { ACQUIRED: ["good", "v_ACCEPT", "a_ACCEPT"], ACQUIRED_BELOW_THRESHOLD: ["weak", "v_kept", "a_kept"], EXCEPTED: ["excepted", "v_excepted", "a_excepted"] };
  const [kind, verdict, advice] = kinds[decision.outcome] ?? ["failed", "v_failed", "a_failed"];
  const end = !here.person.next && decision.outcome === "ACQUIRED";
  return { sign: kind, verdict: word(verdict), advice: word(end ? "a_all" : advice), ...goOn() };
}

function ofEvidence() {
  const photo = here.person.evidence.at(-1);
  if (!photo) return { sign: "none", verdict: word("v_none"), advice: word("how_evidence"), text: word("m_take"), run: act.take };
  if (photo.complete) return { sign: "good", verdict: word("v_complete"), advice: word("a_complete"), ...goOn() };
  return { sign: "weak", verdict: word("v_look"), advice: photo.defects.map((one) => say(one.advice)).join(" "), ...goOn() };
}

function ofEnd() {
  const ending = { sign: "good", verdict: word("v_all"), advice: word("a_all"), text: word("m_review"), run: act.review };
  if (wants("EVIDENCE") && !here.person.evidence.length) return { ...ending, sign: "excepted", advice: word("todo_EVIDENCE"), text: word("m_evidence"), run: () => act.choose("evidence") };
  if (wants("APPROVAL")) return { ...ending, sign: "excepted", advice: word("todo_APPROVAL"), text: word("m_approve"), run: act.approve };
  return ending;
}

function goOn() {
  const next = here.person.next;
  if (!next) {
    const end = ofEnd();
    return { text: end.text, run: () => { act.choose(null); if (end.run !== act.review) end.run(); else act.review(); } };
  }
  return { text: word("m_next", { part: say(next.label) }), run: () => act.choose(null) };
}
