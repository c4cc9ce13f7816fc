// A capture instead of a living instance: what `kstat --report` has put into this file. It is gone through with a slider; nothing is asked of anyone.

import { element, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

/** @returns {{snapshots: object[], events: object[]}|null} null: this page is a living one */
export function findRecording() {
  const place = document.getElementById("recording");
  return place === null ? null : JSON.parse(place.textContent);
}

function stepButton(label, text, act) {
  const button = element("button", { type: "button", class: "quiet", "aria-label": label }, text);
  button.addEventListener("click", act);
  return button;
}

/** Shows its last moment, and a slider for the others. */
export function play(recording, { store, history }) {
  const { snapshots, events } = recording;
  const last = snapshots.length - 1;
  const slider = element("input", { type: "range", min: "0", max: String(last), value: String(last), "aria-label": "Moment of the capture" });
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
  document.querySelector("main").before(
    element("div", { class: "recording", role: "group", "aria-label": "Capture" }, stepButton("Moment before", "‹", step(-1)), slider, stepButton("Moment after", "›", step(1)), moment),
  );
  document.documentElement.classList.add("recorded");
  snapshots.forEach(history.add);
  events.forEach(store.takeEvent);
  store.takeConnection({ connected: true, recorded: true });
  show();
}
