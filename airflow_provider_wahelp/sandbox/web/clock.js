// The sandbox's time, which can be moved ahead.

import { act } from "./api.js";
import { $, say } from "./dom.js";
import { duration } from "./words.js";

let lead = 0;

/** Show how far the clock is ahead. */
export function showClock({ now, ahead }) {
  lead = Date.parse(now) - Date.now();
  say($("clock-ahead"), ahead ? `${duration(ahead)} ahead` : "the real time");
  tick();
}

function tick() {
  const at = new Date(Date.now() + lead);
  const hours = at.toLocaleTimeString("en-GB");
  say($("clock-time"), `${at.toLocaleDateString("en-CA")} ${hours}`);
  say($("clock-now"), hours);
}

/** Let the clock tick, and let people move it. */
export function startClock() {
  setInterval(tick, 1000);
  for (const button of document.querySelectorAll("[data-ahead]")) {
    button.addEventListener("click", () => advance(Number(button.dataset.ahead)));
  }
  $("advance").addEventListener("submit", (event) => {
    event.preventDefault();
    const { amount, unit } = event.target.elements;
    advance(amount.valueAsNumber * Number(unit.value));
  });
}

const advance = (seconds) => act(`${duration(seconds)} later`, "POST", "/clock/advance", { seconds });
