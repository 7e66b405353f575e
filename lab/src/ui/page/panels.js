// Tasks with their progress, and the log.

import { $, duration, element, keep, tone } from "./dom.js";

/** So many lines of the log are kept. */
const LINES = 400;

export function showTasks(tasks) {
  $("no-tasks").hidden = tasks.length > 0;
  keep($("tasks"), tasks, (task) => task.id, () => element("li", { class: "task" }), fill);
  tick();
}

function fill(item, task) {
  item.dataset.tone = tone(task.status);
  const took = element("span", { class: "took" });
  took.dataset.since = task.started ?? "";
  took.dataset.until = task.completed ?? "";
  const head = element("div", { class: "head" },
    element("h3", {}, task.action),
    element("span", { class: "where" }, task.unit),
    element("span", { class: "word" }, task.status));
  const parts = [head];
  const percent = task.status === "running" ? progress(task.log) : null;
  if (percent !== null) {
    const bar = element("progress", { max: 100, value: percent, "aria-label": `${task.action}: ${percent} %` });
    parts.push(bar);
  }
  if (task.message) parts.push(element("p", { class: "why" }, task.message));
  if (task.log.length > 0) parts.push(element("ul", {}, ...task.log.map((line) => element("li", {}, line.message))));
  head.append(took);
  item.replaceChildren(...parts);
}

/** The newest percentage in the lines of an action. */
export function progress(lines) {
  for (const { message } of [...lines].reverse()) {
    const found = /(\d+(?:\.\d+)?)\s?%/.exec(message);
    if (found && Number(found[1]) <= 100) return Number(found[1]);
  }
  return null;
}

/** Moves the durations on. */
export function tick() {
  for (const took of document.querySelectorAll(".took")) {
    const { since, until } = took.dataset;
    took.textContent = since ? duration((until ? Date.parse(until) : Date.now()) - Date.parse(since)) : "";
  }
}

const LEVELS = { WARNING: "bad", ERROR: "error" };

export function addLines(records) {
  const lines = $("lines");
  const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
  for (const { time, entity, level, message } of records) {
    const grave = LEVELS[level];
    const text = element("span", { class: "text" });
    if (grave) text.append(element("span", { class: "level" }, `${level} `));
    text.append(message);
    const line = element("div", { class: "line" },
      element("time", { datetime: time }, new Date(time).toLocaleTimeString([], { hour12: false })),
      element("i", { "aria-hidden": "true" }),
      element("span", { class: "entity" }, entity.replace(/^unit-(.*)-(\d+)$/, "$1/$2")),
      text);
    if (grave) line.dataset.tone = grave;
    lines.append(line);
  }
  while (lines.childElementCount > LINES) lines.firstElementChild.remove();
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}

export function clearLines() {
  $("lines").replaceChildren();
}
