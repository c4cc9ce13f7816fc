// The lessons' progress: it follows snapshots and events, ticks off what has happened, and remembers it in the browser.

import { button, element, setText } from "./dom.js";
import { LESSONS } from "./lesson-table.js";

const KEY = "ksupervise-lessons";

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

const stateOf = (progress, lesson) => (progress[lesson.name] ??= { done: 0, note: {} });

function makeStep(step, onTick) {
  const node = element("li", {}, element("span", {}, step.text));
  if (step.command) node.firstChild.append(element("code", {}, step.command()));
  node.said = node.firstChild.appendChild(element("span", { class: "visually-hidden" }));
  if (!step.seen) node.tick = node.firstChild.appendChild(button("Done", onTick, { class: "quiet" }));
  return node;
}

function makeLesson(lesson, onTick) {
  const tick = element("span", { class: "tick" }, lesson.title);
  const count = element("small");
  const steps = lesson.steps.map((step) => makeStep(step, () => onTick(lesson)));
  const why = element("p");
  const other = element("div", {}, why, element("code", { class: "command" }, lesson.command));
  const body = element("div", {}, element("p", {}, lesson.about), other, element("ol", {}, ...steps));
  const details = element("details", { name: "lesson", "data-lesson": lesson.name }, element("summary", {}, tick, count), body);
  return { lesson, tick, count, steps, why, other, details, node: element("li", {}, details) };
}

const CANNOT = "This fleet cannot show it. This command starts one that can:";
const FLAGS = "It needs flags, and the page cannot see whether this fleet has them:";

const SAID = { done: ", done", now: ", this is next", later: "" };

function paintSteps(made, done, canShow) {
  made.steps.forEach((node, i) => {
    const state = i < done ? "done" : i === done && canShow ? "now" : "later";
    node.className = state;
    setText(node.said, SAID[state]);
    if (node.tick) node.tick.hidden = state !== "now";
  });
}

export function createLessons({ store, ui, request }) {
  let progress = load();
  const keep = () => localStorage.setItem(KEY, JSON.stringify(progress));

  function advance(lesson) {
    const state = stateOf(progress, lesson);
    state.done++;
    const isLast = state.done === lesson.steps.length;
    setText(ui["lesson-said"], isLast ? `Lesson done: ${lesson.title}` : `${lesson.title}: step ${state.done} of ${lesson.steps.length} done`);
    keep();
    request();
  }

  /** An event ticks one step of a lesson; a snapshot all that are so. */
  function look(lesson, snapshot, event) {
    const state = stateOf(progress, lesson);
    for (let step = lesson.steps[state.done]; step?.seen?.({ snapshot, event, note: state.note }); step = lesson.steps[state.done]) {
      advance(lesson);
      if (event) break;
    }
  }

  function lookAll(snapshot, event) {
    for (const lesson of LESSONS) if (lesson.needs(snapshot)) look(lesson, snapshot, event);
  }

  store.on("snapshot", (snapshot) => lookAll(snapshot, null));
  store.on("event", (event) => {
    if (store.snapshot && event.time_us >= store.openedUs) lookAll(store.snapshot, event);
  });

  const made = LESSONS.map((lesson) => makeLesson(lesson, advance));
  ui["lesson-list"].replaceChildren(...made.map((one) => one.node));
  ui["lessons-again"].addEventListener("click", () => {
    progress = {};
    keep();
    setText(ui["lesson-said"], "All lessons start over.");
    request();
  });

  return function paint() {
    if (!store.snapshot) return;
    const isDone = (lesson) => stateOf(progress, lesson).done >= lesson.steps.length;
    for (const one of made) {
      const { done } = stateOf(progress, one.lesson);
      const canShow = one.lesson.needs(store.snapshot);
      one.tick.classList.toggle("done", isDone(one.lesson));
      setText(one.count, `${done} of ${one.lesson.steps.length}`);
      one.other.hidden = (canShow && !one.lesson.flags) || isDone(one.lesson);
      setText(one.why, canShow ? FLAGS : CANNOT);
      paintSteps(one, done, canShow);
    }
    setText(ui["lessons-done"], `${LESSONS.filter(isDone).length} of ${LESSONS.length} done`);
  };
}
