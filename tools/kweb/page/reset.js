// A reset is drawn on the lanes first: what the dry run answers. Only then the button that does it is there.

import { setChoices, setText } from "./dom.js";
import * as api from "./api.js";
import { consumers, meant } from "./fleet.js";

const WITH_NUMBER = { offset: "1042", shift: "-10", timestamp: "2026-02-26T09:52:20Z" };

export function createReset({ store, ui, results, plans, request }) {
  const where = () => (ui["reset-to"].value in WITH_NUMBER ? `${ui["reset-to"].value}:${ui["reset-number"].value}` : ui["reset-to"].value);
  const wordsOfWhere = () => where().replace(":", " ");
  const title = (word) => `${word} ${ui["reset-client"].value} to ${wordsOfWhere()}`;

  function showCommand(dryRun) {
    setText(ui["reset-command"], api.kctl(store.snapshot?.instance, `reset ${ui["reset-client"].value || "NAME"} --to ${wordsOfWhere()}${dryRun ? " --dry-run" : ""}`));
  }

  function forget() {
    plans.clear();
    ui["reset-do"].disabled = true;
    ui["reset-forget"].hidden = true;
    showCommand(true);
    request();
  }

  /** The answer's partitions are of workers; what is drawn is their groups. */
  function plan(places) {
    plans.clear();
    for (const place of places) {
      const worker = meant(store.snapshot, place.worker).find((one) => one.name === place.worker);
      const topics = new Set((worker?.partitions ?? []).map((p) => p.topic));
      for (const topic of topics) plans.set(`${worker.group} ${place.partition} ${topic}`, place.to);
    }
    request();
  }

  async function dryRun(event) {
    event.preventDefault();
    const answer = await api.reset(ui["reset-client"].value, where(), true);
    if (!results.of(title("Dry run: reset"), answer)) return forget();
    plan(answer.value.partitions ?? []);
    ui["reset-do"].disabled = store.snapshot.read_only;
    ui["reset-forget"].hidden = false;
    showCommand(false);
    document.getElementById("lanes").scrollIntoView({ block: "nearest" });
    return undefined;
  }

  async function reset() {
    const answer = await api.reset(ui["reset-client"].value, where(), false);
    results.of(title("Reset"), answer);
    forget();
    ui["reset-form"].querySelector("[type=submit]").focus({ preventScroll: true });
  }

  function showNumber() {
    const example = WITH_NUMBER[ui["reset-to"].value];
    ui["reset-number-box"].hidden = example === undefined;
    ui["reset-number"].placeholder = example ?? "";
    forget();
  }

  ui["reset-form"].addEventListener("submit", dryRun);
  ui["reset-to"].addEventListener("change", showNumber);
  ui["reset-client"].addEventListener("change", forget);
  ui["reset-number"].addEventListener("input", forget);
  ui["reset-do"].addEventListener("click", reset);
  ui["reset-forget"].addEventListener("click", forget);

  return function paint() {
    if (!store.snapshot) return;
    const clients = [...new Set(consumers(store.snapshot).map((worker) => worker.client))];
    setChoices(ui["reset-client"], [...clients.map((client) => [client, client]), ["all", "all of them"]]);
    if (plans.size === 0) showCommand(true);
  };
}
