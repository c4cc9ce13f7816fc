// What a snapshot says, asked in the words of the page. Pure functions.

/** @typedef {{topic: string, partition: number, low: number|null, end: number|null, rows: object[]}} Lane */

export const isConsumer = (worker) => worker.kind === "consumer";
export const consumers = (snapshot) => (snapshot?.workers ?? []).filter((worker) => isConsumer(worker) && !worker.retired);
export const producer = (snapshot) => (snapshot?.workers ?? []).find((worker) => worker.kind === "producer" && !worker.retired) ?? null;

/** As the supervisor: a name means a worker, or all of a client's; without regard to case. */
export function meant(snapshot, target) {
  const wanted = target.toLowerCase();
  return (snapshot?.workers ?? []).filter(
    (worker) => !worker.retired && (wanted === "all" || worker.name.toLowerCase() === wanted || worker.client.toLowerCase() === wanted),
  );
}

/** Views and lessons ask the same of each snapshot many times: it is answered once. */
function remembered(ask) {
  const answers = new WeakMap();
  return (snapshot) => {
    if (!snapshot) return ask(snapshot);
    if (!answers.has(snapshot)) answers.set(snapshot, ask(snapshot));
    return answers.get(snapshot);
  };
}

/** The workers of each group. @type {function(object): Map<string, object[]>} */
export const groups = remembered((snapshot) => {
  const found = new Map();
  for (const worker of consumers(snapshot)) {
    if (!found.has(worker.group)) found.set(worker.group, []);
    found.get(worker.group).push(worker);
  }
  return found;
});

const largest = (values) => values.reduce((most, value) => (value ?? -1) > (most ?? -1) ? value : most, null);

/** A dead worker could not say that it has a partition no more. */
const rank = (row) => (row.assigned ? 1 : 0) + (row.assigned && row.worker.pid !== null ? 1 : 0);

/** Several workers of a group may know of a partition: the one that has it now is right, else the one that is furthest. */
const isBetter = (row, than) => (rank(row) !== rank(than) ? rank(row) > rank(than) : (row.committed ?? -1) > (than.committed ?? -1));

function collect(snapshot) {
  const found = new Map();
  for (const worker of consumers(snapshot))
    for (const partition of worker.partitions ?? []) {
      const key = `${partition.topic} ${partition.partition}`;
      if (!found.has(key)) found.set(key, new Map());
      const row = { ...partition, group: worker.group, worker, client: worker.client };
      const former = found.get(key).get(worker.group);
      if (!former || isBetter(row, former)) found.get(key).set(worker.group, row);
    }
  return found;
}

function produced(snapshot) {
  const ends = new Map();
  for (const partition of producer(snapshot)?.partitions ?? [])
    if (partition.acknowledged_offset !== null && partition.acknowledged_offset !== undefined)
      ends.set(`${partition.topic} ${partition.partition}`, partition.acknowledged_offset + 1);
  return ends;
}

const collator = new Intl.Collator("en", { numeric: true });
export const compareNames = collator.compare;
const byPlace = (one, other) => compareNames(one.topic, other.topic) || one.partition - other.partition;

/** Each partition that somebody reads, with a row for each group. @type {function(object): Lane[]} */
export const lanes = remembered((snapshot) => {
  const ends = produced(snapshot);
  return [...collect(snapshot)]
    .map(([key, byGroup]) => {
      const rows = [...byGroup.values()].sort((one, other) => compareNames(one.group, other.group));
      const end = largest([...rows.map((row) => row.high), ends.get(key)]);
      return { key, topic: rows[0].topic, partition: rows[0].partition, low: largest(rows.map((row) => row.low)), end, rows };
    })
    .sort(byPlace);
});

/** What the group does with the record at an offset: "committed", "acknowledged" (beyond the committed offset), "in hand", "waiting". */
export function stateOf(row, offset) {
  if (offset < (row.committed ?? 0)) return "committed";
  if (row.ahead?.[offset - row.committed] === "1") return "acknowledged";
  return offset < (row.position ?? 0) ? "held" : "waiting";
}

export const isManual = (worker) => (worker.partitions ?? []).some((p) => p.unacknowledged !== null && p.unacknowledged !== undefined);

/** Acknowledged one by one, before the committed offset is there. */
export const acknowledgedBeyond = (worker) => (worker.partitions ?? []).reduce((total, row) => total + (row.assigned ? row.acknowledged_ahead ?? 0 : 0), 0);

/** How many come again when these die now: processed and not committed, without those that are acknowledged one by one. null: unknown. */
export function redeliveredAtMost(workers) {
  const rows = workers.flatMap((worker) => (worker.partitions ?? []).filter((partition) => partition.assigned));
  if (rows.some((row) => row.position === null || row.committed === null)) return null;
  return rows.reduce((sum, row) => sum + Math.max(0, row.position - row.committed - (row.acknowledged_ahead ?? 0)), 0);
}

export const sum = (workers, counter) => workers.reduce((total, worker) => total + (worker.counters?.[counter] ?? 0), 0);

/** The counter has had two names. */
export const deadLetters = (worker) => worker.counters?.dead_lettered ?? worker.counters?.dead_letters ?? 0;

/** Of which topic a worker reads most partitions: what is said of its dead letters. */
export const topicOf = (worker) => worker.partitions?.[0]?.topic ?? null;

const BADNESS = ["held", "backing off", "down", "quarantining", "stopping", "starting", "joining", "done"];

/** How bad it is, the worst first: the state, then how far behind. */
export function compareWorst(one, other) {
  const badness = (worker) => (BADNESS.includes(worker.state) ? BADNESS.indexOf(worker.state) : BADNESS.length);
  return (
    badness(one) - badness(other) ||
    isConsumer(other) - isConsumer(one) ||
    (other.behind_us ?? -1) - (one.behind_us ?? -1) ||
    (other.lag ?? -1) - (one.lag ?? -1) ||
    compareNames(one.name, other.name)
  );
}
