// The page of the sandbox: a phone in one's hand, and what happens to the platform.

import { tell, watch } from "./api.js";
import { showCalls, startCalls } from "./calls.js";
import { showChannels } from "./channels.js";
import { showClock, startClock } from "./clock.js";
import "./copy.js";
import { $ } from "./dom.js";
import { showFaults, startFaults } from "./faults.js";
import { choose, showPeople, startPeople, wanted } from "./people.js";
import { inHand, putDown, showReceivers, showTalk, startTalk, take } from "./talk.js";

async function show(snapshot) {
  showClock(snapshot);
  showChannels(snapshot);
  showFaults(snapshot);
  showCalls(snapshot);
  showReceivers(snapshot);
  showPeople(snapshot, inHand());
  await showTalk();
}

function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll("[data-show]")) button.ariaCurrent = String(button.dataset.show === name);
}

async function open(phone) {
  document.body.dataset.inHand = phone;
  choose(phone);
  try {
    await take(phone);
    $("text").focus();
  } catch (error) {
    tell("", error.message);
  }
}

function leave() {
  const phone = inHand();
  delete document.body.dataset.inHand;
  putDown();
  choose("");
  const item = $("phones").querySelector(`[data-key="${phone}"] button`);
  (item ?? $("find-what")).focus();
}

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => view(button.dataset.show));
}
startPeople(open);
startTalk(leave);
startFaults();
startClock();
startCalls();
watch(() => `phones=${wanted()}`, show);
