import { ask, keepFresh, list, make, show } from "./page.js";
import { query } from "./theme.js";

const SOON = 5000; // while one waits to be scanned: the messenger replaces a code within a minute
const HERE = "What was sent is counted on the API server's host alone: with [wahelp] state all hosts count together.";
const NONE = "No connection of type wahelp that you may read.";
const HOW = "Scan it with the phone of the channel: in WhatsApp, Linked devices, Link a device.";
const OTHERWISE = "Open the channel in Wahelp to authorize it.";
const NO_PROJECT = "The connection names no project: the channels of those that its tasks name are shown.";
const NO_SEGNO = "The API server cannot draw the QR code: pip install 'airflow-provider-wahelp[qr]'.";

const asked = ["conn_id", "project_id", "channel_uuid"].flatMap((name) => (query().get(name) ? [[name, query().get(name)]] : []));

const named = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null));

const places = async () => {
  const one = Object.fromEntries(asked);
  return one.conn_id ? [one] : (await ask("data/places")).places;
};

const at = async (place) => {
  try {
    const found = await ask(`data/channels?${named(place)}`);
    return { ...found, conn_id: place.conn_id };
  } catch (error) {
    return { conn_id: place.conn_id, project_id: place.project_id, channels: [], shared: true, error: error.message };
  }
};

// A connection's own project may be named by a task, too.
const once = (projects) => [...new Map(projects.map((each) => [`${each.conn_id} ${each.project_id}`, each])).values()];

const where = ({ conn_id, project_id }) => `connection ${conn_id}${project_id === null || project_id === undefined ? "" : `, project ${project_id}`}`;

const use = ({ sent, cap }) => {
  if (sent === null) return [make("p", "How much was sent is not known: the shared state does not answer.", { class: "soft" })];
  const words = `${sent.toLocaleString()} sent in 24 hours${cap === null ? "" : ` of ${cap.toLocaleString()} that may go`}`;
  const parts = [make("p", words)];
  if (cap !== null) parts.push(make("meter", "", { max: Math.max(cap, 1), value: sent, "aria-label": words }));
  return parts;
};

const code = (project, channel) => {
  const { conn_id, project_id } = project;
  const part = make("figure", "", { class: "qr" });
  const picture = make("img", "", {
    alt: `QR code of channel ${channel.name || channel.uuid}`,
    src: `data/qr?${named({ conn_id, project_id, channel_uuid: channel.uuid })}`,
  });
  const words = make("figcaption", HOW);
  picture.addEventListener("error", () => {
    picture.hidden = true;
    words.textContent = project.draws ? OTHERWISE : NO_SEGNO;
  });
  picture.addEventListener("load", () => {
    picture.hidden = false;
    words.textContent = HOW;
  });
  part.append(picture, words);
  return part;
};

const card = ({ project, channel }) => {
  const node = make("li", "", { class: "card" });
  if (!channel) {
    const none = project.project_id === null ? NO_PROJECT : "The project has no channels.";
    node.append(make("h2", where(project)), make("p", project.error || none, { class: project.error ? "state failed" : "soft" }));
    return node;
  }
  node.append(make("h2", `${channel.name || channel.uuid}${channel.type ? ` · ${channel.type}` : ""}`),
    make("p", channel.active ? "active" : "not active", { class: channel.active ? "state" : "state failed" }),
    make("p", `${where(project)}, channel ${channel.uuid || "without a uuid"}`, { class: "soft" }),
    ...use(channel));
  if (channel.scan) node.append(code(project, channel));
  else if (!channel.active) node.append(make("p", OTHERWISE));
  return node;
};

const entries = (project) => (project.channels.length
  ? project.channels.map((channel) => ({ project: { ...project, channels: undefined }, channel })) : [{ project }]);

// The next code takes the place of the one before without a flash.
const renewCodes = () => {
  for (const picture of list.querySelectorAll(".qr img")) {
    const address = new URL(picture.src);
    address.searchParams.set("at", Date.now());
    picture.src = address;
  }
};

const note = make("p", "", { class: "soft" });
list.before(note);

keepFresh(async () => {
  renewCodes();
  const found = once(await Promise.all((await places()).map(at)));
  note.textContent = found.every((each) => each.shared) ? "" : HERE;
  show(found.flatMap(entries), card, NONE);
  return list.querySelector(".qr") ? SOON : undefined;
});
