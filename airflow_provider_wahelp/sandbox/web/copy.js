// Ids to copy.

import { say } from "./dom.js";
import { tell } from "./api.js";

/** Make a button show something that is copied by a press. */
export function copies(button, label, value) {
  say(button, `${label} ${value}`);
  button.dataset.copy = value;
  if (!button.title) button.title = "Copy";
}

document.addEventListener("click", async ({ target }) => {
  const value = target.closest("[data-copy]")?.dataset.copy;
  if (!value) return;
  await put(value);
  tell(`Copied ${value}`);
});

/** Browsers give a clipboard to this machine's own addresses, and not to every other name of a sandbox. */
async function put(value) {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  const focused = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { value, readOnly: true });
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  return focused?.focus({ preventScroll: true });
}
