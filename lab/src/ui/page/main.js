// What the lab sends is shown; nothing is ever sent to it.

import { $ } from "./dom.js";
import { connect, draw } from "./picture.js";
import { addLines, clearLines, showTasks, tick } from "./panels.js";

const events = new EventSource("events");

function live(state, words) {
  $("live").dataset.state = state;
  $("live").lastElementChild.textContent = words;
  document.body.classList.toggle("stale", state !== "live");
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = text === "";
}

function summary({ applications, settled }) {
  const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const units = applications.reduce((sum, { units }) => sum + units.length, 0);
  const what = `${count(applications.length, "application")}, ${count(units, "unit")}`;
  if (applications.length === 0) return "nothing deployed";
  return settled ? `${what}, all settled` : what;
}

events.addEventListener("open", () => clearLines());
events.addEventListener("picture", (event) => {
  const picture = JSON.parse(event.data);
  document.title = `${picture.model} · juju-lab`;
  $("model").textContent = picture.model;
  $("controller").textContent = `on ${picture.controller}`;
  const text = summary(picture);
  if ($("summary").textContent !== text) $("summary").textContent = text;
  draw(picture);
  showTasks(picture.tasks);
  trouble("");
  live("live", "live");
});
events.addEventListener("log", (event) => addLines(JSON.parse(event.data)));
events.addEventListener("trouble", (event) => {
  trouble(JSON.parse(event.data));
  live("lost", "not live");
});
events.addEventListener("error", () => {
  trouble("juju-lab ui does not answer. Once it runs again, open the address that it prints.");
  live("lost", "not live");
});

setInterval(tick, 1000);
new ResizeObserver(() => connect()).observe($("layers"));
window.addEventListener("resize", () => connect());
