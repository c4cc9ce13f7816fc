// One group's way through one partition. Few records are drawn one by one, in cells; many as ranges. Places are percentages, so nothing is drawn anew when the
// window changes its width.

import { setAttributes, svg } from "./dom.js";
import { stateOf } from "./fleet.js";

const HEIGHT = 26;
const RUNS_MAX = 40;

/** The offsets that a lane shows: [from, to), in cells or as a range. @param {number} cells how many fit, 0: never cells */
export function windowOf(lane, cells) {
  const low = lane.low ?? 0;
  const end = lane.end ?? 0;
  const committed = Math.min(end, ...lane.rows.map((row) => row.committed ?? end));
  if (cells > 0 && end - Math.max(low, committed - 3) <= cells) {
    const from = Math.max(low, end - cells);
    return { from, to: from + cells, cells: true };
  }
  const before = Math.max(4, Math.ceil((end - committed) * 0.15));
  return { from: Math.max(low, committed - before), to: Math.max(end, low + 1), cells: false };
}

const percent = (value) => `${value.toFixed(3)}%`;
const scale = (view) => (offset) => ((Math.min(view.to, Math.max(view.from, offset)) - view.from) / (view.to - view.from)) * 100;

/** "0110" → [[1, 3]], the runs of acknowledged records beyond the committed one. */
function runs(row) {
  const found = [];
  for (const match of (row.ahead ?? "").matchAll(/1+/g)) {
    if (found.length === RUNS_MAX) break;
    found.push([row.committed + match.index, row.committed + match.index + match[0].length]);
  }
  return found;
}

function ranges(row, end) {
  const committed = row.committed ?? row.position ?? 0;
  const position = Math.max(committed, row.position ?? committed);
  return [
    ["committed", -Infinity, committed],
    ["held", committed, position],
    ["waiting", position, end ?? position],
    ...runs(row).map(([from, to]) => ["acknowledged", from, to]),
  ];
}

/** Shapes are taken from a pool of the drawing; those that are left over are hidden. */
function createPool(parent, tag) {
  const nodes = [];
  return (wanted) => {
    wanted.forEach((attributes, i) => {
      if (!nodes[i]) parent.append((nodes[i] = svg(tag)));
      setAttributes(nodes[i], { display: null, ...attributes });
    });
    nodes.slice(wanted.length).forEach((node) => setAttributes(node, { display: "none" }));
  };
}

function cellsOf(row, lane, view) {
  const width = 100 / (view.to - view.from);
  const shapes = [];
  for (let offset = view.from; offset < view.to; offset++) {
    const exists = offset < (lane.end ?? 0);
    const kind = exists ? stateOf(row, offset) : "none";
    shapes.push({ x: percent((offset - view.from) * width + width * 0.08), width: percent(width * 0.84), y: kind === "none" ? 12 : 4, height: kind === "none" ? 2 : HEIGHT - 8, rx: 3, class: `cell ${kind}`, "data-offset": exists ? offset : null });
  }
  return shapes;
}

function rangesOf(row, lane, view) {
  const at = scale(view);
  return ranges(row, lane.end)
    .filter(([, from, to]) => to > view.from && to > from)
    .map(([kind, from, to]) => ({ x: percent(at(from)), width: percent(Math.max(0.2, at(to) - at(from))), y: 4, height: HEIGHT - 8, rx: 2, class: `range ${kind}`, "data-offset": null }));
}

function marksOf(row, view, planned) {
  const at = scale(view);
  const line = (offset, kind) => ({ x1: percent(at(offset)), x2: percent(at(offset)), y1: 0, y2: HEIGHT, class: `mark ${kind}` });
  const marks = row.committed === null ? [] : [line(row.committed, "frontier")];
  return planned === undefined ? marks : [...marks, line(planned, "plan")];
}

function planShapes(row, view, planned) {
  if (planned === undefined || row.committed === null) return [];
  const at = scale(view);
  const [from, to] = [Math.min(planned, row.committed), Math.max(planned, row.committed)];
  return [{ x: percent(at(from)), width: percent(Math.max(0.4, at(to) - at(from))), y: HEIGHT - 4, height: 3, class: "plan-span" }];
}

/** The drawing of one row. `update(row, lane, view, planned)` brings it up to date. */
export function createTrack() {
  const node = svg("svg", { class: "track", height: HEIGHT, role: "img" });
  const shapes = createPool(node.appendChild(svg("g")), "rect");
  const plan = createPool(node.appendChild(svg("g")), "rect");
  const marks = createPool(node.appendChild(svg("g")), "line");
  return {
    node,
    update(row, lane, view, planned) {
      shapes(view.cells ? cellsOf(row, lane, view) : rangesOf(row, lane, view));
      plan(planShapes(row, view, planned));
      marks(marksOf(row, view, planned));
    },
  };
}

/** The offsets below the rows. */
export function createAxis() {
  const node = svg("svg", { class: "axis", height: 16, "aria-hidden": "true" });
  const labels = Array.from({ length: 9 }, () => node.appendChild(svg("text", { y: 11 })));
  return {
    node,
    update(view) {
      const step = Math.max(1, Math.ceil((view.to - view.from) / 8));
      labels.forEach((label, i) => {
        const offset = view.from + i * step;
        const shown = offset < view.to;
        const place = ((offset - view.from + (view.cells ? 0.5 : 0)) / (view.to - view.from)) * 100;
        setAttributes(label, { x: percent(place), display: shown ? null : "none", "text-anchor": view.cells ? "middle" : i === 0 ? "start" : "middle" });
        const text = String(offset);
        if (label.textContent !== text) label.textContent = text;
      });
    },
  };
}
