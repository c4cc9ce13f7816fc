// What is to be drawn is drawn once per animation frame, however often it changed in between, and not at all while nobody looks.

/** What is wrong in one part of the page is told, and hides no other part. */
function paintOne(painter) {
  try {
    painter();
  } catch (error) {
    reportError(error);
  }
}

/** @returns {{add: function(function(): void): void, request: function(): void}} */
export function createFrame() {
  const painters = [];
  let asked = false;
  const paint = () => {
    asked = false;
    painters.forEach(paintOne);
  };
  return {
    add: (painter) => painters.push(painter),
    request() {
      if (asked) return;
      asked = true;
      requestAnimationFrame(paint);
    },
  };
}

/** Whether a section is on the screen, or nearly. What is not can wait. @param {Element} section @param {function(): void} onSeen */
export function watchVisible(section, onSeen) {
  const seen = { visible: false };
  const observer = new IntersectionObserver(
    ([entry]) => {
      seen.visible = entry.isIntersecting;
      if (seen.visible) onSeen();
    },
    { rootMargin: "200px" },
  );
  observer.observe(section);
  return seen;
}
