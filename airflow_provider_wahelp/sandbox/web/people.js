// The list of phones: found, opened, or typed anew.

import { look, tell } from "./api.js";
import { $, part, reconcile, say, set, stamp, walk } from "./dom.js";
import { digits, gist, mark, nameOf, number, time } from "./words.js";

const PAGE = 60;

let limit = PAGE;
let open = () => {};
let shown = null;
let now;
const seen = new Map();
const settle = walk($("phones"), ".phone-item", { first: 0 });

/** How many phones to ask for. */
export const wanted = () => limit;

/** Show the phones. The first time all that was written counts as seen. */
export function showPeople({ phones, phones_known: known, now: moment }, current) {
  for (const phone of phones) {
    if (!shown) seen.set(phone.phone, phone.messages);
    else if (phone.messages < seenOf(phone)) seen.delete(phone.phone); // a reset has been
  }
  [shown, now] = [phones, moment];
  set($("phones-none"), "hidden", phones.length > 0);
  set($("phones-more"), "hidden", known <= phones.length);
  choose(current);
}

/** Mark the phone that is open: what it received is seen. */
export function choose(current) {
  if (!shown) return;
  seen.set(current, shown.find((phone) => phone.phone === current)?.messages);
  draw(current);
}

function draw(current) {
  const looked = $("find-what").value.trim();
  const found = shown.filter((phone) => matches(phone, looked));
  reconcile($("phones"), found, {
    key: (phone) => phone.phone,
    make,
    update: (item, phone) => update(item, phone, current),
  });
  settle();
}

function make(phone) {
  const item = stamp("phone-item");
  item.firstElementChild.addEventListener("click", () => open(phone.phone));
  return item;
}

function update(item, phone, current) {
  const button = item.firstElementChild;
  const name = nameOf(phone);
  say(part(item, "avatar"), [...name.replace(/[^\p{L}\d]/gu, "")][0]?.toUpperCase() ?? "?");
  say(part(item, "name"), name);
  say(part(item, "last"), gist(phone.latest) || about(phone));
  say(part(item, "when"), phone.latest ? time(phone.latest.created_at, now).slice(0, -3) : "");
  mark(part(item, "mark"), phone.latest);
  button.classList.toggle("lacks", !phone.messenger);
  button.classList.toggle("news", phone.messages > seenOf(phone));
  set(button, "ariaCurrent", phone.phone === current ? "true" : "false");
}

const seenOf = (phone) => seen.get(phone.phone) ?? 0;

const about = (phone) => (phone.messenger ? number(phone.phone) : "lacks the messenger");

function matches(phone, looked) {
  const figures = looked.replace(/[^0-9]/g, "");
  const names = phone.users.map((user) => user.name ?? "").join("\n").toLowerCase();
  return !looked || names.includes(looked.toLowerCase()) || (figures !== "" && phone.phone.includes(figures));
}

/** Let people open phones. */
export function startPeople(opener) {
  open = opener;
  $("find-what").addEventListener("input", () => choose(current()));
  $("find").addEventListener("submit", (event) => {
    event.preventDefault();
    find($("find-what").value);
  });
  $("phones-more").addEventListener("click", () => {
    limit += PAGE;
    look();
  });
}

const current = () => $("phones").querySelector("[aria-current=true]")?.parentNode.dataset.key;

function find(looked) {
  const phone = digits(looked) || shown?.find((one) => matches(one, looked.trim()))?.phone;
  if (!phone || !looked.trim()) {
    tell("", "No such phone. A new number begins with the country code and has 8 to 15 digits.");
    return;
  }
  $("find-what").value = "";
  open(phone);
}
