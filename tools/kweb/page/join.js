// Another group: add a client that reads what the chosen one reads. Asked for in a dialog, with the kctl command that does the same.

import { setText } from "./dom.js";
import * as api from "./api.js";

const NAME_MAX = 32;

/** "bravo-2", or the next number that nobody has. */
function freeName(snapshot, client) {
  const taken = new Set(snapshot.workers.map((worker) => worker.client.toLowerCase()));
  let number = 2;
  const name = () => `${client.slice(0, NAME_MAX - 4)}-${number}`;
  while (taken.has(name().toLowerCase())) number++;
  return name();
}

const wordsOf = ({ name, group, like }) => ["add-client", name, group && `group=${/[^\w.-]/.test(group) ? JSON.stringify(group) : group}`, `like=${like}`].filter(Boolean).join(" ");

export function createJoin({ store, ui, results, dialog }) {
  let like = "";
  const asked = () => ({ name: ui["join-name"].value.trim(), group: ui["join-group"].value.trim(), like });

  function say() {
    setText(ui["join-command"], api.kctl(store.snapshot.instance, wordsOf(asked())));
    ui["join-group"].placeholder = `test_group_${asked().name}`;
  }

  async function join(event) {
    event.preventDefault();
    const { name, group } = asked();
    ui["join-do"].disabled = true;
    const answer = await api.addClient(name, { group, like });
    ui["join-do"].disabled = false;
    if (answer.ok) dialog.close();
    else setText(ui["join-said"], answer.problem);
    results.of(`Join another group: ${name}`, answer);
  }

  ui["join-form"].addEventListener("submit", join);
  ui["join-not"].addEventListener("click", () => dialog.close());
  for (const input of [ui["join-name"], ui["join-group"]]) input.addEventListener("input", say);

  return function open(client) {
    like = client;
    ui["join-name"].value = freeName(store.snapshot, client);
    ui["join-group"].value = "";
    setText(ui["join-like"], client);
    setText(ui["join-said"], "");
    say();
    dialog.showModal();
    ui["join-name"].focus();
  };
}
