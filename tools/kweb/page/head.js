// The head of the page: what is looked at, and whether it is still true.

import { setText } from "./dom.js";
import { plural, span, timeOfDayShort } from "./format.js";
import { consumers } from "./fleet.js";

function supervisorText(snapshot, nowUs) {
  const { supervisor } = snapshot;
  if (!supervisor) return "none";
  if (!supervisor.alive) return `pid ${supervisor.pid}, dead`;
  return `pid ${supervisor.pid}, ${supervisor.stopped ? "stopped" : `up ${span(nowUs - supervisor.started_us)}`}`;
}

function workersText(snapshot) {
  const ready = snapshot.workers.filter((worker) => worker.state.startsWith("ready")).length;
  return `${plural(consumers(snapshot).length, "consumer")}, ${ready} of ${snapshot.workers.length} ready`;
}

const lostText = (connection) =>
  connection.sinceUs ? `Not connected since ${timeOfDayShort(connection.sinceUs)}: ${connection.why}. Retrying.` : `Connecting: ${connection.why}`;

export function createHead({ store, ui, notice }) {
  function paintConnection() {
    const { connected } = store.connection;
    const well = store.connection.recorded ? "a capture" : "connected, live";
    setText(ui.connection, connected ? well : lostText(store.connection));
    ui.connection.classList.toggle("lost", !connected);
    document.documentElement.classList.toggle("stale", !connected);
  }

  function paintNotice() {
    const { snapshot } = store;
    const problems = [];
    if (snapshot?.supervisor?.stopped) problems.push("The supervisor is stopped: nothing is restarted until it continues (kill -CONT).");
    if (snapshot && (!snapshot.supervisor || !snapshot.supervisor.alive)) problems.push("No supervisor is alive: these are the last values of the workers.");
    if (snapshot?.read_only && !store.connection.recorded) problems.push("This page is read-only (--http-read-only).");
    if (store.missed > 0) problems.push(`${plural(store.missed, "event")} were overwritten before the page could read them.`);
    setText(notice, problems.join(" "));
    notice.hidden = problems.length === 0;
  }

  return function paint() {
    paintConnection();
    if (!store.snapshot) return;
    setText(ui.instance, store.snapshot.instance);
    setText(ui.broker, store.snapshot.bootstrap ?? "not known");
    setText(ui.supervisor, supervisorText(store.snapshot, store.nowUs()));
    setText(ui.workers, workersText(store.snapshot));
    paintNotice();
    document.title = `${store.snapshot.instance} · ksupervise`;
  };
}
