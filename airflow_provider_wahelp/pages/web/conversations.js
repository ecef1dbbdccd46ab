// The latest messages of a person. Phones and texts come only when somebody clicks for them, which is logged.

import { list, make, moment, said } from "./page.js";
import { followTheme, query } from "./theme.js";

const HIDDEN = "•••••";
const ARROWS = { incoming: "From them", outgoing: "To them" };

const request = async (path, body) => {
  const answer = await fetch(path, body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (answer.status === 401) throw new Error("Log in to Airflow, then open this page again.");
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(typeof content.detail === "string" ? content.detail : `Airflow answers ${answer.status}.`);
  return content;
};

// No field has a name: a form that is sent without this script must not put a phone into an address.
const field = (words, attributes = {}) => {
  const label = make("label", words);
  const input = make("input", "", { autocomplete: "off", maxlength: 250, ...attributes });
  label.append(input);
  return { label, input };
};

const fields = {
  conn_id: field("Connection", { list: "connections", required: "" }),
  project_id: field("Project (the connection's by default)", { inputmode: "numeric" }),
  channel_uuid: field("Channel (the connection's by default)"),
  user_id: field("User id", { list: "people" }),
  phone: field("or phone", { type: "tel" }),
};
const connections = make("datalist", "", { id: "connections" });
const people = make("datalist", "", { id: "people" });
const form = make("form", "", { class: "card fields" });
form.append(...Object.values(fields).map((each) => each.label), connections, people, make("button", "Show", { type: "submit" }));

const person = make("section", "", { class: "card", "aria-label": "Person", hidden: "" });
list.before(form, person);

const sought = () => Object.fromEntries(
  Object.entries(fields).map(([name, { input }]) => [name, input.value.trim() || null]));

const message = ({ direction, kind, status, at, text }) => {
  const node = make("li", "", { class: `card ${direction}` });
  const words = [ARROWS[direction], moment(at), kind === "text" || kind === "message" ? "" : kind, direction === "outgoing" ? status : ""];
  node.append(make("p", words.filter(Boolean).join(" · "), { class: "soft" }),
    text === undefined ? make("p", HIDDEN, { "aria-label": "hidden" , role: "img" }) : make("p", text, { class: "text" }));
  return node;
};

const extent = ({ whole, read, messages }) => {
  const looked = whole ? "" : ` The ${read.toLocaleString()} latest messages of the channel were looked through.`;
  return messages.length ? looked.trim() : `No message of this person.${looked}`;
};

const show = (found, conn_id) => {
  const { project_id, channel_uuid, user_id } = found;
  const who = [found.name, found.phone, `user ${user_id}`].filter(Boolean).join(" · ");
  person.replaceChildren(make("h2", who), make("p", `Channel ${channel_uuid}`, { class: "soft" }));
  if (!found.revealed) {
    const button = make("button", "Show phone and texts", { type: "button" });
    button.addEventListener("click", () => look({ conn_id, project_id, channel_uuid, user_id, reveal: true }));
    person.append(button, make("p", "Airflow's audit log notes that you did.", { class: "soft" }));
  }
  person.hidden = false;
  list.replaceChildren(...found.messages.map(message));
  said.textContent = extent(found);
};

const look = async (asked) => {
  said.textContent = "Asking Wahelp…";
  person.hidden = true;
  list.replaceChildren();
  try {
    show(await request("data/conversation", asked), asked.conn_id);
  } catch (error) {
    said.textContent = error.message;
  }
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  look(sought());
  fields.phone.input.value = ""; // from here on the page shows it only to who asks for it
});

const begin = async () => {
  followTheme();
  for (const [name, { input }] of Object.entries(fields)) input.value = (name !== "phone" && query().get(name)) || "";
  const named = query().getAll("user_id");
  people.append(...named.map((value) => make("option", "", { value })));
  try {
    const found = await request("data/connections");
    connections.append(...found.connections.map((value) => make("option", "", { value })));
    fields.conn_id.input.value ||= found.connections[0] || "";
    said.textContent = "";
    if (query().get("conn_id") && named.length) await look(sought());
  } catch (error) {
    form.hidden = true;
    said.textContent = error.message;
  }
};

begin();
