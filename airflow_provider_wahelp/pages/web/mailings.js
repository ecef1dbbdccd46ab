import { ask, keepFresh, make, moment, show, taskLink } from "./page.js";
import { query } from "./theme.js";

const SOON = 3000;
const asked = new URLSearchParams(["dag_id", "run_id", "task_id", "map_index"]
  .flatMap((name) => (query().get(name) ? [[name, query().get(name)]] : [])));

const named = (mailing) => new URLSearchParams(
  ["dag_id", "run_id", "task_id", "map_index"].map((name) => [name, mailing[name]]));

const funnel = (mailing) => {
  const table = make("table");
  const most = Math.max(1, ...mailing.funnel.map(([, count]) => count));
  for (const [words, count] of mailing.funnel) {
    const row = make("tr");
    const bar = make("td", "", { class: "bar" });
    bar.append(make("meter", "", { max: most, value: count, "aria-hidden": "true" }));
    row.append(make("th", words, { scope: "row" }), make("td", count.toLocaleString()), bar);
    table.append(row);
  }
  return table;
};

const curve = (mailing) => {
  if (!mailing.curve.sent) return [];
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 -4 600 128");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Sent, delivered and read over time");
  for (const [name, points] of Object.entries(mailing.curve)) {
    const line = document.createElementNS(space, "polyline");
    line.setAttribute("class", name);
    line.setAttribute("points", points);
    svg.append(line);
  }
  return [svg, make("p", "Sent (whole line), delivered (dashes) and read (dots) over time.", { class: "soft" })];
};

const outlook = (mailing) => {
  if (!mailing.under_way) return mailing.at ? `As of ${moment(mailing.at)}.` : "";
  return [
    mailing.speed,
    mailing.ends && `ends about ${moment(mailing.ends)}`,
    mailing.until && `goes on ${moment(mailing.until)}`,
    mailing.holds,
    mailing.at && `as of ${moment(mailing.at)}`,
  ].filter(Boolean).join("; ");
};

const links = (mailing) => {
  const part = make("p");
  part.append(taskLink(mailing));
  if (mailing.report) part.append(" · ", make("a", "Download the report", { href: `data/report?${named(mailing)}`, download: "" }));
  return part;
};

const reasons = (mailing) => {
  if (!mailing.reasons.length) return [];
  const part = make("ul", "", { "aria-label": "Reasons" });
  for (const [outcome, why, count] of mailing.reasons) {
    part.append(make("li", `${count.toLocaleString()} × ${why}${outcome ? ` (${outcome.replace("_", " ")})` : ""}`,
      { class: outcome === "failed" || outcome === "undelivered" ? "failed" : "soft" }));
  }
  return [part];
};

const card = (mailing) => {
  const node = make("li", "", { class: "card" });
  const index = mailing.map_index >= 0 ? ` [${mailing.map_index}]` : "";
  const state = make("p", mailing.state, { class: mailing.state === "failed" ? "state failed" : "state" });
  node.append(make("h2", `${mailing.dag_id} · ${mailing.task_id}${index}`), state,
    make("p", `${mailing.run_id}, began ${moment(mailing.began)}`, { class: "soft" }),
    make("p", outlook(mailing)), funnel(mailing), ...reasons(mailing), ...curve(mailing), links(mailing));
  return node;
};

keepFresh(async () => {
  const { mailings } = await ask(`data/mailings?${asked}`);
  show(mailings, card, "No mailing that you may see has run yet.");
  return mailings.some((each) => each.under_way) ? SOON : undefined;
});
