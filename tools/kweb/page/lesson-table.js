// The lessons: what to do, and how it is seen that it has happened. They say what ktour's scenarios say (tools/ktour/scenarios), and look at the same figures.
//
// A step's `seen` gets {snapshot, event, note}: the last snapshot, the event that has just come (null when it is a snapshot that came), and a note that the lesson
// keeps from step to step. A step without `seen` is ticked by the reader.

import { acknowledgedBeyond, consumers, deadLetters, groups, isManual, lanes, sum } from "./fleet.js";

const start = (words) => `build/bin/ksupervise --http 8000 ${words}`;

/** Keeps what a value was when the step was first looked at. */
function since(note, name, value) {
  note[name] ??= value;
  return note[name];
}

// --- work sharing -------------------------------------------------------------------------------------------------------------

const owned = (worker) => worker.partitions.filter((partition) => partition.assigned).length;
const withPartitions = (workers) => workers.filter((worker) => owned(worker) > 0);

/** A group in which every partition has exactly one owner. */
function isShared(snapshot, workers) {
  const places = workers.flatMap((worker) => worker.partitions.filter((p) => p.assigned).map((p) => `${p.topic} ${p.partition}`));
  const all = lanes(snapshot).filter((lane) => lane.rows.some((row) => row.group === workers[0].group));
  return new Set(places).size === places.length && places.length === all.length;
}

function sharedBy(snapshot, condition) {
  return [...groups(snapshot).values()].find((workers) => isShared(snapshot, workers) && condition(withPartitions(workers).length, workers[0].group));
}

/** Of each partition its owner says it; one that is down knows of none. */
function hasCaughtUp(snapshot, group) {
  const rows = lanes(snapshot).flatMap((lane) => lane.rows.filter((row) => row.group === group));
  return rows.length > 0 && rows.every((row) => row.lag === 0);
}

const sharing = [
  {
    text: "Two consumers of one group split its partitions. If there is only one: Join this group.",
    seen({ snapshot, note }) {
      const found = sharedBy(snapshot, (members) => members >= 2);
      if (found) Object.assign(note, { group: found[0].group, members: withPartitions(found).length });
      return Boolean(found);
    },
  },
  {
    text: "One more joins. The partitions move from worker to worker.",
    seen({ snapshot, note }) {
      const found = sharedBy(snapshot, (members, group) => group === note.group && members > note.members);
      if (found) note.members = withPartitions(found).length;
      return Boolean(found);
    },
  },
  {
    text: "One leaves: stop it, or scale down. The others take over its partitions.",
    seen: ({ snapshot, note }) => Boolean(sharedBy(snapshot, (members, group) => group === note.group && members < note.members && members > 0)),
  },
  {
    text: "Was anything missed? All produced records are committed: the group's lag is 0.",
    seen: ({ snapshot, note }) => hasCaughtUp(snapshot, note.group),
  },
];

// --- fan-out ------------------------------------------------------------------------------------------------------------------

const fans = (snapshot) => lanes(snapshot).filter((lane) => lane.rows.length >= 2);

const fanOut = [
  { text: "Two groups read one topic. If there is only one: choose a worker, then Join another group.", seen: ({ snapshot }) => fans(snapshot).length > 0 },
  {
    text: "Produce a record.",
    seen({ snapshot, note }) {
      const ends = Object.fromEntries(fans(snapshot).map((lane) => [lane.key, lane.end ?? 0]));
      const former = since(note, "ends", ends);
      const grown = Object.keys(ends).find((key) => ends[key] > (former[key] ?? ends[key]));
      if (grown) Object.assign(note, { lane: grown, end: ends[grown] });
      return Boolean(grown);
    },
  },
  {
    text: "Each group gets it at its own pace: the position of every group moves past it.",
    seen({ snapshot, note }) {
      const lane = lanes(snapshot).find((one) => one.key === note.lane);
      return Boolean(lane) && lane.rows.every((row) => (row.position ?? 0) >= note.end);
    },
  },
];

// --- resume -------------------------------------------------------------------------------------------------------------------

const isKill = (event) => event?.kind === "died" && /SIGKILL/.test(event.text);
const committedOf = (worker) => worker.partitions.filter((p) => p.assigned).reduce((total, p) => total + (p.committed ?? 0), 0);

