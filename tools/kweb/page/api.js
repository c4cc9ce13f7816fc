// Calls of the API. Whatever goes wrong comes back as a sentence, not as an exception.

/** @typedef {{ok: boolean, status: number, value: object|null, problem: string|null}} Answer */

const SILENT = "kweb does not answer; it is not known whether this was done";

async function answerOf(response) {
  const value = await response.json().catch(() => null);
  const problem = response.ok ? null : value?.detail ?? value?.title ?? `the server answers ${response.status}`;
  return { ok: response.ok, status: response.status, value, problem };
}

/** @param {string|Blob|undefined} body JSON, or of another type @returns {Promise<Answer>} */
export async function call(method, path, body = undefined, type = "application/json") {
  const options = { method, cache: "no-store", headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.body = body;
    options.headers["Content-Type"] = type;
  }
  try {
    return await answerOf(await fetch(path, options));
  } catch {
    return { ok: false, status: 0, value: null, problem: SILENT };
  }
}

const query = (parameters) => {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
};

const name = encodeURIComponent;

export const verb = (target, word, parameters = {}) => call("POST", `/workers/${name(target)}/${word}${query(parameters)}`);
export const addClient = (client, parameters) => call("POST", `/clients/${name(client)}${query(parameters)}`);
export const removeClient = (client) => call("DELETE", `/clients/${name(client)}`);
export const produce = (json) => call("POST", "/produce", json);
export const acknowledge = (target, partition, offset) =>
  call("POST", `/consumers/${name(target)}/acknowledge${query({ message_offset: offset, partition })}`);
export const reset = (target, to, dryRun) =>
  call("POST", `/consumers/${target === "all" ? "" : `${name(target)}/`}reset${query({ to, dry_run: dryRun ? "true" : null })}`);
export const record = (topic, partition, offset) => call("GET", `/topics/${name(topic)}/${partition}/${offset}`);
export const logs = (target, lines) => call("GET", `/workers/${name(target)}/logs${query({ lines })}`);
export const letters = (topic) => call("GET", `/topics/${name(topic)}/dead-letters`);
export const letterRecords = (topic, limit) => call("GET", `/topics/${name(topic)}/dead-letters/records${query({ limit })}`);
export const replay = (topic, dryRun) => call("POST", `/topics/${name(topic)}/dead-letters/replay${query({ dry_run: dryRun ? "true" : null })}`);
export const capture = (file) => call("POST", "/captures", file, "application/octet-stream");
export const health = () => call("GET", "/");

/** The `kctl` command that does the same. */
export const kctl = (instance, words) => `kctl ${instance && instance !== "default" ? `-i ${instance} ` : ""}${words}`;
