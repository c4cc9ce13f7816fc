// What actions answered, the newest first, in a live region: also who does not see it hears it.

import { element } from "./dom.js";
import { timeOfDayShort } from "./format.js";

const KEPT = 8;

function entry(title, lines, failed) {
  const heading = element("strong", {}, title);
  const time = element("small", {}, ` ${timeOfDayShort(Date.now() * 1000)}`);
  return element("li", { class: failed ? "failed" : null }, heading, time, ...lines.map((line) => element("p", {}, line)));
}

/** @returns {{say: function(string, string[], boolean=): void, of: function(string, object): boolean}} */
export function createResults(ui) {
  function say(title, lines, failed = false) {
    ui["no-results"].hidden = true;
    ui.results.prepend(entry(title, lines, failed));
    while (ui.results.children.length > KEPT) ui.results.lastChild.remove();
  }
  return {
    say,
    /** An answer of the API as it is: its lines, or the problem's detail. Says whether it was done. */
    of(title, answer) {
      const lines = answer.ok ? answer.value?.lines ?? [] : [answer.problem];
      say(title, lines, !answer.ok);
      return answer.ok;
    },
  };
}
