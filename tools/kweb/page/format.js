// Numbers for people, as kstat shows them. Unknown is `?` everywhere; a lower bound has a ≥ in front.

const whole = new Intl.NumberFormat("en");
const known = (value) => value !== null && value !== undefined;

const UNITS = [["d", 86400e6], ["h", 3600e6], ["min", 60e6], ["s", 1e6], ["ms", 1e3]];

/** 850 µs, 1.2 ms, 35 s, 5 min, 3 h, 9 d */
export function span(microseconds) {
  if (!known(microseconds)) return "?";
  const us = Math.max(0, microseconds);
  const [unit, size] = UNITS.find(([, least]) => us >= least) ?? ["µs", 1];
  const value = us / size;
  return `${value < 10 && size > 1 && us % size !== 0 ? value.toFixed(1) : Math.floor(value)} ${unit}`;
}

export const number = (value) => (known(value) ? whole.format(value) : "?");

/** 0.42, 12.5, 4200 */
export function rate(perSecond) {
  if (!known(perSecond)) return "?";
  if (perSecond === 0) return "0";
  return perSecond < 10 ? perSecond.toFixed(2) : perSecond < 100 ? perSecond.toFixed(1) : whole.format(Math.round(perSecond));
}

export const atLeast = (text, isBound) => (isBound && text !== "?" ? `≥ ${text}` : text);

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const milliseconds = (us) => String(Math.floor(us / 1000) % 1000).padStart(3, "0");

/** 07:31:04.218, in the reader's own zone. */
export const timeOfDay = (us) => `${clock.format(new Date(us / 1000))}.${milliseconds(us)}`;
export const timeOfDayShort = (us) => clock.format(new Date(us / 1000));

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+/g;
const opens = (token) => token === "{" || token === "[";
const closes = (token) => token === "}" || token === "]";

/** JSON in lines, a member each. It is not read and written anew: JavaScript has no integers beyond 2^53, and no 100.00. */
export function layOut(json) {
  let depth = 0;
  let text = "";
  const newLine = () => (text += `\n${"  ".repeat(depth)}`);
  (json.match(TOKENS) ?? []).forEach((token, i, tokens) => {
    if (closes(token)) depth--;
    if (i > 0 && (opens(tokens[i - 1]) ? !closes(token) : closes(token) || tokens[i - 1] === ",")) newLine();
    text += token === ":" ? ": " : token;
    if (opens(token)) depth++;
  });
  return text;
}
