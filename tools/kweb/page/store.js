// What the page knows: the last snapshot, the events, the state of the connection. Views read it when they paint; who must see every event, and not only the
// latest state, subscribes.

export const EVENTS_KEPT = 5000; // the ring has 4096

/** @param {function(): void} changed called whenever there is something to paint */
export function createStore(changed) {
  const subscribers = { event: [], snapshot: [] };
  const tell = (kind, value) => subscribers[kind].forEach((subscriber) => subscriber(value));
  const store = {
    snapshot: null,
    events: [],
    missed: 0,
    connection: { connected: false, why: "connecting" },
    /** Microseconds by which the server's clock is ahead of this one's. */
    skewUs: 0,
    /** The server's time when the page was opened: what is older was there before the reader. */
    openedUs: null,

    /** The moment of a capture that is shown; null: what is shown lives. */
    recordedUs: null,

    nowUs: () => store.recordedUs ?? Date.now() * 1000 + store.skewUs,
    on: (kind, subscriber) => subscribers[kind].push(subscriber),

    /** Nothing is known any more: something else is shown from now on. */
    begin() {
      Object.assign(store, { snapshot: null, missed: 0, openedUs: null, recordedUs: null });
      store.events.length = 0;
      changed();
    },

    takeSnapshot(snapshot) {
      store.snapshot = snapshot;
      store.skewUs = snapshot.time_us - Date.now() * 1000;
      store.openedUs ??= snapshot.time_us;
      tell("snapshot", snapshot);
      changed();
    },

    /** Time stands still in it. */
    takeRecorded(snapshot) {
      store.recordedUs = snapshot.time_us;
      store.snapshot = snapshot;
      store.openedUs ??= snapshot.time_us;
      changed();
    },

    /** A number that is not higher than the last one is of a new ring: the instance was started anew. A capture shows all of its lives. */
    takeEvent(event) {
      const newest = store.events.at(-1);
      if (newest && event.sequence <= newest.sequence && !store.connection.recorded) store.events.length = 0;
      store.events.push(event);
      if (store.events.length > EVENTS_KEPT) store.events.splice(0, EVENTS_KEPT / 10);
      tell("event", event);
      changed();
    },

    takeMissed(count) {
      store.missed += count;
      changed();
    },

    takeConnection(connection) {
      const sinceUs = connection.connected === store.connection.connected ? store.connection.sinceUs : Date.now() * 1000;
      store.connection = { ...connection, sinceUs };
      changed();
    },
  };
  return store;
}
