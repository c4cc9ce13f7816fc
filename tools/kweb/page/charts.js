// Charts by uPlot, which is fetched when the programs are built, and may be missing: then it is said how to get it, and all else works.

import { element, setChoices, setText } from "./dom.js";
import * as api from "./api.js";
import { number, rate, span, timeOfDayShort } from "./format.js";
import { compareNames, compareWorst, isConsumer } from "./fleet.js";

const LINES_MAX = 8;
const HEIGHT = 190;
const NARROWEST = 416; // as drawings.css has it
const GAP = 16;
const MISSING = "The charts need uPlot, which is missing: make web-assets fetches it. Everything else works without it.";

const CHARTS = [
  { title: "Records per second", value: "per_second", say: rate },
  { title: "Lag, in records", value: "lag", say: (value) => number(value === null ? null : Math.round(value)) },
  { title: "Lag, in time", value: "behind_us", say: span },
  { title: "Latency, 99th percentile", value: "p99_us", say: span },
];

/** Hues that are told apart by those who see no red or no green; the dashes tell them apart without any. */
const HUES = { light: ["#0b6b63", "#b45309", "#1d4ed8", "#a21caf", "#4d7c0f", "#b91c1c", "#475569", "#0e7490"], dark: ["#45cdbb", "#f2b656", "#93b4ff", "#e29af0", "#b5d96b", "#ff9a8f", "#b6c2cf", "#67d4ea"] };
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4], [12, 4], [4, 2]];

function loadScript(source) {
  return new Promise((resolve, reject) => {
    const script = element("script", { src: source });
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

/** GET / says which assets are there, so that nothing is asked for in vain. @returns {Promise<function|null>} uPlot */
async function loadLibrary() {
  if (window.uPlot) return window.uPlot; // it stands in the file of a capture
  if (location.protocol === "file:") return null;
  const answer = await api.health();
  if (!(answer.value?.assets ?? []).includes("uPlot.iife.min.js")) return null;
  document.head.append(element("link", { rel: "stylesheet", href: "/assets/uPlot.min.css" }));
  return loadScript("/assets/uPlot.iife.min.js").then(() => window.uPlot, () => null);
}

/** The colours of a canvas are no variables: a probe in the page says what they are now. */
function colourOf(variable) {
  const probe = document.body.appendChild(element("span", { hidden: true }));
  probe.style.color = `var(${variable})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function optionsOf(chart, names, width) {
  const hues = HUES[document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")];
  const [ink, line] = [colourOf("--soft"), colourOf("--line")];
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const values = (_, ticks) => ticks.map((tick) => chart.say(tick));
  const clock = (_, ticks) => ticks.map(timeOfTick);
  const series = names.map((name, i) => ({ label: name, stroke: hues[i], dash: DASHES[i], width: 1.75, spanGaps: false, points: { show: false }, value: (plot, value, line, at) => chart.say(at === null ? plot.data[line].at(-1) : value) }));
  return { width, height: HEIGHT, cursor: { sync: { key: "ksupervise" } }, scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } }, axes: [{ ...axis, values: clock, space: 70 }, { ...axis, size: 74, values }], series: [{ label: "Time", value: (plot, value, _, at) => timeOfTick(at === null ? plot.data[0].at(-1) ?? 0 : value) }, ...series] };
}

const timeOfTick = (seconds) => timeOfDayShort(seconds * 1e6);

/** Whom the lines are of: a client's workers, or the worst of all. */
function namesOf(snapshot, chosen) {
  const workers = snapshot.workers.filter((worker) => !worker.retired && (chosen === "" || worker.client === chosen));
  return workers.sort(compareWorst).slice(0, LINES_MAX).map((worker) => worker.name).sort(compareNames);
}

const widthOf = (list) => {
  const columns = Math.max(1, Math.floor((list.clientWidth + GAP) / (NARROWEST + GAP)));
  return Math.floor((list.clientWidth - GAP * (columns - 1)) / columns) - 22;
};

function makeChart(chart, list) {
  const label = `${chart.title}: the table of workers has the current values`;
  const card = list.appendChild(element("div", { class: "card chart", role: "group", "aria-label": label }, element("h3", {}, chart.title)));
  return { chart, card, plot: null, key: "" };
}

export function createCharts({ store, ui, history, section, request, watch, job }) {
  const visible = watch(section);
  let library = null;
  let drawn = [];
  let style = 0;
  let names = [];
  let chosenOf = null;

  async function load() {
    library = await loadLibrary();
    ui["chart-note"].hidden = library !== null;
    setText(ui["chart-note"], MISSING);
    if (library) drawn = CHARTS.map((chart) => makeChart(chart, ui["chart-list"]));
    request();
  }

  /** The worst of all are chosen once: lines that come and go by the second are no chart. */
  function chooseNames() {
    const present = new Set(store.snapshot.workers.map((worker) => worker.name));
    const isSame = chosenOf === ui["chart-of"].value && names.every((name) => present.has(name));
    if (isSame && (names.length === LINES_MAX || names.length === namesOf(store.snapshot, chosenOf).length)) return;
    chosenOf = ui["chart-of"].value;
    names = namesOf(store.snapshot, chosenOf);
  }

  /** A new plot where its lines, its width or its colours are others; else new data. */
  function draw(one, width) {
    const key = JSON.stringify([names, width, style]);
    const data = history.lines(store.nowUs() - Number(ui["chart-span"].value) * 1e6, names, one.chart.value);
    if (one.key === key) return one.plot.setData(data);
    one.plot?.destroy();
    one.plot = new library(optionsOf(one.chart, names, width), data, one.card);
    one.key = key;
    return undefined;
  }

  let shown = "";
  function paint() {
    if (!store.snapshot) return;
    const clients = [...new Set(store.snapshot.workers.filter(isConsumer).map((worker) => worker.client))];
    setChoices(ui["chart-of"], [["", store.snapshot.workers.length > LINES_MAX ? `the ${LINES_MAX} worst` : "all"], ...clients.map((client) => [client, client])]);
    if (!library || !visible.visible) return;
    chooseNames();
    const width = widthOf(ui["chart-list"]);
    const wanted = JSON.stringify([history.version(), store.recordedUs, names, width, style, ui["chart-span"].value]);
    if (wanted === shown) return;
    shown = wanted;
    for (const one of drawn) job(one.chart.value, () => draw(one, width));
  }

  new ResizeObserver(request).observe(section);
  ui["chart-of"].addEventListener("change", request);
  ui["chart-span"].addEventListener("change", request);
  const restyle = () => (style++, request());
  return { paint, load, restyle };
}
