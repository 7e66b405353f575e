// Elements, made and kept in step with the data. Text goes in as text, never as markup.

export const $ = (id) => document.getElementById(id);

/** An element with attributes and children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The same in the name space of SVG. */
export function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Makes the children of `parent` those of `items`, by key; what is unchanged is not touched. */
export function keep(parent, items, key, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    let child = known.get(key(item));
    known.delete(key(item));
    if (!child) {
      child = make(item);
      child.dataset.key = key(item);
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    const now = JSON.stringify(item);
    if (child.shown !== now) {
      update(child, item, child.shown !== undefined);
      child.shown = now;
    }
  }
  for (const child of known.values()) child.remove();
}

/** `42 s`, `3 min 05 s`, `2 h 10 min` from milliseconds. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
}

/** How a status of Juju's is coloured. */
export function tone(status) {
  if (["active", "completed", "started"].includes(status)) return "good";
  if (["maintenance", "executing", "running", "allocating"].includes(status)) return "busy";
  if (["waiting", "pending", "aborting"].includes(status)) return "waiting";
  if (["blocked", "cancelled", "aborted"].includes(status)) return "bad";
  if (["error", "failed", "lost"].includes(status)) return "error";
  return "unknown";
}

// Each status has a shape, too, for those who do not tell the colours apart.
const SHAPES = {
  good: "M6 0a6 6 0 1 0 0 12A6 6 0 0 0 6 0z",
  busy: "M6 0a6 6 0 1 0 0 12A6 6 0 0 0 6 0zm0 2.2v7.6A3.8 3.8 0 0 1 6 2.2z",
  waiting: "M6 0a6 6 0 1 0 0 12A6 6 0 0 0 6 0zm0 2.4a3.6 3.6 0 1 1 0 7.2 3.6 3.6 0 0 1 0-7.2z",
  bad: "M1 1h10v10H1z",
  error: "M6 0l6 11.4H0z",
  unknown: "M1 5h10v2H1z",
};

export function glyph(status) {
  const drawing = shape("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" });
  drawing.append(shape("path", { d: SHAPES[tone(status)], "fill-rule": "evenodd" }));
  return drawing;
}
