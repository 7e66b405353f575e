// Applications as cards in columns, and relations as lines between them.

import { $, element, glyph, keep, shape, tone } from "./dom.js";

export function draw(picture) {
  const nodes = [
    ...picture.applications,
    ...picture.elsewhere.map((name) => ({ name, elsewhere: true, units: [] })),
  ];
  $("nothing").hidden = nodes.length > 0;
  const columns = layers(nodes, picture.relations);
  $("layers").style.setProperty("--columns", Math.max(1, columns.length));
  keep($("layers"), columns.map((names, at) => ({ at, names })), (layer) => String(layer.at),
    () => element("div", { class: "layer" }), () => {});
  columns.forEach((names, at) => {
    const cards = names.map((name) => nodes.find((node) => node.name === name));
    keep($("layers").children[at], cards, (node) => node.name, card, fill);
  });
  keep($("relations"), picture.relations, (relation) => String(relation.id),
    () => element("li"), (item, relation) => { item.textContent = sentence(relation); });
  connect(picture.relations);
}

/** Whoever requires stands right of whoever provides, as far as relations in a circle allow. */
export function layers(nodes, relations) {
  const depth = new Map(nodes.map((node) => [node.name, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    for (const { provider, requirer } of relations) {
      const from = depth.get(provider.application);
      const to = depth.get(requirer.application);
      if (from === undefined || to === undefined || provider.application === requirer.application) continue;
      if (to <= from && from + 1 < nodes.length) depth.set(requirer.application, from + 1);
    }
  }
  // Somebody who only provides stands right before the first that requires it.
  for (const { name } of nodes) {
    const takers = relations.filter(({ provider, requirer }) =>
      provider.application === name && requirer.application !== name);
    const isTaker = relations.some(({ provider, requirer }) =>
      requirer.application === name && provider.application !== name);
    if (isTaker || takers.length === 0) continue;
    depth.set(name, Math.max(0, Math.min(...takers.map(({ requirer }) => depth.get(requirer.application) ?? 1)) - 1));
  }
  const used = [...new Set(depth.values())].sort((a, b) => a - b);
  return used.map((level) => nodes.map((node) => node.name).filter((name) => depth.get(name) === level));
}

function card(node) {
  const head = element("div", {}, element("h3"), element("span", { class: "version" }), element("span", { class: "word" }));
  const kind = node.elsewhere ? "application elsewhere" : "application";
  return element("article", { class: kind, "aria-label": node.name }, head, element("p"), element("ul"));
}

function fill(article, node) {
  const [head, note, units] = article.children;
  const [name, version, word] = head.children;
  name.textContent = node.name;
  version.textContent = node.version ?? "";
  word.textContent = node.elsewhere ? "another model" : node.status.current;
  article.dataset.tone = node.elsewhere ? "unknown" : tone(node.status.current);
  const told = node.units.some((unit) => unit.workload.message === node.status?.message);
  note.textContent = node.life && node.life !== "alive" ? "is being removed"
    : node.beside?.length ? `runs beside ${node.beside.join(", ")}`
    : !node.elsewhere && node.units.length === 0 ? "no units"
    : told ? "" : node.status?.message ?? "";
  note.hidden = note.textContent === "";
  keep(units, node.units, (unit) => unit.name, row, fillRow);
}

function row() {
  return element("li", { class: "unit" });
}

function fillRow(item, unit, isChange) {
  const before = item.querySelector(".message")?.textContent;
  const { workload, agent } = unit;
  item.className = unit.beside ? "unit beside" : "unit";
  item.dataset.tone = tone(workload.current);
  const who = element("span", { class: "who" }, element("b", {}, unit.name));
  if (unit.leader) who.append(element("span", { class: "badge" }, "leader"));
  if (unit.primary) who.append(element("span", { class: "badge primary" }, "primary"));
  const running = agent.current === "executing";
  const doing = element("span", { class: `agent ${running ? "running" : agent.current}` },
    running ? unit.running || "executing" : agent.current);
  doing.title = agent.message;
  const message = element("span", { class: "message" }, element("em", {}, workload.current));
  if (workload.message) message.append(` ${workload.message}`);
  if (unit.life !== "alive") message.append(" (being removed)");
  const place = [unit.machine && `machine ${unit.machine}`, unit.address, ...unit.ports].filter(Boolean);
  item.replaceChildren(glyph(workload.current), who, message,
    element("span", { class: "place" }, doing, ...place.map((part) => ` · ${part}`)));
  if (isChange && before !== message.textContent) {
    void item.offsetWidth;
    item.classList.add("changed");
  }
}

function sentence({ provider, requirer, interface: kind, status }) {
  return `${requirer.application}:${requirer.endpoint} with ${provider.application}:${provider.endpoint}, ${kind}, ${status}`;
}

let drawn = [];

/** Draws the lines anew; called again whenever cards may have moved. */
export function connect(relations = drawn) {
  drawn = relations;
  const area = $("picture");
  const edges = $("edges");
  edges.replaceChildren();
  const origin = area.getBoundingClientRect();
  const box = (name) => {
    const found = area.querySelector(`article[data-key="${CSS.escape(name)}"]`);
    if (!found) return null;
    const at = found.getBoundingClientRect();
    return { x: at.x - origin.x + area.scrollLeft, y: at.y - origin.y + area.scrollTop, w: at.width, h: at.height };
  };
  edges.setAttribute("width", area.scrollWidth);
  edges.setAttribute("height", area.scrollHeight);
  const lines = relations
    .map((relation) => ({ relation, from: box(relation.provider.application), to: box(relation.requirer.application) }))
    .filter(({ relation, from, to }) => from && to && relation.provider.application !== relation.requirer.application);
  const stacked = lines.some(({ from, to }) => Math.abs(from.x - to.x) < 10) && window.innerWidth <= 900;
  spread(lines, "from", "to", stacked);
  spread(lines, "to", "from", stacked);
  for (const line of lines) edges.append(edge(line, stacked));
  for (const group of edges.children) label(group);
}

/** Gives the lines at one side of a card places of their own, in the order of their other ends. */
function spread(lines, end, other, stacked) {
  const sides = new Map();
  for (const line of lines) {
    const right = stacked ? line[other].y > line[end].y : line[other].x > line[end].x;
    const key = `${line[end].x} ${line[end].y} ${right}`;
    sides.set(key, [...(sides.get(key) ?? []), { line, right }]);
  }
  for (const side of sides.values()) {
    side.sort((a, b) => a.line[other].y - b.line[other].y || a.line.relation.id - b.line.relation.id);
    side.forEach(({ line, right }, at) => {
      const { x, y, w, h } = line[end];
      const share = (at + 1) / (side.length + 1);
      line[`${end}At`] = stacked
        ? { x: x + w * share, y: right ? y + h : y, turn: right ? 1 : -1 }
        : { x: right ? x + w : x, y: y + h * share, turn: right ? 1 : -1 };
    });
  }
}

function edge({ relation, fromAt: a, toAt: b }, stacked) {
  const reach = Math.max(40, (stacked ? Math.abs(b.y - a.y) : Math.abs(b.x - a.x)) / 2);
  const [ax, ay] = stacked ? [a.x, a.y + a.turn * reach] : [a.x + a.turn * reach, a.y];
  const [bx, by] = stacked ? [b.x, b.y + b.turn * reach] : [b.x + b.turn * reach, b.y];
  const group = shape("g", { class: relation.running ? "running" : relation.status });
  group.append(
    shape("path", { d: `M${a.x} ${a.y}C${ax} ${ay} ${bx} ${by} ${b.x} ${b.y}` }),
    shape("circle", { cx: a.x, cy: a.y, r: 3.5 }),
    shape("circle", { cx: b.x, cy: b.y, r: 3.5 }),
    shape("rect", { rx: 7, height: 20 }),
    shape("text", {}, relation.interface),
  );
  return group;
}

function label(group) {
  const [path, , , back, text] = group.children;
  const middle = path.getPointAtLength(path.getTotalLength() / 2);
  const width = text.getComputedTextLength() + 14;
  text.setAttribute("x", middle.x);
  text.setAttribute("y", middle.y);
  back.setAttribute("x", middle.x - width / 2);
  back.setAttribute("y", middle.y - 10);
  back.setAttribute("width", width);
}
