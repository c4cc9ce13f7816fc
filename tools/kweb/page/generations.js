// The life of each worker, generation by generation, from the events: what the timeline draws. A table says what each kind of event does.

const BARS_KEPT = 400; // of a worker
const SIGNS_KEPT = 800;

/**
 * @typedef {{generation: number|null, fromUs: number, readyUs: number|null, toUs: number|null, died: boolean, cause: string, pauses: {fromUs: number, toUs: number|null}[],
 *   again: {atUs: number, count: number|null}|null, gapUs: number|null}} Bar
 * @typedef {{atUs: number, kind: string, text: string, sequence: number}} Sign
 */

const newLife = (name) => ({ name, bars: [], signs: [], paused: false, lastUs: 0 });

function newBar(event) {
  return { generation: event.generation, fromUs: event.time_us, readyUs: null, toUs: null, died: false, cause: "", pauses: [], again: null, gapUs: null };
}

function open(life, event) {
  close(life, event, false);
  life.bars.push(newBar(event));
  if (life.bars.length > BARS_KEPT) life.bars.shift();
}

const current = (life) => {
  const bar = life.bars.at(-1);
  return bar && bar.toUs === null ? bar : null;
};

/** One whose start is older than what is known begins where it is first heard of. */
const currentOrNew = (life, event) => current(life) ?? (open(life, event), current(life));

function close(life, event, died) {
  const bar = current(life);
  if (!bar) return;
  Object.assign(bar, { toUs: event.time_us, died, cause: event.text });
  endPause(bar, event);
}

function endPause(bar, event) {
  const pause = bar.pauses.at(-1);
  if (pause && pause.toUs === null) pause.toUs = event.time_us;
}

function sign(life, event, kind) {
  life.signs.push({ atUs: event.time_us, kind, text: event.text, sequence: event.sequence, event });
  if (life.signs.length > SIGNS_KEPT) life.signs.shift();
}

function ready(life, event) {
  const bar = currentOrNew(life, event);
  bar.readyUs ??= event.time_us;
  const former = life.bars.at(-2);
  if (former?.died && bar.gapUs === null) bar.gapUs = event.time_us - former.toUs;
}

function died(life, event) {
  currentOrNew(life, event);
  close(life, event, true);
  sign(life, event, "died");
}

function resumed(life, event) {
  const bar = currentOrNew(life, event);
  bar.again = { atUs: event.time_us, count: event.count, from: event.from, to: event.to };
  const former = life.bars.at(-2);
  if (former?.died) bar.gapUs = event.time_us - former.toUs;
}

function paused(life, event) {
  currentOrNew(life, event).pauses.push({ fromUs: event.time_us, toUs: null });
}

const signed = (kind) => (life, event) => sign(life, event, kind);

/** Kinds of a worker's events. Those that are not here are told in the list of events alone. */
const RULES = {
  started: open,
  ready,
  died,
  stopped: (life, event) => {
    close(life, event, false);
    sign(life, event, "stopped");
  },
  done: (life, event) => {
    close(life, event, false);
    sign(life, event, "stopped");
  },
  resumed,
  paused,
  unpaused: (life, event) => endPause(currentOrNew(life, event), event),
  assigned: signed("assigned"),
  revoked: signed("revoked"),
  reset: signed("reset"),
  held: signed("trouble"),
  killed: signed("trouble"),
  trouble: signed("trouble"),
  quarantined: signed("trouble"),
  "committed-gap": signed("trouble"),
  "not-started": signed("trouble"),
};

/**
 * @param {function(): boolean} keepsLives whether what was before an instance was started anew is shown, too
 * @returns {{feed: function(object): void, lives: Map<string, object>, outages: object[], clear: function(): void}}
 */
export function createGenerations(keepsLives) {
  const lives = new Map();
  const outages = [];
  let last = 0;

  function outage(event) {
    const running = outages.at(-1);
    if (event.kind === "broker-away") outages.push({ fromUs: event.time_us, toUs: null });
    else if (running && running.toUs === null) running.toUs = event.time_us;
    if (outages.length > BARS_KEPT) outages.shift();
  }

  function clear() {
    lives.clear();
    outages.length = 0;
    last = 0;
  }

  return {
    lives,
    outages,
    clear,
    feed(event) {
      if (event.sequence <= last && !keepsLives()) clear();
      last = event.sequence;
      if (event.kind === "broker-away" || event.kind === "broker-back") outage(event);
      const rule = event.worker !== null && RULES[event.kind];
      if (!rule) return;
      if (!lives.has(event.worker)) lives.set(event.worker, newLife(event.worker));
      const life = lives.get(event.worker);
      life.lastUs = event.time_us;
      rule(life, event);
    },
  };
}
