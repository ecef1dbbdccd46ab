// How things are spelled on the page.

import { say, set } from "./dom.js";

const READ = ["read", "seen", "viewed"];
const MARKS = { send: "✓", sent: "✓", delivered: "✓✓", delivered_to_recipient: "✓✓" };
const FAILED = ["failed", "error", "not_delivered"];
const KINDS = { text: "", audio: "voice note" };
const CALL = /^_(Incoming|Missed|Outgoing) call_$/;
const DELETED = /^_(Message deleted|сообщение удалено)_$/;
const TYPES = { whatsapp: "WhatsApp", telegram: "Telegram", waba: "WABA", viber: "Viber", vk: "VK", instagram: "Instagram", max: "MAX" };

export const number = (phone) => `+${phone}`;

export const typed = (type) => TYPES[type] ?? type;

/** The name of a phone's person: the first that is more than its number. */
export function nameOf(phone) {
  const names = phone.users.map((user) => user.name).filter((name) => name && name !== phone.phone);
  return names[0] ?? number(phone.phone);
}

/** A phone that was typed: its digits, or nothing where it cannot be one. */
export function digits(written) {
  const found = written.replace(/[^0-9]/g, "");
  return /^\+?[\d\s().-]+$/.test(written.trim()) && /^[1-9]\d{7,14}$/.test(found) ? found : "";
}

/** A moment of the sandbox, on this machine's clock face. */
export function time(moment, now = moment) {
  const at = new Date(moment);
  const hours = at.toLocaleTimeString("en-GB");
  return at.toDateString() === new Date(now).toDateString() ? hours : `${at.toLocaleDateString("en-CA")} ${hours}`;
}

const UNITS = [["day", 86_400], ["h", 3600], ["min", 60], ["s", 1]];

/** So many seconds, in words. */
export function duration(seconds) {
  const found = [];
  let rest = Math.round(seconds);
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount) found.push(`${amount} ${unit}${unit === "day" && amount > 1 ? "s" : ""}`);
  }
  return found.join(" ") || "0 s";
}

/** Show how far a message has come; a status that nobody knows yet is shown as it is. */
export function mark(node, line) {
  const outgoing = line?.direction === "outgoing";
  const status = outgoing ? String(line.status ?? "") : "";
  say(node, READ.includes(status) ? "✓✓" : FAILED.includes(status) ? "!" : (MARKS[status] ?? status));
  node.classList.toggle("read", READ.includes(status));
  node.classList.toggle("failed", FAILED.includes(status));
  set(node, "title", status);
  if (status) node.setAttribute("aria-label", status);
  node.setAttribute("role", status ? "img" : "none");
}

/** What a message says, or is, in one line. */
export function gist(line) {
  if (!line) return "";
  const words = written(line) || kind(line) || "file";
  return line.direction === "incoming" ? `You: ${words}` : words;
}

/** Whether a message was deleted for everyone. The API tells so by its text alone, and of a call too. */
export const isDeleted = (line) => DELETED.test(line.text);

const isNotice = (line) => isDeleted(line) || CALL.test(line.text);

/** What a person wrote: not what the messenger says of a call or a deleted message. */
export const written = (line) => (isNotice(line) ? "" : (line.text ?? ""));

/** What a message is, where it is more than a text. */
export function kind(line) {
  const type = line.message_type ?? line.type ?? "text";
  return isNotice(line) ? line.text.slice(1, -1) : (KINDS[type] ?? type);
}

/** The address of a message's file, where it is one of the web. */
export function fileOf(line) {
  const url = isDeleted(line) ? "" : String(line.file_url ?? "");
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : "";
}

/** The address of a voice note of this sandbox, which may have had another name when it was made. */
export function voiceOf(line) {
  const path = `/sandbox/files/${line.id}.oga`;
  return fileOf(line).endsWith(path) ? location.origin + path : "";
}
