// The phone in one's hand: what it received, and what its person writes, says and deletes.

import { act, call, look } from "./api.js";
import { copies } from "./copy.js";
import { $, part, reconcile, say, set, stamp, walk } from "./dom.js";
import { fileOf, isDeleted, kind, mark, nameOf, number, time, typed, voiceOf, written } from "./words.js";

const PAGE = 50;
const NEAR = 60;

let opened = "";
let limit = PAGE;
let channels = new Map();
const drafts = new Map();
const settleIds = walk($("lines"), ".id", { first: -1 });
const settleDeletes = walk($("lines"), ".delete:not([hidden])", { first: -1 });

/** The phone that is open, or nothing. */
export const inHand = () => opened;

/** Take a phone in one's hand. */
export async function take(phone) {
  drafts.set(opened, $("text").value);
  [opened, limit] = [phone, PAGE];
  $("text").value = drafts.get(phone) ?? "";
  $("to").value = "";
  $("lines").replaceChildren();
  await showTalk();
}

/** Put the phone down. */
export function putDown() {
  drafts.set(opened, $("text").value);
  opened = "";
  set($("talk"), "hidden", true);
  set($("talk-none"), "hidden", false);
}

/** Show the channels that may be written to. */
export function showReceivers({ channels: all, projects }) {
  channels = new Map(all.map((channel) => [channel.uuid, channel]));
  const names = new Map(projects.map((project) => [project.id, project.name]));
  const options = [{ uuid: "" }, ...all];
  reconcile($("to"), options, {
    key: (channel) => channel.uuid,
    make: (channel) => new Option("the channel of its last message", channel.uuid),
    update: (option, channel) => channel.uuid && receiver(option, channel, names),
  });
}

function receiver(option, channel, names) {
  say(option, `${channel.name} (${names.get(channel.project_id)}, ${typed(channel.type)})${channel.active ? "" : ": inactive"}`);
}

/** Show the open phone and its latest messages. */
export async function showTalk() {
  const phone = opened;
  if (!phone) return;
  const [about, lines] = await Promise.all([
    call("GET", `/phones/${phone}`),
    call("GET", `/phones/${phone}/conversation?limit=${limit}`),
  ]);
  if (phone === opened) draw(about, lines);
}

function draw(phone, lines) {
  set($("talk"), "hidden", false);
  set($("talk-none"), "hidden", true);
  say($("talk-title"), nameOf(phone));
  set($("messenger"), "checked", phone.messenger);
  drawIds(phone);
  set($("lines-none"), "hidden", lines.length > 0);
  set($("lines-more"), "hidden", lines.length >= phone.messages);
  keepPlace(() => drawLines(phone, lines));
}

function drawIds(phone) {
  const ids = [["", number(phone.phone)], ...phone.users.map((user) => [`${where(user)} user`, user.id])];
  reconcile($("talk-ids"), ids, {
    key: (id) => id.join(" "),
    make: () => stampId(),
    update: (item, [label, value]) => copies(item.firstElementChild, label, value),
  });
}

const where = (one) => channels.get(one.channel_uuid)?.name ?? "";

function stampId() {
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("button"), { type: "button", className: "id" }));
  return item;
}

function drawLines(phone, lines) {
  const several = new Set(lines.map((line) => line.channel_uuid)).size > 1;
  reconcile($("lines"), lines, {
    key: (line) => line.id,
    make: makeLine,
    update: (item, line) => drawLine(item, line, several),
  });
  settleIds();
  settleDeletes();
}

function makeLine({ id }) {
  const item = stamp("line-item");
  const button = part(item, "delete");
  button.ariaLabel = `Delete ${id} for everyone`;
  button.addEventListener("click", () => deleteLine(item, id));
  return item;
}

async function deleteLine(item, id) {
  if (await act("Deleted for everyone", "DELETE", `/messages/${id}`)) part(item, "id").focus();
}

function drawLine(item, line, several) {
  item.classList.toggle("incoming", line.direction === "incoming");
  say(part(item, "text"), written(line));
  say(part(item, "kind"), kind(line));
  set(part(item, "kind"), "hidden", !kind(line));
  drawFile(part(item, "voice"), "src", voiceOf(line));
  drawFile(part(item, "file"), "href", voiceOf(line) ? "" : fileOf(line));
  set(part(item, "delete"), "hidden", isDeleted(line));
  say(part(item, "where"), several ? where(line) : "");
  copies(part(item, "id"), "message", line.id);
  say(part(item, "when"), time(line.created_at, Date.now()));
  set(part(item, "when"), "dateTime", line.created_at);
  mark(part(item, "mark"), line);
}

function drawFile(node, property, url) {
  set(node, "hidden", !url);
  if (url) set(node, property, url);
}

/** Stay at the end of the conversation if that is where the person is, else where they have scrolled to. */
function keepPlace(change) {
  const box = $("lines-box");
  const before = box.scrollHeight;
  const atEnd = before - box.scrollTop - box.clientHeight < NEAR;
  change();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

/** Let people write, speak and call. */
export function startTalk(leave) {
  $("composer").addEventListener("submit", write);
  $("text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("composer").requestSubmit();
  });
  $("voice-note").addEventListener("click", () => send({ message_type: "audio" }));
  for (const button of $("more").querySelectorAll("[data-call]")) {
    button.addEventListener("click", () => ring(button.dataset.call));
  }
  $("messenger").addEventListener("change", switchMessenger);
  $("lines-more").addEventListener("click", earlier);
  $("talk-back").addEventListener("click", leave);
}

function write(event) {
  event.preventDefault();
  if ($("text").value.trim()) send();
  else $("text").focus();
}

/** Send what is typed: as a text, or as the caption of something else. */
async function send(what = {}) {
  const phone = opened;
  const text = $("text").value;
  const sent = await act("", "POST", `/phones/${phone}/messages`, { text: text.trim() && text, ...what, ...to() });
  if (!sent || phone !== opened) return;
  if ($("text").value === text) $("text").value = "";
  scrollToEnd();
}

async function ring(kind) {
  const phone = opened;
  const rung = await act("", "POST", `/phones/${phone}/calls`, { kind, ...to() });
  if (rung && phone === opened) scrollToEnd();
}

const to = () => ($("to").value ? { channel_uuid: $("to").value } : {});

function scrollToEnd() {
  $("lines-box").scrollTop = $("lines-box").scrollHeight;
}

async function switchMessenger({ target }) {
  const messenger = target.checked;
  const said = messenger ? "The phone has the messenger" : "The phone lacks the messenger";
  const done = await act(said, "PUT", `/phones/${opened}`, { messenger });
  if (!done) target.checked = !messenger;
}

async function earlier() {
  limit *= 2;
  const box = $("lines-box");
  const fromEnd = box.scrollHeight - box.scrollTop;
  await showTalk();
  box.scrollTop = box.scrollHeight - fromEnd;
  look();
}
