// What all pages share: making nodes, moments in the reader's form, and asking Airflow again and again.

import { followTheme, goTo } from "./theme.js";

const LATER = 30000;
export const said = document.getElementById("said");
export const list = document.getElementById("list");

export const make = (kind, words = "", attributes = {}) => {
  const node = document.createElement(kind);
  node.textContent = words;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

export const moment = (text) => (text ? new Date(text).toLocaleString() : "");

// To a task of Airflow's, or to a run where none is named.
export const taskLink = ({ dag_id, run_id, task_id, map_index }) => {
  const path = `../dags/${encodeURIComponent(dag_id)}/runs/${encodeURIComponent(run_id)}`;
  const task = task_id ? `/tasks/${encodeURIComponent(task_id)}${map_index >= 0 ? `/mapped/${map_index}` : ""}` : "";
  const link = make("a", task_id ? "The task" : "The run", { href: `${path}${task}` });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(link.href);
  });
  return link;
};

export const ask = async (path) => {
  const answer = await fetch(path);
  if (answer.status === 401) throw new Error("Log in to Airflow, then open this page again.");
  if (answer.status === 403) throw new Error("You may not read this in Airflow.");
  if (!answer.ok) throw new Error(`Airflow answers ${answer.status}.`);
  return answer.json();
};

let shown = "";

// Shows a node for each entry; nobody is disturbed by what is the same as before.
export const show = (entries, card, none) => {
  const words = JSON.stringify(entries);
  if (words === shown) return;
  shown = words;
  const focused = [...list.querySelectorAll("a")].indexOf(document.activeElement);
  list.replaceChildren(...entries.map(card));
  list.querySelectorAll("a")[focused]?.focus();
  said.textContent = entries.length ? "" : none;
};

// Refreshes the page for as long as it is open; the function returns the milliseconds until the next time.
export const keepFresh = (refresh) => {
  const once = async () => {
    let pause = LATER;
    try {
      pause = (await refresh()) ?? LATER;
    } catch (error) {
      shown = "";
      said.textContent = error.message;
    }
    setTimeout(once, document.hidden ? LATER : pause);
  };
  followTheme();
  once();
};
