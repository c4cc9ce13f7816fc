// The events in words, the newest first: the last SHOWN of them while the list is open.

import { element, keyed, setText } from "./dom.js";
import { number, timeOfDay } from "./format.js";

const SHOWN = 200;

/** How the numbers of a kind are said, as in common/stats/events.h; # is the number. */
const SAID = {
  "supervisor-started": { count: "workers: #" },
  "supervisor-stopped": { count: "exit code #" },
  ready: { count: "partitions: #" },
  died: { from: "committed #", to: "processed up to #" },
  restarting: { count: "in # ms" },
  resumed: { from: "committed #", to: "resumed at #", count: "redelivering at most #" },
  killed: { count: "after # ms" },
  signalled: { count: "signal #" },
  candidates: { from: "from offset #", to: "to #", count: "records: #" },
  quarantined: { from: "offset #" },
  assigned: { count: "partitions: #" },
  revoked: { count: "partitions: #" },
  "committed-gap": { from: "from #", to: "to #", count: "records lost: #" },
  reset: { from: "from #", to: "to #", count: "partitions more: #" },
  acknowledged: { from: "from #", to: "to #", count: "partitions more: #" },
  scaled: { from: "from #", to: "to #" },
  rate: { count: "records per second: #" },
  config: { count: "workers changed: #" },
  "broker-back": { count: "after # ms" },
  replayed: { count: "records: #" },
};

export function sayEvent(event) {
  const said = SAID[event.kind] ?? {};
  const numbers = ["from", "to", "count"].filter((name) => said[name] && event[name] !== null).map((name) => said[name].replace("#", number(event[name])));
  const partition = event.partition === null ? [] : [`partition ${event.partition}`];
  return [...partition, ...numbers, ...(event.text ? [event.text] : [])].join("; ");
}

function makeRow(event) {
  const texts = [timeOfDay(event.time_us), number(event.sequence), event.worker ?? "instance", event.kind, sayEvent(event)];
  return element("tr", {}, ...texts.map((text, i) => element("td", { class: i === 1 ? "n" : null }, text)));
}

export function createEventList({ store, ui }) {
  const details = ui["event-rows"].closest("details");
  details.addEventListener("toggle", () => paint());
  function paint() {
    setText(ui["event-count"], store.events.length > 0 ? `(${number(store.events.length)})` : "");
    if (!details.open) return;
    const newest = store.events.slice(-SHOWN).reverse();
    keyed(ui["event-rows"], newest, (event) => `${event.sequence} ${event.time_us}`, makeRow, () => {});
  }
  return paint;
}
