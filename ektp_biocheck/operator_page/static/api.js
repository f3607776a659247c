// Calls of the station's interface. The key never enters an address that is sent.
import { state, word } from "./words.js";

const KEY = "station-key";

export function takeKey() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return Boolean(sessionStorage.getItem(KEY));
}

export class Refused extends Error {
  constructor(text, code) { super(text); this.code = code; }
}

async function call(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method, body, cache: "no-store", credentials: "omit",
      headers: {
        "X-Station-Key": sessionStorage.getItem(KEY) ?? "",
        "X-Operator": encode(state.operator), "X-Device": encode(state.device), ...headers,
      },
    });
  } catch {
    throw new Refused(word("e_offline"));
  }
  if (answer.status === 413) throw new Refused(word("e_many"));
  if (answer.ok) return answer;
  let told = {};
  try { told = await answer.json(); } catch { /* no JSON: the code below says enough */ }
  const known = `e_${told.error ?? "refused"}`;
  const detail = known === "e_refused" && told.detail ? ` (${told.detail})` : "";
  throw new Refused(word(known) + detail, told.error);
}

// Header values are Latin-1; an officer's code may hold anything.
const encode = (text) => encodeURIComponent(text || "-");

const json = { "Content-Type": "application/json" };
export const get = async (path) => (await call("GET", path)).json();
export const post = async (path, body = {}) => (await call("POST", path, JSON.stringify(body), json)).json();
export const send = async (path, blob) =>
  (await call("POST", path, blob, { "Content-Type": "application/octet-stream" })).json();
export const picture = async (path) => {
  const answer = await call("GET", path);
  return answer.status === 204 ? null : answer.blob();
};
