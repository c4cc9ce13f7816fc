// The timeline: a row a worker, a bar a generation. What lies outside of the window, or beyond SHAPES_MAX, is not drawn.

import { keyed, setAttributes, setText, svg } from "./dom.js";
import { number, plural, span, timeOfDay, timeOfDayShort } from "./format.js";
import { compareNames } from "./fleet.js";

const ROW = 38;
const TOP = 26;
const LEFT = 128;
const RIGHT = 56;
const ROWS_MAX = 24;
const SHAPES_MAX = 600;
const TICK_PIXELS = 95;
const YOUNGEST_US = 20e6;

const SIGNS = { died: "✕", stopped: "■", assigned: "▲", revoked: "▽", reset: "◆", trouble: "●" };

/** Shapes are collected here with their keys, until there are too many. */
function createSheet() {
  const shapes = [];
  return {
    shapes,
    add(key, tag, attributes, text = null, title = null) {
      if (shapes.length < SHAPES_MAX) shapes.push({ key: `${tag} ${key}`, tag, attributes, text, title });
    },
  };
}

function makeShape({ tag, title }) {
  const node = svg(tag);
  if (title !== null) node.append(svg("title"));
  if (tag === "text") node.append(document.createTextNode(""));
  return node;
}

function updateShape(node, { tag, attributes, text, title }) {
  setAttributes(node, attributes);
  if (title !== null) setText(node.firstChild, title);
  if (tag === "text" && node.lastChild.data !== text) node.lastChild.data = text;
}

function drawTicks(sheet, view, rows) {
  const bottom = TOP + rows * ROW;
  const ticks = Math.max(2, Math.min(8, Math.floor((view.x(view.toUs) - LEFT) / TICK_PIXELS)));
  for (let i = 0; i <= ticks; i++) {
    const atUs = view.fromUs + ((view.toUs - view.fromUs) * i) / ticks;
    const x = view.x(atUs);
    sheet.add(`tick ${i}`, "line", { x1: x, x2: x, y1: TOP, y2: bottom, class: "grid" });
    sheet.add(`tick ${i}`, "text", { x, y: 16, "text-anchor": i === 0 ? "start" : i === ticks ? "end" : "middle" }, timeOfDayShort(atUs));
  }
}

function drawOutages(sheet, view, outages, rows) {
  for (const outage of outages) {
    const toUs = outage.toUs ?? view.nowUs;
    if (toUs < view.fromUs || outage.fromUs > view.toUs) continue;
    sheet.add(`away ${outage.fromUs}`, "rect", { ...view.box(outage.fromUs, toUs), y: TOP, height: rows * ROW, class: "away" }, null, `no broker answered for ${span(toUs - outage.fromUs)}`);
  }
}

const causeOf = (bar) => (bar.toUs === null ? "it lives" : bar.died ? `it ${bar.cause}` : "it was stopped on request");
const barTitle = (life, bar, nowUs) => `${life.name}, generation ${bar.generation}: ${timeOfDay(bar.fromUs)}, ${span((bar.toUs ?? nowUs) - bar.fromUs)}; ${causeOf(bar)}`;

function drawBar(sheet, view, life, bar, y) {
  const toUs = bar.toUs ?? view.nowUs;
  const key = `${life.name} ${bar.fromUs}`;
  const title = barTitle(life, bar, view.nowUs);
  const shape = { y: y + 12, height: 16, rx: 3 };
  const readyUs = bar.readyUs ?? toUs;
  if (readyUs > bar.fromUs) sheet.add(`joining ${key}`, "rect", { ...shape, ...view.box(bar.fromUs, readyUs), class: "joining" }, null, title);
  if (toUs > readyUs) sheet.add(`ready ${key}`, "rect", { ...shape, ...view.box(readyUs, toUs), class: bar.toUs === null ? "ready" : "ready old" }, null, title);
  for (const pause of bar.pauses)
    sheet.add(`paused ${key} ${pause.fromUs}`, "rect", { ...shape, ...view.box(pause.fromUs, pause.toUs ?? toUs), class: "paused" }, null, `paused for ${span((pause.toUs ?? toUs) - pause.fromUs)}`);
}

/** The range that comes again is one of offsets; its width here is no time. */
function drawResume(sheet, view, life, bar, y) {
  const key = `${life.name} ${bar.fromUs}`;
  const x = view.x(bar.again?.atUs ?? bar.readyUs ?? bar.fromUs);
  if (bar.again && bar.again.count !== 0) {
    const said = bar.again.count === null ? "unknown how many are redelivered" : `resumed at ${number(bar.again.to)} (committed ${number(bar.again.from)}), redelivering at most ${number(bar.again.count)}`;
    sheet.add(`again ${key}`, "rect", { x, y: y + 12, width: 16, height: 16, class: "again" }, null, said);
    sheet.add(`again ${key}`, "text", { x: x + 19, y: y + 24, class: "inside" }, `↺ ${bar.again.count === null ? "?" : `≤ ${number(bar.again.count)}`}`);
  }
  if (bar.gapUs !== null) sheet.add(`gap ${key}`, "text", { x: x + 8, y: y + 10, class: "gap" }, `${number(Math.round(bar.gapUs / 1000))} ms`);
}