const killed = (text) => ({
  text,
  seen({ event, note }) {
    if (!isKill(event)) return false;
    Object.assign(note, { worker: event.worker, generation: event.generation, processed: event.to });
    return true;
  },
});

const resumedAfter = (text, isRight = () => true) => ({
  text,
  seen: ({ event, note }) => event?.kind === "resumed" && event.worker === note.worker && event.generation > note.generation && isRight(event, note),
});

const resume = [
  killed("Kill a consumer: kill -9. The page first says how many records are redelivered at most."),
  resumedAfter("Its successor resumes at the committed offset: look for 'resumed at', and for how many are redelivered at most."),
  {
    text: "Nothing is missing: the committed offset moves past what the dead one had processed. (Acknowledge, if --commit is manual.)",
    seen({ snapshot, note }) {
      const worker = consumers(snapshot).find((one) => one.name === note.worker);
      return Boolean(worker) && committedOf(worker) >= (note.processed ?? 0);
    },
  },
];

// --- batching -----------------------------------------------------------------------------------------------------------------

const grows = (counter) => ({ snapshot, note }) => sum(consumers(snapshot), counter) > since(note, counter, sum(consumers(snapshot), counter));

const batching = [
  { text: "Records arrive slowly (rate 5): batches are closed by time. The counter batches_by_time goes up, with one commit for each.", seen: grows("batches_by_time") },
  { text: "Records arrive fast (rate 2000): a batch is full before its time is up. Now batches_by_size goes up.", seen: grows("batches_by_size") },
];

// --- independent acknowledgement -----------------------------------------------------------------------------------------------

const waiting = (worker) => worker.partitions.reduce((total, p) => total + (p.assigned ? p.unacknowledged ?? 0 : 0), 0);
const manual = (snapshot) => consumers(snapshot).filter(isManual);

const acknowledgement = [
  { text: "Produce records until three are waiting at each consumer. Nothing is committed until it is acknowledged.", seen: ({ snapshot }) => manual(snapshot).length >= 2 && manual(snapshot).every((worker) => waiting(worker) >= 3) },
  {
    text: "For one consumer, acknowledge a record that is not the first. The committed offset stays at the first unacknowledged record.",
    seen({ snapshot, note }) {
      const worker = manual(snapshot).find((one) => acknowledgedBeyond(one) > 0);
      if (worker) Object.assign(note, { chosen: worker.name, others: manual(snapshot).filter((one) => one.group !== worker.group).map((one) => [one.name, committedOf(one)]) });
      return Boolean(worker);
    },
  },
  {
    text: "Kill that consumer. Only unacknowledged records are redelivered: the hole stays a hole.",
    seen({ event, note, snapshot }) {
      const worker = consumers(snapshot).find((one) => one.name === note.chosen);
      return event?.kind === "resumed" && event.worker === note.chosen && Boolean(worker);
    },
  },
  {
    text: "The other group is untouched: its committed offset is where it was.",
    seen: ({ snapshot, note }) => (note.others ?? []).every(([name, committed]) => consumers(snapshot).some((one) => one.name === name && committedOf(one) === committed)),
  },
  { text: "Acknowledge all its records: its committed offset is at the end.", seen: ({ snapshot, note }) => consumers(snapshot).some((one) => one.name === note.chosen && one.lag === 0 && waiting(one) === 0) },
];

// --- dead letters -------------------------------------------------------------------------------------------------------------

const letters = (snapshot) => consumers(snapshot).reduce((total, worker) => total + deadLetters(worker), 0);

const dead = [
  {
    text: "Produce a payment by mallory, which a rule refuses. It goes to TOPIC.dlq, with the reason.",
    seen: ({ snapshot, note }) => letters(snapshot) > since(note, "letters", letters(snapshot)),
  },
  {
    text: "The good records go on: more are processed after it.",
    seen: ({ snapshot, note }) => sum(consumers(snapshot), "processed") > since(note, "processed", sum(consumers(snapshot), "processed")),
  },
  { text: "Look at it there, and send it back once the rule is fixed.", command: () => "build/bin/ktopic dlq show payments" },
];

