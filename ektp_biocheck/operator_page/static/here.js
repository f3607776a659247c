// Where we are: the station, the person, the latest answer, what the officer chose by hand.
import { say, word } from "./words.js";

export const here = { desk: null, person: null, last: null, manual: null, shown: null, clock: 0 };
const URGENCY = { STOP: 0, EXCEPTION: 1, FALLBACK: 2, RETAKE: 3, ACCEPT: 4 };

export const path = (rest) => `/api/person/${encodeURIComponent(here.person.transaction)}/${rest}`;
export const part = (name) => here.person.instances.find((one) => one.name === name);
export const label = (name) => (name === "evidence" ? word("evidence") : say(here.last?.labels?.[name] ?? part(name)?.label ?? here.person.next?.label));
export const target = () => here.manual ?? here.person.next?.name ?? null;
export const worst = () => [...here.last.results].sort((a, b) => URGENCY[a.decision.action] - URGENCY[b.decision.action] || Number(a.decision.settled) - Number(b.decision.settled))[0];
export const wants = (what) => here.person.exceptions.some((one) => one.missing.includes(what));
