// A capture instead of a living instance: what `kstat --report` has put into this file, or one that was opened (captures.js). It is gone through with a slider.

import { button, element, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

/** @returns {{snapshots: object[], events: object[]}|null} null: this page is a living one */
export function findRecording() {
  const place = document.getElementById("recording");
  return place === null ? null : JSON.parse(place.textContent);
}

const stepButton = (label, text, act) => button(text, act, { class: "quiet", "aria-label": label });

/**
 * Shows its last moment, and a slider for the others; the store, the history and the generations know nothing yet.
 * @param {{name: string|null, leave: function(): void|null}} how its name, and what leads back to what lives; null: nothing does
 * @returns {function(): void} takes it off the page again
 */
export function play(recording, { store, history }, { name = null, leave = null } = {}) {
  const { snapshots, events } = recording;
  const last = snapshots.length - 1;
  const slider = element("input", { type: "range", min: "0", max: String(last), value: String(last), "aria-label": "Time in the capture" });
  const moment = element("output", {});

  function show() {
    const snapshot = snapshots[Number(slider.value)];
    setText(moment, `${timeOfDay(snapshot.time_us)} · ${Number(slider.value) + 1} of ${snapshots.length}`);
    store.takeRecorded(snapshot);
  }

  const step = (by) => () => {
    slider.value = String(Number(slider.value) + by);
    show();
  };

  slider.addEventListener("input", show);
  const bar = element("div", { class: "recording", role: "group", "aria-label": "Capture" }, name && element("b", {}, name), stepButton("Moment before", "‹", step(-1)), slider, stepButton("Moment after", "›", step(1)), moment, leave && button("Back to live", leave));
  document.querySelector("main").before(bar);
  document.documentElement.classList.add("recorded");
  store.takeConnection({ connected: true, recorded: true });
  snapshots.forEach(history.add);
  events.forEach(store.takeEvent);
  show();
  return () => {
    bar.remove();
    document.documentElement.classList.remove("recorded");
  };
}
