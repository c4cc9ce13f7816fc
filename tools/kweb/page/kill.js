// kill -9, told before: how many records come again at most; and after: how many there were.

import { setText } from "./dom.js";
import * as api from "./api.js";
import { number, plural } from "./format.js";
import { acknowledgedBeyond, isConsumer, meant, redeliveredAtMost } from "./fleet.js";

function before(workers) {
  const readers = workers.filter(isConsumer);
  const names = workers.map((worker) => worker.name).join(", ");
  if (readers.length === 0) return `${names} is killed at once, like a crash. Records it has not sent yet are lost with it.`;
  const most = redeliveredAtMost(readers);
  const said = most === null ? "It is not known how many records are redelivered." : `At most ${number(most)} redelivered: processed but not committed.`;
  return `${names} ${workers.length > 1 ? "are" : "is"} killed at once, like a crash. ${said}`;
}

export function createKill({ store, ui, results, dialog }) {
  /** Deaths that are awaited: worker → the generation that was killed, and how many of its records are acknowledged beyond the committed offset. */
  const awaited = new Map();
  let target = "";

  function tell(event, { beyond }) {
    const most = event.count === null ? "unknown how many are redelivered" : `redelivering at most ${number(event.count)}`;
    const but = event.count > 0 && beyond > 0 ? [`${number(beyond)} of them ${beyond === 1 ? "is" : "are"} acknowledged and not redelivered`] : [];
    results.say(`${event.worker} resumed at ${number(event.to)} (committed ${number(event.from)})`, [`${most}; ${event.text}`, ...but]);
  }

  store.on("event", (event) => {
    const killed = awaited.get(event.worker);
    if (event.kind !== "resumed" || !killed || event.generation <= killed.generation) return;
    awaited.delete(event.worker);
    tell(event, killed);
  });

  async function kill() {
    dialog.close();
    const workers = meant(store.snapshot, target);
    workers.filter(isConsumer).forEach((worker) => awaited.set(worker.name, { generation: worker.generation, beyond: acknowledgedBeyond(worker) }));
    const answer = await api.verb(target, "kill", { signal: "KILL" });
    if (!results.of(`kill -9 ${target}`, answer)) awaited.clear();
  }

  ui["kill-do"].addEventListener("click", kill);
  ui["kill-not"].addEventListener("click", () => dialog.close());

  return function open(name) {
    target = name;
    const workers = meant(store.snapshot, name).filter((worker) => worker.pid !== null);
    setText(ui["kill-target"], workers.length > 1 ? `${name}: ${plural(workers.length, "worker")}` : name);
    setText(ui["kill-said"], before(workers));
    setText(ui["kill-command"], api.kctl(store.snapshot.instance, `kill ${name} KILL`));
    dialog.showModal();
    ui["kill-not"].focus();
  };
}
