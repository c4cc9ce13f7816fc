// The samples that the charts draw: those that kweb kept for an hour, and then a snapshot each second.

import * as api from "./api.js";

const KEPT = 3600;

/** What a sample has of a worker, in the order of GET /history. */
export const VALUES = ["per_second", "lag", "behind_us", "p99_us"];

const sampleOf = (snapshot) => new Map(snapshot.workers.filter((worker) => !worker.retired).map((worker) => [worker.name, VALUES.map((name) => worker[name] ?? null)]));

/** @returns {{samples: {timeUs: number, of: Map<string, (number|null)[]>}[], load: function(): Promise<void>, add: function(object): void}} */
export function createHistory() {
  const samples = [];

  function add(timeUs, of) {
    const newest = samples.at(-1)?.timeUs ?? 0;
    if (timeUs - newest < 900000) return;
    samples.push({ timeUs, of });
    if (samples.length > KEPT) samples.shift();
  }

  /** Also after a reconnect: what came in between is there then. */
  async function load() {
    const answer = await api.history();
    const names = answer.value?.workers;
    if (!answer.ok || !Array.isArray(names)) return;
    const mine = samples.splice(0);
    const kept = answer.value.samples.map(([timeUs, rows]) => ({ timeUs, of: new Map(names.map((name, i) => [name, rows[i] ?? []])) }));
    const newest = kept.at(-1)?.timeUs ?? 0;
    for (const { timeUs, of } of [...kept, ...mine.filter((sample) => sample.timeUs > newest)]) add(timeUs, of);
  }
  return { samples, load, add: (snapshot) => add(snapshot.time_us, sampleOf(snapshot)) };
}
