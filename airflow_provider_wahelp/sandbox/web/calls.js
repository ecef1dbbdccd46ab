// What the API was asked, and what concerns all of it.

import { act } from "./api.js";
import { $, part, reconcile, say, stamp } from "./dom.js";

/** Show the latest calls. */
export function showCalls({ requests, stats, tokens }) {
  const counts = [[stats.requests, "call"], [stats.logins, "login"], [stats.connections, "connection"], [tokens, "living token"]];
  say($("stats"), counts.map(([amount, what]) => `${amount} ${what}${amount === 1 ? "" : "s"}`).join(", "));
  const numbered = requests.map((request, place) => ({ ...request, number: stats.requests - place }));
  reconcile($("calls"), numbered, { key: (request) => request.number, make: () => stamp("call-item"), update });
}

function update(item, request) {
  say(part(item, "status"), request.status ?? "cut");
  say(part(item, "path"), `${request.method} ${request.path.replace(/^\/api\/app/, "")}${request.query && `?${request.query}`}`);
  say(part(item, "struck-by"), request.fault ?? "");
  item.classList.toggle("refused", request.status === null || request.status >= 400);
}

/** Let people forget calls, tokens, or everything. */
export function startCalls() {
  $("calls-clear").addEventListener("click", () => act("The calls are forgotten", "DELETE", "/requests"));
  $("tokens-expire").addEventListener("click", () => act("All tokens have expired", "POST", "/tokens/expire"));
  $("reset").addEventListener("click", () => $("sure").showModal());
  $("sure").addEventListener("close", () => {
    if ($("sure").returnValue === "yes") act("Everything is as at the start", "POST", "/reset");
    $("sure").returnValue = "";
  });
}
