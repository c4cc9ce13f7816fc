// The page, put together: the connection fills the store, the store asks for a frame, a frame paints what is seen.

import { byId, parts } from "./dom.js";
import { createAcknowledge } from "./acknowledge.js";
import { createCaptures } from "./captures.js";
import { createCharts } from "./charts.js";
import { createEventList } from "./event-list.js";
import { createFrame } from "./frame.js";
import { createGenerations } from "./generations.js";
import { createHead } from "./head.js";
import { createHistory } from "./history.js";
import { createJoin } from "./join.js";
import { createKill } from "./kill.js";
import { createLanes } from "./lanes.js";
import { createLessons } from "./lessons.js";
import { createLetters } from "./letters.js";
import { createPictures } from "./pictures.js";
import { createProduce } from "./produce.js";
import { createRecord } from "./record.js";
import { createReset } from "./reset.js";
import { createResults } from "./results.js";
import { createStore } from "./store.js";
import { createTheme } from "./theme.js";
import { createTimeline } from "./timeline.js";
import { createVerbs } from "./verbs.js";
import { createWorkers } from "./workers.js";
import { findRecording, play } from "./recording.js";
import { follow } from "./connection.js";

const frame = createFrame();
const { request, watch, job } = frame;
const store = createStore(request);
const ui = parts(document);
const results = createResults(ui);
const generations = createGenerations(() => Boolean(store.connection.recorded));
const history = createHistory();
/** Where a dry run would set offsets: "GROUP PARTITION TOPIC" → offset. */
const plans = new Map();
const shared = { store, ui, results, plans, request, watch, job };

store.on("event", generations.feed);
store.on("snapshot", history.add);

const acknowledge = createAcknowledge(shared);
const record = createRecord({ ...shared, dialog: byId("record-dialog"), acknowledge });
const workers = createWorkers({ ...shared, section: byId("workers") });
const dialogs = { kill: createKill({ ...shared, dialog: byId("kill-dialog") }), join: createJoin({ ...shared, dialog: byId("join-dialog") }) };
const charts = createCharts({ ...shared, history, section: byId("charts") });

for (const painter of [
  createHead({ ...shared, notice: byId("notice") }),
  createLanes({ ...shared, section: byId("lanes"), onRecord: record.open }),
  createProduce(shared),
  acknowledge.paint,
  createReset(shared),
  createLessons(shared),
  workers.paint,
  createVerbs({ ...shared, dialogs, target: workers.target }),
  createTimeline({ ...shared, generations, section: byId("timeline") }),
  createEventList(shared),
  charts.paint,
  createPictures({ ...shared, section: byId("pictures") }),
  createLetters(shared),
  record.paint,
])
  frame.add(painter);

createTheme(ui.theme, charts.restyle);
charts.load();

function live() {
  return follow({
    event: store.takeEvent,
    snapshot: store.takeSnapshot,
    missed: store.takeMissed,
    state(connection) {
      if (connection.connected) history.load().then(request);
      store.takeConnection(connection);
    },
  });
}

/** Something else is shown from now on. */
function begin() {
  store.begin();
  generations.clear();
  history.clear();
}

function liveUntilACapture() {
  let connection = live();
  let close = () => {};
  function leave() {
    close();
    store.takeConnection({ connected: false, why: "back from a capture" });
    begin();
    connection = live();
  }
  function show(capture, name) {
    connection.stop();
    close();
    begin();
    close = play(capture, { store, history }, { name, leave });
  }
  createCaptures({ ui, results, show });
}

const recording = findRecording();
if (recording === null) liveUntilACapture();
else play(recording, { store, history });
