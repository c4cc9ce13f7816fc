// What is to be drawn is drawn once per animation frame, however often it changed in between. What is not on the screen waits until it is.

const MARGIN = 200; // pixels before a section comes onto the screen

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

/** @returns {{add: function(function(): void): void, request: function(): void, watch: function(Element): {visible: boolean}}} */
export function createFrame() {
  const painters = [];
  const watch = createWatch();
  const asked = { paint: false, look: false };

  function turn() {
    const comes = watch.look();
    const paints = asked.paint || comes;
    asked.paint = asked.look = false;
    if (paints) painters.forEach(paintOne);
  }
  const ask = (what) => {
    if (!asked.paint && !asked.look) requestAnimationFrame(turn);
    asked[what] = true;
  };
  addEventListener("scroll", () => ask("look"), { passive: true });
  return { add: (painter) => painters.push(painter), request: () => ask("paint"), watch: watch.add };
}
