// What goes wrong: switched on, seen to strike, switched off.

import { act } from "./api.js";
import { $, part, reconcile, say, set, stamp } from "./dom.js";

const OWN = ["id", "fault", "operation", "method", "path", "probability", "count", "seed", "struck", "active"];
const NUMBERS = ["count", "probability", "retry_after", "seconds", "seed", "status"];

/** Show the faults that were switched on. */
export function showFaults({ faults }) {
  set($("faults-none"), "hidden", faults.length > 0);
  set($("faults-clear"), "hidden", faults.length < 2);
  reconcile($("faults"), faults, { key: (fault) => fault.id, make, update });
}

function make(fault) {
  const item = stamp("fault-item");
  const off = part(item, "off");
  set(off, "ariaLabel", `Switch off ${fault.fault}`);
  off.addEventListener("click", () => switchOff(fault));
  return item;
}

async function switchOff(fault) {
  await act(`${fault.fault} is off`, "DELETE", `/faults/${fault.id}`);
  $("inject").elements.fault.focus(); // the button that had the focus is going
}

function update(item, fault) {
  say(part(item, "name"), fault.fault);
  say(part(item, "about"), about(fault));
  say(part(item, "state"), fault.active ? "active" : "used up");
  say(part(item, "struck"), `struck ${fault.struck} ${fault.struck === 1 ? "time" : "times"}`);
  item.classList.toggle("spent", !fault.active);
  flash(item, fault.struck);
}

/** Let a strike be seen, by whoever wants to see things move. */
function flash(item, struck) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!still && Number(item.dataset.struck ?? 0) < struck) {
    item.animate({ backgroundColor: ["light-dark(#f6d5a0, #3f2d0c)", "transparent"] }, 800);
  }
  item.dataset.struck = struck;
}

function about(fault) {
  const parameters = Object.entries(fault).filter(([name, value]) => !OWN.includes(name) && value !== null && value !== false);
  const calls = [fault.operation === "any" ? "any call" : fault.operation, fault.method, fault.path];
  return [...calls.filter(Boolean), often(fault), ...parameters.map(([name, value]) => `${name} ${value}`)].join(", ");
}

function often({ count, probability, seed }) {
  if (count !== null) return `the next ${count}`;
  if (probability === null) return "always";
  return `${Math.round(probability * 1000) / 10} %${seed === null ? "" : ` by seed ${seed}`}`;
}

/** Let people switch faults. */
export function startFaults() {
  const form = $("inject");
  form.addEventListener("submit", inject);
  form.addEventListener("change", () => offer(form));
  offer(form);
  $("faults-clear").addEventListener("click", () => act("All faults are off", "DELETE", "/faults"));
}

/** Offer what can be said about this kind of fault, and nothing else. */
function offer(form) {
  const { fault, often } = form.elements;
  say($("effect"), fault.selectedOptions[0].dataset.effect);
  for (const label of form.querySelectorAll("[data-for]")) toggle(label, label.dataset.for.split(" ").includes(fault.value));
  for (const label of form.querySelectorAll("[data-often]")) toggle(label, label.dataset.often === often.value);
}

/** What is hidden is disabled too: neither checked nor sent. */
function toggle(label, shown) {
  set(label, "hidden", !shown);
  set(label.querySelector("input, select"), "disabled", !shown);
}

async function inject(event) {
  event.preventDefault();
  const { often, reset, ...given } = Object.fromEntries(new FormData(event.target));
  const fault = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "").map(typed));
  await act(`${given.fault} is on`, "POST", "/faults", { ...fault, ...(reset ? { reset: true } : {}) });
}

const typed = ([name, value]) => [name, NUMBERS.includes(name) ? Number(value) : value];
