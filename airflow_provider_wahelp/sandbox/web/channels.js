// Projects and their channels: scanned, logged out.

import { act } from "./api.js";
import { copies } from "./copy.js";
import { $, part, reconcile, say, set, stamp } from "./dom.js";
import { time, typed } from "./words.js";

/** Show the projects, each with its channels. */
export function showChannels({ projects, channels, now }) {
  set($("channels-none"), "hidden", projects.length > 0);
  reconcile($("projects"), projects, {
    key: (project) => project.id,
    make: () => stamp("project-item"),
    update: (item, project) => drawProject(item, project, channels, now),
  });
}

function drawProject(item, project, channels, now) {
  say(part(item, "name"), project.name);
  copies(part(item, "id"), "project", project.id);
  reconcile(part(item, "channels"), channels.filter((channel) => channel.project_id === project.id), {
    key: (channel) => channel.uuid,
    make: makeChannel,
    update: (child, channel) => drawChannel(child, channel, now),
  });
}

function makeChannel(channel) {
  const item = stamp("channel-item");
  part(item, "turn").addEventListener("click", () => turn(item, channel));
  return item;
}

function turn(item, { uuid, name }) {
  if (item.classList.contains("active")) act(`${name} is logged out`, "POST", `/channels/${uuid}/log-out`);
  else act(`${name} is active`, "POST", `/channels/${uuid}/scan`);
}

function drawChannel(item, channel, now) {
  item.classList.toggle("active", channel.active);
  say(part(item, "name"), channel.name);
  say(part(item, "type"), typed(channel.type));
  say(part(item, "what"), what(channel, now));
  copies(part(item, "number"), "channel", channel.id);
  copies(part(item, "uuid"), "uuid", channel.uuid);
  drawTurn(part(item, "turn"), channel);
  drawCode(part(item, "qr"), channel);
}

function what(channel, now) {
  if (channel.active) return "active";
  return channel.activates_at ? `active by itself at ${time(channel.activates_at, now)}` : `waits for ${asked(channel)}`;
}

const asked = (channel) => (isScanned(channel) ? "a scan" : "a login");
const isScanned = (channel) => channel.type === "whatsapp";

function drawTurn(button, channel) {
  const verb = channel.active ? "Log out" : isScanned(channel) ? "Scan" : "Log in";
  say(button, verb);
  set(button, "ariaLabel", `${verb} ${channel.name}`);
}

function drawCode(image, channel) {
  const waits = isScanned(channel) && !channel.active;
  set(image, "hidden", !waits);
  set(image, "alt", `QR code of ${channel.name}`);
  if (!waits) image.removeAttribute("src");
  else if (!image.src) image.src = `/sandbox/channels/${channel.uuid}/qr.svg`;
}
