// What could not be processed: how many by reason, the last of them with their records, and how they are sent back.

import { button, element, keyed, setChoices, setText, withParts } from "./dom.js";
import * as api from "./api.js";
import { number } from "./format.js";
import { consumers, deadLetters } from "./fleet.js";

const REASONS_MAX = 100;
const LETTERS_MAX = 50;
const TOPICS_MAX = 100;
const RECORD_MAX = 2000;

const count = (n) => `${number(n)} dead letter${n === 1 ? "" : "s"}`;

function makeReason() {
  const [reason, stage, group] = [element("th", { scope: "row" }), element("td"), element("td")];
  const [letters, replayed] = [element("td", { class: "n" }), element("td", { class: "n" })];
  return withParts(element("tr", {}, reason, stage, group, letters, replayed), { reason, stage, group, letters, replayed });
}

function updateReason(node, one) {
  setText(node.its.reason, one.reason);
  setText(node.its.stage, one.stage);
  setText(node.its.group, one.group);
  setText(node.its.letters, number(one.count));
  setText(node.its.replayed, number(one.replayed));
}

function makeLetter() {
  const [place, since, reason, replayed, record] = [element("th", { scope: "row" }), element("td"), element("td"), element("td"), element("code")];
  return withParts(element("tr", {}, place, since, reason, replayed, element("td", { class: "letters" }, record)), { place, since, reason, replayed, record });
}

function updateLetter(node, letter) {
  const text = JSON.stringify(letter.record);
  setText(node.its.place, `[${letter.partition}] @ ${letter.offset}`);
  setText(node.its.since, (letter.first_failure ?? "?").slice(0, 19).replace("T", " "));
  setText(node.its.reason, `${letter.stage ?? "?"}: ${letter.reason ?? "?"}`);
  setText(node.its.replayed, letter.replayed ? "yes" : "no");
  setText(node.its.record, text.length > RECORD_MAX ? `${text.slice(0, RECORD_MAX)} …` : text);
}

/** Those whose consumers have sent most of them first. */
function topicsOf(snapshot) {
  const found = new Map();
  for (const worker of consumers(snapshot))
    for (const topic of new Set((worker.partitions ?? []).map((partition) => partition.topic))) found.set(topic, (found.get(topic) ?? 0) + deadLetters(worker));
  return [...found].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, TOPICS_MAX);
}

export function createLetters({ store, ui, results, request }) {
  /** What is known of `topic`: the answers, and how many a replay would send back; null: it was not asked. */
  const known = { topic: null, list: null, records: [], would: null };
  const topic = () => ui["letters-of"].value;
  let busy = false;

  function forget() {
    Object.assign(known, { topic: topic(), list: null, records: [], would: null });
    request();
  }

  const told = (answer, done) => (answer.ok ? [done(answer.value), ...answer.value.notes] : [answer.problem]);

  async function look() {
    const of = topic();
    const [list, records] = [await api.letters(of), await api.letterRecords(of, LETTERS_MAX)];
    const failed = [list, records].find((answer) => !answer.ok);
    if (failed) results.say(`Dead letters of ${of}`, [failed.problem], true);
    if (of !== topic()) return;
    Object.assign(known, { topic: of, list: list.value?.reasons ? list.value : null, records: records.value?.records ?? [] });
  }

  async function dryRun() {
    const of = topic();
    const answer = await api.replay(of, true);
    results.say(`Dry run: replay the dead letters of ${of}`, told(answer, (v) => `${count(v.sent)} would be sent back; ${number(v.sent_before)} already were`), !answer.ok);
    if (of === topic()) known.would = answer.ok ? answer.value.sent : null;
  }

  async function replay() {
    const of = topic();
    const answer = await api.replay(of, false);
    results.say(`Replay the dead letters of ${of}`, told(answer, (v) => `${count(v.sent)} sent back; ${number(v.sent_before)} were before`), !answer.ok);
    known.would = null;
    await look();
  }

  /** One at a time: each reads the whole topic of the dead letters. */
  async function alone(act) {
    busy = true;
    request();
    await act();
    busy = false;
    request();
  }

  const verbs = [
    { label: "Show them", act: look, words: () => `dead-letters ${topic() || "TOPIC"} list`, can: () => true },
    { label: "Dry run", act: dryRun, words: () => `dead-letters ${topic() || "TOPIC"} replay --dry-run`, can: () => !store.snapshot.read_only },
    { label: "Replay", act: replay, danger: true, words: () => `dead-letters ${topic() || "TOPIC"} replay`, can: () => !store.snapshot.read_only && known.would > 0 },
  ].map((verb) => ({ ...verb, press: button(verb.label, () => alone(verb.act), { class: verb.danger ? "danger" : null }), command: element("code") }));

  ui["letter-verbs"].replaceChildren(...verbs.map(({ press, command }) => element("div", { class: "verb" }, element("p", { class: "buttons" }, press), command)));
  ui["letters-of"].addEventListener("change", forget);

  function said(topics) {
    if (known.list) return `${count(known.list.letters)} in ${known.list.dlq_topic}, ${number(known.list.replayed)} of them sent back. ${known.list.notes.join(" ")}`;
    const sent = topics.find(([name]) => name === topic())?.[1] ?? 0;
    return sent > 0 ? `Its consumers have sent ${count(sent)} since counting began.` : "None of its consumers has sent a dead letter.";
  }

  function fill(rows, items, keyOf, make, update) {
    rows.closest(".scroll").hidden = items.length === 0;
    keyed(rows, items, keyOf, make, update);
  }

  return function paint() {
    if (!store.snapshot) return;
    const topics = topicsOf(store.snapshot);
    setChoices(ui["letters-of"], topics.map(([name]) => name).sort().map((name) => [name, name]));
    if (known.topic === null && topics.length > 0) ui["letters-of"].value = topics[0][0];
    if (known.topic !== topic()) forget();
    setText(ui["letters-said"], said(topics));
    for (const { press, command, words, can } of verbs) {
      press.disabled = busy || topic() === "" || !store.connection.connected || !can();
      setText(command, api.kctl(store.snapshot.instance, words()));
    }
    fill(ui["reason-rows"], (known.list?.reasons ?? []).slice(0, REASONS_MAX), (one) => `${one.group} ${one.stage} ${one.reason}`, makeReason, updateReason);
    fill(ui["letter-rows"], known.records.toReversed(), (letter) => `${letter.dlq_partition} ${letter.dlq_offset}`, makeLetter, updateLetter);
  };
}
