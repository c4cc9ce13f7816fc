// A drawing as a file of its own: the page's styles are put into it as attributes, since they do not come along.

const PROPERTIES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "text-anchor"];

function copyStyle(from, to) {
  const style = getComputedStyle(from);
  for (const name of PROPERTIES) to.setAttribute(name, style.getPropertyValue(name).replace(/url\("?[^#)]*#/, "url(#").replace('")', ")"));
  to.removeAttribute("class");
  to.removeAttribute("tabindex");
}

function copyStyles(from, to) {
  copyStyle(from, to);
  for (let i = 0; i < from.children.length; i++) copyStyles(from.children[i], to.children[i]);
}

/** @param {SVGSVGElement} picture @returns {string} an SVG document that needs nothing else */
export function documentOf(picture) {
  const copy = picture.cloneNode(true);
  copyStyles(picture, copy);
  const patterns = document.getElementById("patterns");
  const defs = patterns.cloneNode(true);
  copyStyles(patterns, defs);
  const { width, height } = picture.getBoundingClientRect();
  const ground = document.createElementNS(picture.namespaceURI, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("background-color"));
  copy.prepend(defs, ground);
  copy.setAttribute("xmlns", picture.namespaceURI);
  copy.setAttribute("width", Math.ceil(width));
  copy.setAttribute("height", Math.ceil(height));
  copy.setAttribute("font-family", "system-ui, sans-serif");
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

export function save(picture, fileName) {
  const url = URL.createObjectURL(new Blob([documentOf(picture)], { type: "image/svg+xml" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
