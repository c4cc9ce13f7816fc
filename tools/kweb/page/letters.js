// What could not be processed: how many, why, and how they are looked at and sent back.

import { button, element, keyed, setText, withParts } from "./dom.js";
import * as api from "./api.js";
import { number } from "./format.js";
import { consumers, deadLetters, topicOf } from "./fleet.js";

const SHOWN = 50;

/** A consumer says of each in its log where it goes, and why. */
const tellsOfALetter = (line) => /it goes to|dead.letter/i.test(line);

function makeRow(worker) {
  const reason = element("span");
  const ask = button("Ask its log", async () => {
    const answer = await api.logs(worker.name, 200);
    const line = (answer.value?.lines ?? []).filter(tellsOfALetter).at(-1);
    setText(reason, answer.ok ? line ?? "its last 200 lines tell of none" : answer.problem);
  }, { class: "quiet" });
  const [name, count, commands] = [element("th", { scope: "row" }), element("td", { class: "n" }), element("td", { class: "letters" })];
  return withParts(element("tr", {}, name, count, element("td", {}, ask, " ", reason), commands), { name, count, commands });
}

function updateRow(node, worker) {
  const topic = topicOf(worker) ?? "TOPIC";
  setText(node.its.name, worker.name);
  setText(node.its.count, number(deadLetters(worker)));
  if (node.its.topic === topic) return;
  node.its.topic = topic;
  node.its.commands.replaceChildren(...["show", "replay"].map((word) => element("div", {}, element("code", {}, `ktopic dlq ${word} ${topic}`))));
}

export function createLetters({ store, ui }) {
  return function paint() {
    if (!store.snapshot) return;
    const found = consumers(store.snapshot).filter((worker) => deadLetters(worker) > 0).slice(0, SHOWN);
    ui["no-letters"].hidden = found.length > 0;
    ui["letter-rows"].closest(".scroll").hidden = found.length === 0;
    keyed(ui["letter-rows"], found, (worker) => worker.name, makeRow, updateRow);
  };
}
