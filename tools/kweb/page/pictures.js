// The two pictures of the demonstration: every message at every group, and who has acknowledged which. Both of one partition, its last records.

import { keyed, setAttributes, setChoices, setText, svg } from "./dom.js";
import { lanes, stateOf } from "./fleet.js";
import { laneName } from "./lanes.js";
import { save } from "./download.js";

const CELL = 34;
const LEFT = 132;
const RECORDS_MAX = 32;
const RECORDS_MIN = 8;
const GROUPS_MAX = 6;

/** Shapes in the order in which they are drawn. */
function createSheet() {
  const shapes = [];
  const add = (tag, attributes, text = null) => shapes.push({ key: `${shapes.length} ${tag}`, tag, attributes, text });
  return { shapes, add };
}

const make = ({ tag }) => svg(tag);
function update(node, { attributes, text }) {
  setAttributes(node, { class: null, ...attributes });
  if (text !== null) setText(node, text);
}

function show(picture, sheet, width, height, said) {
  setAttributes(picture, { width, height, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMinYMin meet", "aria-label": said });
  keyed(picture, sheet.shapes, (shape) => shape.key, make, update);
}

function windowOf(lane) {
  const end = lane.end ?? 0;
  const from = Math.max(lane.low ?? 0, end - RECORDS_MAX);
  return { from, to: Math.max(end, from + RECORDS_MIN), end };
}

const xOf = (view) => (offset) => LEFT + (offset - view.from) * CELL;
const short = (text) => (text.length > 17 ? `${text.slice(0, 16)}…` : text);
const hasGot = (row, offset) => offset < (row.position ?? 0);

function drawTopic(sheet, view, lane, y) {
  const x = xOf(view);
  sheet.add("text", { x: 8, y: y + 19 }, short(laneName(lane)));
  for (let offset = view.from; offset < view.to; offset++) {
    sheet.add("rect", { x: x(offset), y, width: CELL - 6, height: 28, rx: 4, class: offset < view.end ? "record" : "not-yet" });
    sheet.add("text", { x: x(offset) + (CELL - 6) / 2, y: y + 18, "text-anchor": "middle", class: "soft" }, offset < view.end ? String(offset) : "");
  }
}

/** A record's way to a group: a line down to its circle. */
function drawGroup(sheet, view, row, y, fromY) {
  const x = xOf(view);
  sheet.add("text", { x: 8, y: y + 5 }, short(row.group));
  sheet.add("text", { x: 8, y: y + 20, class: "soft" }, short(row.assigned ? row.worker.name : "nobody"));
  for (let offset = view.from; offset < view.end; offset++) {
    const middle = x(offset) + (CELL - 6) / 2;
    const got = hasGot(row, offset);
    sheet.add("line", { x1: middle, x2: middle, y1: fromY, y2: y - 8, class: got ? "arrow in" : "arrow" });
    sheet.add("circle", { cx: middle, cy: y, r: 8, class: got ? "got" : "not-yet" });
  }
}

function drawDistribution(picture, lane) {
  const view = windowOf(lane);
  const rows = lane.rows.slice(0, GROUPS_MAX);
  const sheet = createSheet();
  drawTopic(sheet, view, lane, 12);
  rows.forEach((row, i) => drawGroup(sheet, view, row, 84 + i * 58, i === 0 ? 40 : 84 + (i - 1) * 58 + 8));
  const said = rows.map((row) => `${row.group} has got ${Math.max(0, Math.min(row.position ?? 0, view.end) - view.from)} of ${view.end - view.from}`).join("; ");
  show(picture, sheet, LEFT + (view.to - view.from) * CELL + 12, 84 + rows.length * 58 - 18, `${laneName(lane)}, records ${view.from} to ${view.end}: ${said}`);
}

const isAcknowledged = (row, offset) => ["committed", "acknowledged"].includes(stateOf(row, offset));

/** A hole lies before one that is acknowledged, and holds the committed offset back. */
function kindOf(row, offset) {
  const state = stateOf(row, offset);
  if (state === "committed") return "yes";
  if (state === "acknowledged") return "yes beyond";
  const last = (row.committed ?? 0) + (row.ahead ?? "").lastIndexOf("1");
  return state === "held" && offset < last ? "hole" : "open";
}

function drawAcknowledgedRow(sheet, view, name, y, kind) {
  const x = xOf(view);
  sheet.add("text", { x: 8, y: y + 19 }, short(name));
  for (let offset = view.from; offset < view.end; offset++) sheet.add("rect", { x: x(offset), y, width: CELL - 6, height: 28, rx: 4, class: kind(offset) });
}

function drawFrontier(sheet, view, row, y) {
  if (row.committed === null || row.committed < view.from || row.committed > view.to) return;
  const at = xOf(view)(row.committed) - 3;
  sheet.add("line", { x1: at, x2: at, y1: y - 5, y2: y + 33, class: "frontier" });
  sheet.add("text", { x: at + 3, y: y + 43, class: "soft" }, `committed ${row.committed}`);
}

function drawAcknowledged(picture, lane) {
  const view = windowOf(lane);
  const rows = lane.rows.slice(0, GROUPS_MAX);
  const sheet = createSheet();
  const x = xOf(view);
  const all = (offset) => rows.every((row) => isAcknowledged(row, offset));
  for (let offset = view.from; offset < view.end; offset++) sheet.add("text", { x: x(offset) + (CELL - 6) / 2, y: 18, "text-anchor": "middle", class: "soft" }, String(offset));
  rows.forEach((row, i) => {
    drawAcknowledgedRow(sheet, view, row.group, 34 + i * 58, (offset) => kindOf(row, offset));
    drawFrontier(sheet, view, row, 34 + i * 58);
  });
  const y = 34 + rows.length * 58;
  drawAcknowledgedRow(sheet, view, rows.length === 2 ? "by both" : "by all", y, (offset) => (all(offset) ? "yes" : "open"));
  const offsets = Array.from({ length: view.end - view.from }, (_, i) => view.from + i);
  const said = rows.map((row) => `${row.group}: ${offsets.filter((offset) => isAcknowledged(row, offset)).length} acknowledged, committed ${row.committed}`);
  show(picture, sheet, LEFT + (view.to - view.from) * CELL + 12, y + 40, `${[...said, `by all: ${offsets.filter(all).length}`].join("; ")}`);
}

export function createPictures({ store, ui, section, request, watch }) {
  const visible = watch(section);
  ui["picture-of"].addEventListener("change", request);
  ui["save-distribution"].addEventListener("click", () => save(ui.distribution, "distribution.svg"));
  ui["save-acknowledged"].addEventListener("click", () => save(ui.acknowledged, "acknowledged.svg"));

  return function paint() {
    if (!store.snapshot || !visible.visible) return;
    const all = lanes(store.snapshot).slice(0, 500);
    setChoices(ui["picture-of"], all.map((lane) => [lane.key, laneName(lane)]));
    const lane = all.find((one) => one.key === ui["picture-of"].value);
    if (!lane) return;
    drawDistribution(ui.distribution, lane);
    drawAcknowledged(ui.acknowledged, lane);
  };
}
