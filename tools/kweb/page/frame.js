// What is to be drawn is drawn once per animation frame, however often it changed in between. What is not on the screen waits until it is. Where it is more than
// a frame has time for, as when a large fleet is drawn for the first time, the rest follows in the next one.

const MARGIN = 200; // pixels before a section comes onto the screen
const BUDGET_MS = 10; // then a frame begins no other part of the page

/** What is wrong in one part of the page is told, and hides no other part. */
function paintOne(painter) {
  try {
    painter();
  } catch (error) {
    reportError(error);
  }
}

function isOnScreen(section) {
  const { top, bottom } = section.getBoundingClientRect();
  return bottom > -MARGIN && top < innerHeight + MARGIN;
}

/** Where sections are is asked at the beginning of a frame, when nothing has changed yet that would have to be laid out for it. */
function createWatch() {
  const watched = [];
  return {
    add(section) {
      const seen = { section, visible: true };
      watched.push(seen);
      return seen;
    },
    /** Says whether one has come onto the screen. */
    look() {
      const were = watched.map((seen) => seen.visible);
      for (const seen of watched) seen.visible = isOnScreen(seen.section);
      return watched.some((seen, i) => seen.visible && !were[i]);
    },
  };
}

/**
 * `add` what is painted in each frame that is requested; `watch` a section; `job` for what is large: one a frame, the same key once.
 * @returns {{add: function(function(): void): void, request: function(): void, watch: function(Element): {visible: boolean}, job: function(string, function(): void): void}}
 */
export function createFrame() {
  const painters = [];
  let left = []; // of them, in this round
  const jobs = new Map();
  const watch = createWatch();
  let asked = { frame: false, paint: false };

  function doOneJob() {
    const [key, job] = jobs.entries().next().value ?? [];
    jobs.delete(key);
    if (job) paintOne(job);
  }
  function paintSome() {
    const until = performance.now() + BUDGET_MS;
    do paintOne(left.shift());
    while (left.length > 0 && performance.now() < until);
  }
  /** A round ends before the next one begins: else those at the end would never have their turn. */
  function turn() {
    const comes = watch.look();
    const wanted = asked.paint || comes;
    const begins = wanted && left.length === 0;
    asked = { frame: false, paint: wanted && !begins };
    if (begins) left = [...painters];
    if (left.length > 0) paintSome();
    else doOneJob();
    if (left.length > 0 || asked.paint || jobs.size > 0) ask();
  }
  function ask() {
    if (!asked.frame) requestAnimationFrame(turn);
    asked.frame = true;
  }
  function request() {
    ask();
    asked.paint = true;
  }
  function job(key, act) {
    jobs.set(key, act);
    ask();
  }
  addEventListener("scroll", ask, { passive: true });
  return { add: (painter) => painters.push(painter), request, watch: watch.add, job };
}
