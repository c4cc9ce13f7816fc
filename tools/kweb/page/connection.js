// Server-sent events, read with fetch: an EventSource gives up for good after an HTTP error, does not say which one, and does not notice a connection that is
// only half there. This one comes back by itself, with the number of the last event it has, so that nothing is missed.

const SILENT_MS = 8000; // a snapshot comes twice a second
const DELAYS_MS = [250, 500, 1000, 2000, 4000];

/** Cuts a stream of text into server-sent events. @param {function({event: string, data: string, id: string|null}): void} deliver */
export function createParser(deliver) {
  let rest = "";
  let fields = { event: "message", data: [], id: null };
  const end = () => {
    if (fields.data.length > 0) deliver({ event: fields.event, data: fields.data.join("\n"), id: fields.id });
    fields = { event: "message", data: [], id: null };
  };
  const take = (line) => {
    if (line === "") return end();
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") fields.data.push(value);
    else if (name === "event" || name === "id") fields[name] = value;
  };
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) take(line.replace(/\r$/, ""));
  };
}

const REFUSED = {
  401: "a token is required: open the address with ?token=…; kweb --print-token prints the token",
  403: "this server refuses the page: its Host or Origin is a different one",
};

async function read(response, feed, touch) {
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    touch();
    feed(decoder.decode(part.value, { stream: true }));
  }
}

/**
 * Follows /events until it is told to stop.
 * @param {{event: function(object), snapshot: function(object), missed: function(number), state: function({connected: boolean, why?: string, retryMs?: number})}} to
 * @returns {{stop: function(): void}}
 */
export function follow(to) {
  let last = "0"; // all that the ring still has
  let failures = 0;
  let wake = () => {};
  const ended = new AbortController();
  let current = ended;

  const tell = (state) => ended.signal.aborted || to.state(state);

  const deliver = ({ event, data, id }) => {
    if (ended.signal.aborted) return;
    const value = JSON.parse(data);
    if (id !== null) last = id;
    if (event === "event") to.event(value);
    else if (event === "missed") to.missed(value.missed);
    else if (event === "snapshot") to.snapshot(value);
  };

  async function once() {
    const abort = (current = new AbortController());
    let timer = 0;
    const touch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(new Error("nothing arrives any more")), SILENT_MS);
    };
    touch();
    try {
      const headers = { Accept: "text/event-stream", "Last-Event-ID": last };
      const response = await fetch("/events", { headers, signal: abort.signal, cache: "no-store" });
      if (!response.ok) throw new Error(REFUSED[response.status] ?? `the server answers ${response.status}`);
      failures = 0;
      tell({ connected: true });
      await read(response, createParser(deliver), touch);
      throw new Error("the server closed the connection");
    } finally {
      clearTimeout(timer);
    }
  }

  const pause = (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function forever() {
    while (!ended.signal.aborted) {
      const problem = await once().catch((error) => error);
      const retryMs = DELAYS_MS[Math.min(failures++, DELAYS_MS.length - 1)];
      tell({ connected: false, why: problem instanceof TypeError ? "kweb does not answer" : problem.message, retryMs });
      await pause(retryMs);
    }
  }

  const { signal } = ended;
  addEventListener("online", () => wake(), { signal });
  document.addEventListener("visibilitychange", () => document.hidden || wake(), { signal });
  forever();
  return {
    stop() {
      ended.abort();
      current.abort();
      wake();
    },
  };
}
