// The samples that the charts draw: those that kweb kept for an hour, and then one a second from the snapshots.

const KEPT = 3600;
const APART_US = 900000;

/** What a sample has of a worker, in the order of GET /history. */
export const VALUES = ["per_second", "lag", "behind_us", "p99_us"];

const NOTHING = { timesUs: new Float64Array(), columns: new Map() };
const sampleOf = (snapshot) => new Map(snapshot.workers.filter((worker) => !worker.retired).map((worker) => [worker.name, VALUES.map((name) => worker[name] ?? null)]));
const orNull = (value) => (Number.isNaN(value) ? null : value);

/** The first index whose time is not before. */
function indexOf(timesUs, fromUs) {
  let [low, high] = [0, timesUs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timesUs[middle] < fromUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function createHistory() {
  let worker = null; // a capture has none: nothing is asked of anyone
  let kept = NOTHING;
  let fresh = [];
  let version = 0;
  let epoch = 0; // what is asked for in one is no answer in the next

  const newestUs = () => fresh.at(-1)?.timeUs ?? kept.timesUs.at(-1) ?? 0;

  function take(found) {
    if (!found) return;
    kept = { timesUs: found.timesUs, columns: new Map(found.names.map((name, i) => [name, found.columns[i]])) };
    fresh = fresh.filter((sample) => sample.timeUs > (kept.timesUs.at(-1) ?? 0));
    version++;
  }

  /** A clock was set back: what lies in its future now is not known any more, and samples stay in their order. */
  function forgetFrom(timeUs) {
    const end = indexOf(kept.timesUs, timeUs);
    kept = { timesUs: kept.timesUs.subarray(0, end), columns: new Map([...kept.columns].map(([name, columns]) => [name, columns.map((column) => column.subarray(0, end))])) };
    fresh = fresh.filter((sample) => sample.timeUs < timeUs);
  }

  function add(snapshot) {
    const apartUs = snapshot.time_us - newestUs();
    if (apartUs < -APART_US) forgetFrom(snapshot.time_us);
    else if (apartUs < APART_US) return;
    fresh.push({ timeUs: snapshot.time_us, of: sampleOf(snapshot) });
    if (fresh.length > KEPT) fresh.shift();
    version++;
  }

  function clear() {
    kept = NOTHING;
    fresh = [];
    version++;
    epoch++;
  }

  /** Also after a reconnect: what came in between is there then. */
  function load() {
    const asked = epoch;
    worker ??= new Worker("/page/history-worker.js", { type: "module" });
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(asked === epoch && take(data));
      worker.postMessage(VALUES.length);
    });
  }

  /** For uPlot: times in seconds, and a line for each name. @param {string} value one of VALUES */
  function lines(fromUs, names, value) {
    const index = VALUES.indexOf(value);
    const from = indexOf(kept.timesUs, fromUs);
    const late = fresh.filter((sample) => sample.timeUs >= fromUs);
    const before = (name) => Array.from(kept.columns.get(name)?.[index].subarray(from) ?? { length: kept.timesUs.length - from }, (number) => orNull(number ?? NaN));
    const times = [...Array.from(kept.timesUs.subarray(from), (us) => us / 1e6), ...late.map((sample) => sample.timeUs / 1e6)];
    return [times, ...names.map((name) => [...before(name), ...late.map((sample) => sample.of.get(name)?.[index] ?? null)])];
  }
  return { add, clear, load, lines, version: () => version };
}