// --- lag ----------------------------------------------------------------------------------------------------------------------

const lag = [
  {
    text: "Pause a consumer.",
    seen({ event, snapshot, note }) {
      const worker = event?.kind === "paused" && consumers(snapshot).find((one) => one.name === event.worker);
      if (worker) Object.assign(note, { worker: worker.name, lag: worker.lag ?? 0 });
      return Boolean(worker);
    },
  },
  {
    text: "Records keep coming (produce some if no producer runs). Its lag grows, in records and in time.",
    seen({ snapshot, note }) {
      const worker = consumers(snapshot).find((one) => one.name === note.worker);
      return Boolean(worker) && worker.lag > note.lag && worker.behind_us > 0;
    },
  },
  { text: "Resume it.", seen: ({ event, note }) => event?.kind === "unpaused" && event.worker === note.worker },
  { text: "It catches up: its lag is 0. (Acknowledge, if --commit is manual.)", seen: ({ snapshot, note }) => consumers(snapshot).some((one) => one.name === note.worker && one.lag === 0) },
];

// --- exactly once -------------------------------------------------------------------------------------------------------------

const once = [
  killed("Kill the consumer in the middle of the work."),
  resumedAfter("It resumes at the offset in the database: rows and next offsets are one transaction."),
  killed("Kill it again."),
  resumedAfter("It resumes again."),
  { text: "Stop the fleet, and compare the topic with the database record by record: 0 missing, 0 doubled.", command: () => "build/bin/kaudit payments --group test_group_bravo --sqlite payments.db" },
];

/** `needs` says of a snapshot whether this fleet can show it; `command` starts one that can. `flags`: it takes flags that no snapshot tells of. */
export const LESSONS = [
  { name: "work-sharing", title: "Work sharing", about: "Consumers of one group split the partitions; another joins; one leaves, and the others take over.", needs: (snapshot) => [...groups(snapshot).keys()].some((group) => lanes(snapshot).filter((lane) => lane.rows.some((row) => row.group === group)).length >= 2), command: start("--clients alpha,beta --group shared --rate 5"), steps: sharing },
  { name: "fan-out", title: "Fan-out", about: "Two groups are independent: each gets every record.", needs: (snapshot) => consumers(snapshot).length > 0, command: start("--clients bravo,zulu --rate 5"), steps: fanOut },
  { name: "resume", title: "Resume", about: "kill -9: the successor continues at the committed offset, and nothing is missing.", needs: (snapshot) => consumers(snapshot).length > 0, command: start("--clients bravo --rate 5"), steps: resume },
  { name: "batching", title: "Batching by size or time", about: "A batch is closed by size or by time, whichever comes first. Small batches commit often, long ones wait.", needs: (snapshot) => consumers(snapshot).length > 0, flags: true, command: start("--clients bravo --rate 5 --batch-size 50 --batch-wait 400ms"), steps: batching },
  { name: "acknowledgement", title: "Independent acknowledgement", about: "Records are acknowledged one by one; after a kill only the others are redelivered, and only in that group.", needs: (snapshot) => manual(snapshot).length >= 2 && groups(snapshot).size >= 2, command: "make demo-ack", steps: acknowledgement },
  { name: "dead-letters", title: "Dead letters", about: "A record that can never be processed goes to TOPIC.dlq with the reason, and can be sent back once the fault is fixed.", needs: (snapshot) => consumers(snapshot).length > 0, flags: true, command: start(`--clients bravo --rate 5 --pipeline "validate, reject:user == 'mallory'"`), steps: dead },
  { name: "lag", title: "Lag", about: "How far behind a consumer is, in records and in time. Both grow while it takes none.", needs: (snapshot) => consumers(snapshot).length > 0, command: start("--clients bravo --rate 5"), steps: lag },
  { name: "exactly-once", title: "Exactly once", about: "Rows and offsets in one transaction: kills neither lose a record nor count one twice.", needs: (snapshot) => consumers(snapshot).length > 0 && manual(snapshot).length === 0, flags: true, command: start("--clients bravo --rate 100 --pipeline 'validate, sqlite:payments.db'"), steps: once },
];
