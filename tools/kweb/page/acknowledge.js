// Acknowledging by hand: one record, a range, all. The API takes one offset a call, so a range is several calls, which end at the first that is refused.

import { setChoices, setText } from "./dom.js";
import * as api from "./api.js";
import { plural } from "./format.js";
import { consumers, isManual, stateOf } from "./fleet.js";

const AT_MOST = 1000;

/** The offsets of a row that are processed and not acknowledged yet, the first AT_MOST. */
function openOffsets(row) {
  const open = [];
  for (let offset = row.committed ?? 0; offset < (row.position ?? 0) && open.length < AT_MOST; offset++)
    if (stateOf(row, offset) === "held") open.push(offset);
  return open;
}

export function createAcknowledge({ store, ui, results }) {
  const form = ui["ack-form"];
  const from = ui["ack-from"];
  const to = ui["ack-to"];

  const manual = () => consumers(store.snapshot).filter(isManual);
  const worker = () => manual().find((one) => one.name === ui["ack-worker"].value);
  const row = () => worker()?.partitions.find((one) => String(one.partition) === ui["ack-partition"].value);
  const words = () => {
    const range = to.value !== "" && to.value !== from.value ? `${from.value}-${to.value}` : from.value || "OFFSET";
    return `ack ${ui["ack-worker"].value || "NAME"} ${ui["ack-partition"].value || "P"}:${range}`;
  };
  const showCommand = () => setText(ui["ack-command"], api.kctl(store.snapshot?.instance, words()));

  async function send(name, offsets) {
    let answer = null;
    let done = 0;
    for (const [partition, offset] of offsets) {
      answer = await api.acknowledge(name, partition, offset);
      if (!answer.ok) break;
      done++;
    }
    if (!answer) return results.say(`Acknowledge for ${name}`, ["there is nothing to acknowledge"], true);
    const title = answer.ok ? `Acknowledged for ${name}: ${plural(done, "record")}` : `Acknowledge for ${name}, after ${plural(done, "record")}`;
    return results.of(title, answer);
  }

  function sendRange(event) {
    event.preventDefault();
    const first = Number(from.value);
    const last = to.value === "" ? first : Number(to.value);
    const name = ui["ack-worker"].value;
    if (from.value === "" || last < first) return results.say("Acknowledge", ["enter an offset, then one that is not lower"], true);
    if (last - first >= AT_MOST) return results.say("Acknowledge", [`at most ${AT_MOST} at a time; kctl ack takes any range`], true);
    return send(name, Array.from({ length: last - first + 1 }, (_, i) => [ui["ack-partition"].value, first + i]));
  }

  function sendAll() {
    const one = worker();
    if (one) send(one.name, one.partitions.filter((p) => p.assigned).flatMap((p) => openOffsets(p).map((offset) => [p.partition, offset])).slice(0, AT_MOST));
  }

  form.addEventListener("submit", sendRange);
  form.addEventListener("input", showCommand);
  ui["ack-all"].addEventListener("click", sendAll);
  ui["ack-all"].addEventListener("mouseenter", () => setText(ui["ack-command"], api.kctl(store.snapshot?.instance, `ack ${ui["ack-worker"].value} all`)));
  ui["ack-all"].addEventListener("focus", () => setText(ui["ack-command"], api.kctl(store.snapshot?.instance, `ack ${ui["ack-worker"].value} all`)));
  ui["ack-all"].addEventListener("mouseleave", showCommand);

  function paint() {
    if (!store.snapshot) return;
    const there = manual();
    const idle = there.length === 0;
    for (const control of form.elements) control.disabled = idle || store.snapshot.read_only;
    setText(ui["ack-help"], idle ? "No consumer here runs with --commit manual. make demo-ack starts two that do." : "In any order. That group does not receive acknowledged records again.");
    setChoices(ui["ack-worker"], there.map((one) => [one.name, `${one.name} · ${one.group}`]));
    setChoices(ui["ack-partition"], (worker()?.partitions ?? []).filter((p) => p.assigned).map((p) => [String(p.partition), String(p.partition)]));
    const first = row() ? openOffsets(row())[0] : undefined;
    from.placeholder = first === undefined ? "" : String(first);
    if (!form.contains(document.activeElement)) showCommand();
  }
  /** Of those that wait to be acknowledged in this place: who. */
  const waiting = (topic, partition, offset) =>
    manual().filter((one) => one.partitions.some((p) => p.assigned && p.topic === topic && p.partition === partition && stateOf(p, offset) === "held"));
  return { paint, send, waiting };
}
