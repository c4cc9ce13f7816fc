// The lanes: each partition, with a row for each group that reads it. At most ROWS_SHOWN rows are on the page; the rest is a page further.

import { element, keyed, setAttributes, setChoices, setText, withParts } from "./dom.js";
import { atLeast, number, rate, span } from "./format.js";
import { lanes } from "./fleet.js";
import { createAxis, createTrack, windowOf } from "./lane-drawing.js";

const ROWS_SHOWN = 24;
const ROWS_DENSE = 16; // where there are more: closer, a page at a time
const ROWS_IN_CELLS = 16;
const CELL_PIXELS = 24;
const CELLS_MIN = 8;
const CELLS_MAX = 48;
const isWide = matchMedia("(min-width: 50.0625rem)"); // as drawings.css: names and figures stand beside the drawing

export const laneName = (lane) => `${lane.topic} [${lane.partition}]`;
const ownerOf = (row) => (row.assigned ? row.worker.name : "nobody");
const lagText = (row) => atLeast(number(row.lag), row.lag_at_least);
const behindText = (row) => atLeast(span(row.behind_us), row.behind_at_least);
const rowKey = (row) => row.group;

/** Records per second that arrive in a partition, from one snapshot to the next, smoothed. */
function createArrivals() {
  const known = new Map();
  return (lane, timeUs) => {
    const former = known.get(lane.key);
    if (former && former.timeUs === timeUs) return former.perSecond;
    const seconds = former ? (timeUs - former.timeUs) / 1e6 : 0;
    const now = seconds > 0 ? Math.max(0, (lane.end ?? 0) - (former.end ?? 0)) / seconds : 0;
    const perSecond = former ? former.perSecond * 0.6 + now * 0.4 : 0;
    known.set(lane.key, { timeUs, end: lane.end, perSecond: perSecond < 0.05 ? 0 : perSecond });
    return perSecond;
  };
}

function makeRow() {
  const track = createTrack();
  const name = element("span", { class: "row-name" });
  const facts = element("span", { class: "row-facts" });
  const node = element("div", { class: "lane-row" }, name, track.node, facts);
  return withParts(node, { track, name, facts });
}

function factsText(row) {
  const waiting = row.unacknowledged ? ` · ${number(row.unacknowledged)} not acknowledged` : "";
  return row.lag === 0 ? `caught up${waiting}` : `lag ${lagText(row)} · ${behindText(row)}${waiting}`;
}

function updateRow(node, row, lane, view, planned) {
  node.its.track.update(row, lane, view, planned);
  setText(node.its.name, `${row.group} · ${ownerOf(row)}`);
  setText(node.its.facts, factsText(row));
  const plan = planned === undefined ? "" : `; a reset would set it to ${planned}`;
  setAttributes(node.its.track.node, {
    "aria-label": `${row.group}: committed ${number(row.committed)}, position ${number(row.position)}, end ${number(lane.end)}, lag ${lagText(row)}${plan}`,
    "data-place": `${lane.topic} ${lane.partition}`,
    "data-group": row.group,
  });
}

function makeLane() {
  const title = element("h3");
  const facts = element("p", { class: "lane-facts" });
  const rows = element("div", { class: "lane-rows" });
  const axis = createAxis();
  const node = element("article", { class: "lane card" }, element("div", { class: "lane-head" }, title, facts), rows, element("div", { class: "lane-axis" }, axis.node));
  return withParts(node, { title, facts, rows, axis });
}

function tableRow(lane, row) {
  return [laneName(lane), row.group, ownerOf(row), number(row.committed), number(row.position), number(lane.end), lagText(row), behindText(row),
    row.acknowledged_ahead === undefined ? "" : number(row.acknowledged_ahead), row.unacknowledged === undefined ? "" : number(row.unacknowledged)];
}

const makeTableRow = () => element("tr", {}, element("th", { scope: "row" }), ...Array.from({ length: 9 }, (_, i) => element("td", { class: i > 1 ? "n" : null })));
const updateTableRow = (node, texts) => texts.forEach((text, i) => setText(node.children[i], text));

const isMany = (lanesThere) => lanesThere.reduce((count, lane) => count + lane.rows.length, 0) > ROWS_SHOWN;
const worstLag = (lane) => Math.max(...lane.rows.map((row) => row.lag ?? -1));
const matches = (lane, row, wanted) => `${laneName(lane)} ${row.group} ${ownerOf(row)}`.toLowerCase().includes(wanted);

