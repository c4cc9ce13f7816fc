// A record whole, by its place: in a dialog, with what can be done about it.

import { button, setText } from "./dom.js";
import * as api from "./api.js";
import { layOut } from "./format.js";

/** kctl peek prints a line a record. */
const recordIn = (value) => value.lines?.[0] ?? JSON.stringify(value);

export function createRecord({ store, ui, dialog, acknowledge }) {
  function offerAcks(topic, partition, offset) {
    const buttons = acknowledge.waiting(topic, partition, offset).map((worker) =>
      button(`Acknowledge for ${worker.name}`, async () => {
        dialog.close();
        await acknowledge.send(worker.name, [[partition, offset]]);
      }, { class: "primary", disabled: store.snapshot.read_only }));
    ui["record-acks"].replaceChildren(...buttons);
  }

  async function open(topic, partition, offset) {
    setText(ui["record-place"], `${topic} [${partition}] @ ${offset}`);
    setText(ui["record-said"], "looking …");
    ui["record-text"].hidden = true;
    offerAcks(topic, partition, offset);
    dialog.showModal();
    const answer = await api.record(topic, partition, offset);
    setText(ui["record-said"], answer.ok ? "" : answer.problem);
    ui["record-said"].hidden = answer.ok;
    ui["record-text"].hidden = !answer.ok;
    if (answer.ok) setText(ui["record-text"], layOut(recordIn(answer.value)));
  }

  const place = () => {
    const at = ui["record-of"].value.lastIndexOf(" ");
    return [ui["record-of"].value.slice(0, at), Number(ui["record-of"].value.slice(at + 1))];
  };
  const showCommand = () => setText(ui["record-command"], api.kctl(store.snapshot?.instance, `peek ${place().join(" ")} ${ui["record-offset"].value || "OFFSET"}`));
  ui["record-close"].addEventListener("click", () => dialog.close());
  ui["record-form"].addEventListener("input", showCommand);
  ui["record-form"].addEventListener("submit", (event) => {
    event.preventDefault();
    open(...place(), Number(ui["record-offset"].value));
  });
  return { open, paint: () => ui["record-of"].value && showCommand() };
}