function signTitle(life, { kind, event, atUs }) {
  const numbers = kind === "reset" ? `partition ${event.partition}: ${number(event.from)} → ${number(event.to)}` : kind === "assigned" || kind === "revoked" ? `partitions: ${number(event.count)}` : "";
  return [`${life.name}, ${timeOfDay(atUs)}: ${event.kind}`, numbers, event.text].filter((part) => part !== "").join("; ");
}

/** Of those that would lie on each other the last is drawn. */
function drawSigns(sheet, view, life, y) {
  const taken = new Map();
  for (const sign of life.signs) {
    if (sign.atUs < view.fromUs || sign.atUs > view.toUs) continue;
    taken.set(`${sign.kind} ${Math.round(view.x(sign.atUs) / 6)}`, sign);
  }
  for (const [place, sign] of taken) {
    const high = sign.kind === "died" || sign.kind === "stopped";
    sheet.add(`sign ${life.name} ${place}`, "text", { x: view.x(sign.atUs), y: y + (high ? 10 : 37), class: `sign ${sign.kind}` }, SIGNS[sign.kind], signTitle(life, sign));
  }
}

function drawLife(sheet, view, life, row) {
  const y = TOP + row * ROW;
  sheet.add(`name ${life.name}`, "text", { x: 10, y: y + 24, class: "worker-name" }, life.name.length > 16 ? `${life.name.slice(0, 15)}…` : life.name);
  for (const bar of life.bars) {
    if ((bar.toUs ?? view.nowUs) < view.fromUs || bar.fromUs > view.toUs) continue;
    drawBar(sheet, view, life, bar, y);
    if (bar.fromUs >= view.fromUs) drawResume(sheet, view, life, bar, y);
  }
  drawSigns(sheet, view, life, y);
}

/** Where time is, in pixels. */
function createView(fromUs, toUs, nowUs, width) {
  const x = (us) => LEFT + ((Math.min(toUs, Math.max(fromUs, us)) - fromUs) / (toUs - fromUs)) * (width - LEFT - RIGHT);
  return { fromUs, toUs, nowUs, x: (us) => Number(x(us).toFixed(1)), box: (one, other) => ({ x: Number(x(one).toFixed(1)), width: Number(Math.max(1, x(other) - x(one)).toFixed(1)) }) };
}

/** Where there are too many: those of which something was heard last. */
function chosen(lives) {
  const all = [...lives.values()];
  const kept = new Set([...all].sort((one, other) => other.lastUs - one.lastUs).slice(0, ROWS_MAX));
  return all.filter((life) => kept.has(life)).sort((one, other) => compareNames(one.name, other.name));
}

export function createTimeline({ store, ui, generations, section, request, watch }) {
  const visible = watch(section);
  const state = { live: true, toUs: null, width: 800 };
  new ResizeObserver(([entry]) => {
    state.width = Math.max(544, Math.floor(entry.contentRect.width));
    request();
  }).observe(ui.bars.parentElement);

  const spanUs = () => Number(ui.span.value) * 1e6;
  /** A young instance does not stand in a corner: while it is followed, time begins a little before its first event. */
  function fromOf(toUs) {
    const firstUs = store.events[0]?.time_us ?? 0;
    return state.live ? Math.max(toUs - spanUs(), Math.min(firstUs - 2e6, toUs - YOUNGEST_US)) : toUs - spanUs();
  }
  function setLive(live) {
    state.live = live;
    ui.live.setAttribute("aria-pressed", String(live));
    request();
  }
  function move(by) {
    state.toUs = Math.min(store.nowUs(), (state.live ? store.nowUs() : state.toUs) + by * spanUs());
    setLive(state.toUs >= store.nowUs());
  }
  ui.back.addEventListener("click", () => move(-0.5));
  ui.forth.addEventListener("click", () => move(0.5));
  ui.live.addEventListener("click", () => setLive(true));
  ui.span.addEventListener("change", request);

  return function paint() {
    if (!store.snapshot || !visible.visible) return;
    const nowUs = store.nowUs();
    const toUs = state.live ? nowUs : state.toUs;
    const view = createView(fromOf(toUs), toUs, nowUs, state.width);
    const lives = chosen(generations.lives);
    const sheet = createSheet();
    drawTicks(sheet, view, lives.length);
    drawOutages(sheet, view, generations.outages, lives.length);
    lives.forEach((life, row) => drawLife(sheet, view, life, row));
    setAttributes(ui.bars, { height: TOP + Math.max(1, lives.length) * ROW + 6 });
    if (state.live && state.width !== state.shownWidth) ui.bars.parentElement.scrollLeft = state.width;
    state.shownWidth = state.width;
    keyed(ui.bars, sheet.shapes, (shape) => shape.key, makeShape, updateShape);
    const left = generations.lives.size - lives.length;
    ui["timeline-more"].hidden = left <= 0;
    setText(ui["timeline-more"], `${plural(left, "worker")} with older events are not drawn.`);
  };
}
