// The workers, the worst first. The order stands still while somebody points at it.

import { element, keyed, setAttributes, setText, withParts } from "./dom.js";
import { atLeast, number, plural, rate, span } from "./format.js";
import { compareWorst, isConsumer } from "./fleet.js";

const SHOWN = 100;
const MANY = 12;

const LOOKS = { ready: "", "ready-idle": "off", down: "off", done: "off", held: "bad", "backing off": "bad", quarantining: "bad" };
const lookOf = (worker) => (worker.phase === "paused" ? "paused" : LOOKS[worker.state] ?? "coming");

function makeRow(worker) {
  const radio = element("input", { type: "radio", name: "target", value: worker.name });
  const name = element("span");
  const group = element("small");
  const state = element("span");
  const phase = element("small");
  const cells = Array.from({ length: 6 }, (_, i) => element("td", { class: i < 5 ? "n" : "why" }));
  const node = element("tr", {}, element("th", { scope: "row" }, element("label", {}, radio, element("span", {}, name, group))), element("td", {}, element("span", { class: "state" }, state, phase)), ...cells);
  return withParts(node, { radio, name, group, state: node.querySelector(".state"), stateText: state, phase, cells });
}

const phaseText = (worker, nowUs) => {
  const since = span(nowUs - (worker.phase_since_us ?? worker.state_since_us ?? nowUs));
  return worker.phase && worker.phase !== worker.state ? `${worker.phase} ${since}` : since;
};

function updateRow(node, worker, nowUs, chosen) {
  const lag = isConsumer(worker) ? atLeast(number(worker.lag), worker.lag_at_least) : "";
  const behind = isConsumer(worker) ? atLeast(span(worker.behind_us), worker.behind_at_least) : "";
  const texts = [lag, behind, rate(worker.per_second), worker.p99_us === null ? "" : span(worker.p99_us), number(worker.restarts), worker.why ?? ""];
  setText(node.its.name, worker.name);
  setText(node.its.group, worker.group ?? worker.kind);
  setText(node.its.stateText, worker.state);
  setAttributes(node.its.state, { class: `state ${lookOf(worker)}` });
  setText(node.its.phase, phaseText(worker, nowUs));
  texts.forEach((text, i) => setText(node.its.cells[i], text));
  node.classList.toggle("chosen", chosen);
  node.its.radio.checked = chosen;
}

const matches = (worker, wanted) => `${worker.name} ${worker.group} ${worker.state} ${worker.phase}`.toLowerCase().includes(wanted);

export function createWorkers({ store, ui, section, request, watch }) {
  const table = ui["worker-rows"];
  const visible = watch(section);
  let target = null;
  let order = [];

  table.addEventListener("change", (event) => {
    target = event.target.value;
    request();
  });
  ui["workers-filter"].addEventListener("input", request);

  let hovered = false;
  table.addEventListener("pointerenter", () => (hovered = true));
  table.addEventListener("pointerleave", () => (hovered = false));
  const isPointedAt = () => hovered || table.contains(document.activeElement);

  /** Those that are new come behind the others while the order stands. */
  function sorted(workers) {
    if (isPointedAt() && order.length > 0) {
      const place = (worker) => (order.includes(worker.name) ? order.indexOf(worker.name) : order.length);
      return [...workers].sort((one, other) => place(one) - place(other));
    }
    const found = [...workers].sort(compareWorst);
    order = found.map((worker) => worker.name);
    return found;
  }

  /** "all" is a row of its own, at the end. */
  const ALL = { name: "all", kind: "every worker", group: null, state: "", phase: null, per_second: null };
  function updateAll(node, chosen) {
    setText(node.its.name, "all");
    setText(node.its.group, "every worker");
    node.its.state.hidden = true;
    node.classList.toggle("chosen", chosen);
    node.its.radio.checked = chosen;
  }

  function paint() {
    if (!store.snapshot) return;
    const all = store.snapshot.workers.filter((worker) => !worker.retired);
    if (target !== "all" && !all.some((worker) => worker.name === target)) target = (all.find(isConsumer) ?? all[0])?.name ?? null;
    if (visible.visible || !table.hasChildNodes()) paintTable(all);
  }

  function paintTable(all) {
    const wanted = ui["workers-filter"].value.trim().toLowerCase();
    const found = sorted(wanted === "" ? all : all.filter((worker) => matches(worker, wanted)));
    ui["workers-filter-box"].hidden = all.length <= MANY;
    ui["workers-more"].hidden = found.length <= SHOWN;
    setText(ui["workers-more"], `${plural(found.length - SHOWN, "worker")} more: look for them by name, group or state.`);
    const rows = [...found.slice(0, SHOWN), ALL];
    const nowUs = store.nowUs();
    keyed(table, rows, (worker) => worker.name, makeRow, (node, worker) =>
      worker === ALL ? updateAll(node, target === "all") : updateRow(node, worker, nowUs, worker.name === target));
  }
  return { paint, target: () => target ?? "all" };
}
