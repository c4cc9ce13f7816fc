// A capture file, chosen or dropped: kweb reads it (POST /captures), and the page plays it in the place of what lives.

import * as api from "./api.js";

const BYTES_MAX = 64 << 20; // as kweb has it

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** @param {{ui: object, results: object, show: function(object, string): void}} page `show` plays a recording */
export function createCaptures({ ui, results, show }) {
  async function read(file) {
    if (file.size > BYTES_MAX) return { ok: false, value: null, problem: `it has more than ${BYTES_MAX >> 20} MiB: kstat -f ${file.name} --report FILE.html makes a page of it` };
    return api.capture(file);
  }

  async function open(file) {
    ui["capture-open"].disabled = true;
    const answer = await read(file);
    ui["capture-open"].disabled = false;
    if (answer.ok) return show(answer.value, file.name);
    ui["capture-said"].textContent = `${file.name}: ${answer.problem}`;
    ui["capture-said"].hidden = false;
    return results.of(`Open ${file.name}`, answer);
  }

  const take = ([file]) => {
    ui["capture-said"].hidden = true;
    if (file) open(file);
  };

  ui["capture-open"].addEventListener("click", () => ui["capture-file"].click());
  ui["capture-file"].addEventListener("change", () => {
    take(ui["capture-file"].files);
    ui["capture-file"].value = ""; // the same one can be chosen again
  });
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (!ui["capture-open"].disabled) take(event.dataTransfer.files);
  });
}
