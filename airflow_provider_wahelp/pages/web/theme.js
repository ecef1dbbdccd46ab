// Follows Airflow's choice of dark or light, where the page stands in its frame; else the browser's.

const outer = () => {
  try {
    return window.parent === window ? null : window.parent.document.documentElement;
  } catch {
    return null; // a frame of somebody else
  }
};

export const followTheme = () => {
  const root = outer();
  if (!root) return;
  const take = () => {
    for (const name of ["light", "dark"]) document.documentElement.classList.toggle(name, root.classList.contains(name));
  };
  take();
  new MutationObserver(take).observe(root, { attributes: true, attributeFilter: ["class"] });
};

// The frame's own address has no query of Airflow's: the outer one has, when the page is opened.
export const query = () => {
  if (location.search || !outer()) return new URLSearchParams(location.search);
  return new URLSearchParams(window.parent.location.search);
};

// A frame of Airflow's may not lead its parent elsewhere: a link that the parent holds may.
export const goTo = (address) => {
  const page = outer() ? window.parent.document : document;
  const link = page.createElement("a");
  link.href = address;
  page.body.append(link);
  link.click();
  link.remove();
};
