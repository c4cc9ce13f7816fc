// What can be done to a worker: a table. Each shows the kctl command that does the same.

import { button, element, setText } from "./dom.js";
import * as api from "./api.js";
import { isConsumer, meant } from "./fleet.js";

const always = () => true;
const isDown = (workers) => workers.some((worker) => worker.pid === null);
const runs = (workers) => workers.some((worker) => worker.pid !== null);
const isHeld = (workers) => workers.some((worker) => worker.state === "held");
const isPaused = (workers) => workers.some((worker) => worker.phase === "paused");
const reads = (workers) => workers.length > 0 && workers.every(isConsumer);
const produces = (workers) => workers.length > 0 && workers.every((worker) => worker.kind === "producer");

/**
 * `can` decides whether the button can be pressed, `for` whether it is there at all. `ask`: a number goes with it. `ofClient`: all of a client's workers are meant.
 * `send`, instead of the verb itself; `dialog`: one asks first. `words` and `parameters` get the number, or how many members the client has.
 */
export const VERBS = [
  { word: "start", label: "Start", for: always, can: isDown },
  { word: "stop", label: "Stop", for: always, can: runs },
  { word: "restart", label: "Restart", for: always, can: runs },
  { word: "rolling-restart", label: "Rolling restart", for: (workers) => workers.filter(isConsumer).length > 1, can: runs },
  { word: "pause", label: "Pause", for: always, can: (workers) => runs(workers) && workers.some((worker) => worker.phase !== "paused") },
  { word: "resume", label: "Resume", for: always, can: isPaused },
  { word: "kill", label: "kill -9 …", for: always, can: runs, danger: true, dialog: "kill", parameters: () => ({ signal: "KILL" }), words: (target) => `kill ${target} KILL` },
  { word: "scale", label: "Scale", for: reads, can: always, ask: { label: "Workers", value: "2", min: 1 }, ofClient: true, parameters: (n) => ({ workers: n }), words: (target, n) => `scale ${target} ${n}` },
  { word: "join", label: "Join this group", for: reads, can: always, ofClient: true, send: (name, members) => api.verb(name, "scale", { workers: members + 1 }), words: (target, members) => `scale ${target} ${members + 1}` },
  { word: "add-client", label: "Join another group …", for: reads, can: always, ofClient: true, dialog: "join", words: (target) => `add-client NAME group=GROUP like=${target}` },
  { word: "remove-client", label: "Remove an added client", for: reads, can: always, ofClient: true, send: api.removeClient },
  { word: "rate", label: "Set rate", for: produces, can: always, ask: { label: "A second", value: "5", min: 0 }, parameters: (n) => ({ records: n }), words: (target, n) => `rate ${n}/s` },
  { word: "release", label: "Release", for: isHeld, can: always },
  { word: "reload", label: "Reload configuration", for: (workers, target) => target === "all", can: always, ofInstance: true, words: () => "reload" },
  { word: "logs", label: "Last lines", for: always, can: always, reads: true, words: (target) => `logs ${target} 10` },
];

const wordsOf = (verb, target, number) => (verb.words ? verb.words(target, number) : `${verb.word} ${target}`);

/** @param {{store: object, ui: object, results: object, dialogs: Object<string, function(string): void>, target: function(): string}} page */
export function createVerbs({ store, ui, results, dialogs, target }) {
  const members = (client) => store.snapshot.workers.filter((worker) => worker.client === client && !worker.retired).length;
  const targetOf = (verb) => (verb.ofClient ? meant(store.snapshot, target())[0]?.client ?? target() : target());

  async function act(verb, number) {
    const name = targetOf(verb);
    if (verb.dialog) return dialogs[verb.dialog](name);
    if (verb.reads) return results.of(`The last lines of ${name}`, await api.logs(name, 10));
    const answer = await (verb.ofInstance ? api.call("POST", `/${verb.word}`) : verb.send ? verb.send(name, members(name)) : api.verb(name, verb.word, verb.parameters ? verb.parameters(number) : {}));
    return results.of(`${verb.label}${verb.ofInstance ? "" : ` ${name}`}${verb.ask ? `: ${number}` : ""}`, answer);
  }

  function make(verb) {
    const ask = verb.ask && element("input", { type: "number", min: verb.ask.min, value: verb.ask.value, "aria-label": `${verb.label}: ${verb.ask.label}` });
    const press = button(verb.label, () => act(verb, ask?.value), { class: verb.danger ? "danger" : null });
    const command = element("code");
    ask?.addEventListener("input", () => paint());
    return { verb, ask, press, command, node: element("div", { class: "verb" }, element("p", { class: "buttons" }, press, ask ?? null), command) };
  }

  const made = VERBS.map(make);
  ui.verbs.replaceChildren(...made.map((one) => one.node));

  function paintOne({ verb, ask, press, command, node }, workers) {
    node.hidden = !verb.for(workers, target());
    press.disabled = workers.length === 0 || !verb.can(workers) || (store.snapshot.read_only && !verb.reads) || !store.connection.connected;
    setText(command, api.kctl(store.snapshot.instance, wordsOf(verb, targetOf(verb), ask?.value ?? members(targetOf(verb)))));
  }

  function paint() {
    if (!store.snapshot) return;
    const workers = meant(store.snapshot, target());
    const several = workers.length > 1 ? ` (${workers.length} workers: ${workers.slice(0, 4).map((worker) => worker.name).join(", ")}${workers.length > 4 ? " …" : ""})` : "";
    setText(ui.target, target() + several);
    setText(ui.why, workers.length === 1 ? workers[0].why ?? "" : "");
    made.forEach((one) => paintOne(one, workers));
  }
  return paint;
}