/** @param {{store: object, ui: object, plans: Map<string, number>, onRecord: function(string, number, number, string): void}} page */
export function createLanes({ store, ui, plans, onRecord, section, request, watch, job }) {
  const arrivals = createArrivals();
  const visible = watch(section);
  const view = { first: 0, table: false, width: 0 };
  new ResizeObserver(([entry]) => {
    view.width = entry.contentRect.width;
    request();
  }).observe(ui.picture);

  const turn = (by) => {
    view.first = Math.max(0, view.first + by);
    request();
  };
  ui.earlier.addEventListener("click", () => turn(-view.shown || -1));
  ui.later.addEventListener("click", () => turn(view.shown || 1));
  ui.filter.addEventListener("input", () => turn(-view.first));
  ui.worst.addEventListener("change", () => turn(-view.first));
  ui["as-table"].addEventListener("click", () => {
    view.table = !view.table;
    ui["as-table"].setAttribute("aria-pressed", String(view.table));
    request();
  });
  ui.picture.addEventListener("click", (event) => {
    const offset = event.target.dataset?.offset;
    const track = event.target.closest(".track");
    if (offset === undefined || !track) return;
    const place = track.dataset.place.split(" ");
    onRecord(place[0], Number(place[1]), Number(offset), track.dataset.group);
  });

  function filtered(all) {
    const wanted = ui.filter.value.trim().toLowerCase();
    const found = wanted === "" ? all : all.map((lane) => ({ ...lane, rows: lane.rows.filter((row) => matches(lane, row, wanted)) })).filter((lane) => lane.rows.length > 0);
    return isMany(all) && ui.worst.checked ? [...found].sort((one, other) => worstLag(other) - worstLag(one)) : found;
  }

  /** As many lanes as there is room for rows, one at least. */
  function pageOf(found) {
    view.first = Math.min(view.first, Math.max(0, found.length - 1));
    const most = isMany(found) ? ROWS_DENSE : ROWS_SHOWN;
    let rows = 0;
    const shown = [];
    for (const lane of found.slice(view.first)) {
      rows += lane.rows.length;
      if (shown.length > 0 && rows > most) break;
      shown.push({ ...lane, rows: lane.rows.slice(0, ROWS_SHOWN) });
    }
    view.shown = shown.length;
    return shown;
  }

  function paintTools(all, found, shown) {
    const many = isMany(all);
    ui.picture.classList.toggle("dense", isMany(found));
    ui["filter-box"].hidden = ui["worst-box"].hidden = !many;
    ui.pager.hidden = shown.length === found.length;
    ui.earlier.disabled = view.first === 0;
    ui.later.disabled = view.first + shown.length >= found.length;
    setText(ui.page, `${view.first + 1} to ${view.first + shown.length} of ${found.length}`);
    setText(ui.empty, all.length === 0 ? "No consumer has reported yet what it reads." : "No lane contains this.");
    ui.empty.hidden = found.length > 0;
  }

  function paintPicture(shown) {
    const isDense = ui.picture.classList.contains("dense");
    const rows = shown.reduce((count, lane) => count + lane.rows.length, 0);
    const fit = Math.floor((isWide.matches ? view.width - 550 : view.width - 60) / CELL_PIXELS);
    const cells = isDense || rows > ROWS_IN_CELLS ? 0 : Math.min(CELLS_MAX, Math.max(CELLS_MIN, fit));
    keyed(ui.picture, shown, (lane) => lane.key, makeLane, (node, lane) => {
      const window = windowOf(lane, cells);
      setText(node.its.title, laneName(lane));
      const perSecond = arrivals(lane, store.snapshot.time_us);
      setText(node.its.facts, `end ${number(lane.end)}${perSecond > 0 ? ` · ${rate(perSecond)} per second arrive` : ""}`);
      keyed(node.its.rows, lane.rows, rowKey, makeRow, (row, item) => updateRow(row, item, lane, window, plans.get(`${item.group} ${lane.partition} ${lane.topic}`)));
      if (!isDense) node.its.axis.update(window); // it is not shown there
    });
  }

  function paintTable(shown) {
    const rows = shown.flatMap((lane) => lane.rows.map((row) => ({ key: `${lane.key} ${row.group}`, texts: tableRow(lane, row) })));
    keyed(ui.rows, rows, (row) => row.key, makeTableRow, (node, row) => updateTableRow(node, row.texts));
  }

  function paint() {
    if (!store.snapshot) return;
    const all = lanes(store.snapshot);
    job("record-of", () => setChoices(ui["record-of"], all.slice(0, 500).map((lane) => [lane.key, laneName(lane)])));
    if (!visible.visible) return;
    const found = filtered(all);
    const shown = pageOf(found);
    paintTools(all, found, shown);
    ui.picture.hidden = view.table;
    ui.table.hidden = !view.table;
    (view.table ? paintTable : paintPicture)(shown);
  }
  return paint;
}
