// A drawing as a file of its own: the page's styles are put into it as attributes, since they do not come along.

const PROPERTIES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "text-anchor"];

/** "url("#hatch")" is of this page, "url(#hatch)" of the file. */
const valueOf = (style, name) => style.getPropertyValue(name).replace(/url\("?[^#)]*#([^")]*)"?\)/, "url(#$1)");

/** All of them are inherited: what is as above is not said again. */
function copyStyles(from, to, above = null) {
  const style = getComputedStyle(from);
  const values = PROPERTIES.map((name) => valueOf(style, name));
  PROPERTIES.forEach((name, i) => values[i] !== above?.[i] && to.setAttribute(name, values[i]));
  for (const name of ["class", "tabindex", "data-is"]) to.removeAttribute(name);
  for (let i = 0; i < from.children.length; i++) copyStyles(from.children[i], to.children[i], values);
}

/** @param {SVGSVGElement} picture @returns {string} an SVG document that needs nothing else */
export function documentOf(picture) {
  const copy = picture.cloneNode(true);
  copyStyles(picture, copy);
  const patterns = document.getElementById("patterns");
  const defs = patterns.cloneNode(true);
  copyStyles(patterns, defs);
  const ground = document.createElementNS(picture.namespaceURI, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(picture.closest(".card")).getPropertyValue("background-color"));
  copy.prepend(defs, ground);
  copy.setAttribute("xmlns", picture.namespaceURI);
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
