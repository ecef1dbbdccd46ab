// The controls, as docs/sandbox.md describes them, and one look at a time at what there is.

import { $, say } from "./dom.js";

const PAUSE = 250;
const PATIENCE = 5000;

class Unreachable extends Error {}

async function reach(path, options) {
  try {
    return await fetch(`/sandbox${path}`, { signal: AbortSignal.timeout(PATIENCE), cache: "no-store", ...options });
  } catch {
    throw new Unreachable("The sandbox does not answer");
  }
}

/** Call a control; an answer that says no is an error with its words. */
export async function call(method, path, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const answer = await reach(path, { method, headers, body: body && JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw new Error(complaint(content));
  return content;
}

function complaint({ message, errors }) {
  const fields = Object.entries(errors ?? {}).map(([name, words]) => `${name}: ${[words].flat().join(", ")}`);
  return [message, ...fields].join(". ");
}

/** Carry out what a person asks for, say how it went, and look at once. */
export async function act(done, ...asked) {
  try {
    const answer = await call(...asked);
    tell(done);
    look();
    return answer;
  } catch (error) {
    tell("", error.message);
    return null;
  }
}

let quiet;

/** Tell the person what happened, for a while. */
export function tell(said, wrong = "") {
  say($("said"), said);
  say($("wrong"), wrong);
  clearTimeout(quiet);
  quiet = setTimeout(() => tell(""), wrong ? 10_000 : 3_000);
}

let wake = () => {};

/** Look now: something has been done, or is to be shown. */
export const look = () => wake();

/**
 * Look at what there is, for ever: one request at a time, none while nobody sees the page.
 * @param query returns what to ask for; @param show takes what has changed.
 */
export async function watch(query, show) {
  document.addEventListener("visibilitychange", look);
  for (let seen = {}; ; ) {
    const woken = new Promise((resolve) => (wake = resolve));
    if (!document.hidden) seen = await glance(query(), seen, show);
    await Promise.race([woken, ...(document.hidden ? [] : [pause()])]);
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

async function glance(query, seen, show) {
  try {
    const fresh = await ask(query, seen);
    if (fresh !== seen) await show(fresh.content);
    connected(true);
    return fresh;
  } catch (error) {
    if (!(error instanceof Unreachable)) console.error(error);
    connected(false); // it is being restarted: what is shown stays
    return {};
  }
}

async function ask(query, seen) {
  const headers = seen.query === query ? { "If-None-Match": seen.tag } : {};
  const answer = await reach(`/snapshot?${query}`, { headers });
  if (answer.status === 304) return seen;
  if (!answer.ok) throw new Error(answer.statusText);
  return { query, tag: answer.headers.get("ETag"), content: await answer.json() };
}

function connected(is) {
  say($("live"), is ? "live" : "no answer, trying again");
  $("live").classList.toggle("off", !is);
}
