import { ask, keepFresh, list, make, moment, said, show, taskLink } from "./page.js";

const SILENT = "No alert came up: the task has no notifier, or its process was killed before it could tell.";
const HERE = "Counted on the API server's host alone: alerts of other hosts are missing here. With [wahelp] state all hosts count together.";
const NONE = "No alert has come up in three days that you may see.";

const people = (count) => (count === 1 ? "1 person" : `${count.toLocaleString()} people`);

const fates = (event) => (event.silent ? SILENT
  : event.fates.map(([fate, count]) => `${fate}: ${people(count)}`).join("; "));

const unsaid = (event) => event.silent || event.fates.some(([fate]) => fate === "not sent");

const card = (event) => {
  const node = make("li", "", { class: "card" });
  const index = event.map_index >= 0 ? ` [${event.map_index}]` : "";
  const links = make("p");
  if (event.run_id) links.append(taskLink(event));
  node.append(make("h2", `${event.dag_id}${event.task_id ? ` · ${event.task_id}${index}` : ""}`),
    make("p", `${event.kind}, ${moment(event.at)}`, { class: "soft" }),
    make("p", fates(event), { class: unsaid(event) ? "state failed" : "state" }), links);
  return node;
};

const summary = make("table", "", { "aria-label": "In three days", class: "summary" });
const note = make("p", "", { class: "soft" });
list.before(summary, note);

keepFresh(async () => {
  const found = await ask("data/alerts");
  summary.replaceChildren(...found.totals.map(([words, count]) => {
    const row = make("tr");
    row.append(make("th", words, { scope: "row" }), make("td", count.toLocaleString()));
    return row;
  }));
  note.textContent = found.shared ? "" : HERE;
  show(found.alerts, card, NONE);
  if (found.error) said.textContent = found.error;
});
