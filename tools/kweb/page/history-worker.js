// Reads GET /history away from the page's thread: an hour of 50 workers is megabytes of JSON. What goes back are columns of numbers, handed over and not copied.

/** One column of each worker and value; NaN is unknown. */
function columnsOf({ workers, samples }, values) {
  return workers.map((_, worker) =>
    Array.from({ length: values }, (_, value) => Float64Array.from(samples, ([, rows]) => rows[worker]?.[value] ?? NaN)));
}

async function read(values) {
  const response = await fetch("/history", { cache: "no-store", headers: { Accept: "application/json" } });
  if (!response.ok) return null;
  const history = await response.json();
  return { names: history.workers, timesUs: Float64Array.from(history.samples, ([timeUs]) => timeUs), columns: columnsOf(history, values) };
}

addEventListener("message", async ({ data: values }) => {
  const found = await read(values).catch(() => null);
  postMessage(found, found ? [found.timesUs.buffer, ...found.columns.flat().map((column) => column.buffer)] : []);
});
