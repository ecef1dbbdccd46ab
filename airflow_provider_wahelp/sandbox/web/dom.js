// Small tools for a page that changes in place: nothing that has not changed is touched, so that focus, selection,
// scroll positions and half-typed texts stay. Data become text nodes and properties, never markup.

export const $ = (id) => document.getElementById(id);

export const part = (node, name) => node.querySelector(`.${name}`);

/** Set a property, unless it is so already. */
export function set(node, property, value) {
  if (node[property] !== value) node[property] = value;
}

export const say = (node, text) => set(node, "textContent", text);

/** Copy a template of the page. */
export const stamp = (id) => $(id).content.firstElementChild.cloneNode(true);

/**
 * Make the children of a node those of a list, each found again by its key.
 * @param make returns a new child; @param update brings a child up to date.
 */
export function reconcile(parent, items, { key, make, update }) {
  const focused = document.activeElement;
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const child = known.get(name) ?? born(make(item), name);
    known.delete(name);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
  for (const child of known.values()) child.remove();
  if (document.activeElement !== focused && parent.contains(focused)) focused.focus({ preventScroll: true });
}

function born(child, name) {
  child.dataset.key = name;
  return child;
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Make the buttons of many items one stop of the Tab key; the arrows, Home and End walk among them. */
export function walk(parent, selector, { first }) {
  parent.addEventListener("keydown", (event) => {
    const all = [...parent.querySelectorAll(selector)];
    const next = neighbour(all, all.indexOf(event.target), event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  parent.addEventListener("focusin", (event) => {
    const item = [...parent.children].find((child) => child.contains(event.target));
    const button = item?.querySelector(selector);
    if (button) stop(parent, selector, button);
  });
  return () => {
    const all = [...parent.querySelectorAll(selector)];
    if (!all.some((one) => one.tabIndex === 0)) stop(parent, selector, all.at(first));
  };
}

function neighbour(all, place, key) {
  if (place < 0) return null;
  if (key === "Home" || key === "End") return all.at(key === "Home" ? 0 : -1);
  return STEPS[key] ? all[place + STEPS[key]] : null;
}

function stop(parent, selector, chosen) {
  for (const one of parent.querySelectorAll(selector)) set(one, "tabIndex", one === chosen ? 0 : -1);
}
