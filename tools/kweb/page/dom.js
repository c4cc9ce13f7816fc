// Nodes are made once and then changed only where something differs: a page that shows 600 partitions each second can afford nothing else.

const SVG = "http://www.w3.org/2000/svg";

/** Sets what differs. `null`, `undefined` and `false` take an attribute away, `true` sets it empty. */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) {
      if (node.hasAttribute(name)) node.removeAttribute(name);
    } else if (node.getAttribute(name) !== String(value === true ? "" : value)) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  return node;
}

/** What it was given last is remembered: to ask the node would build its text anew each time. */
export function setText(node, text) {
  if (node.shownText === text) return node;
  node.shownText = text;
  node.textContent = text;
  return node;
}

function filled(node, attributes, children) {
  setAttributes(node, attributes);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** @param {string} tag @param {object} attributes @param {...(Node|string|null)} children */
export const element = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

/** A button that does something; its type is never submit by accident. */
export function button(label, act, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", act);
  return node;
}

/** A node that is updated again and again, and the nodes in it that are: they are kept as its `its`. */
export function withParts(node, its) {
  node.its = its;
  return node;
}

export const byId = (id) => document.getElementById(id);

/**
 * Brings the children of `parent` in line with `items`, one node each, kept by key: made, updated, moved or removed as need be.
 * @param {Element} parent
 * @param {Array} items
 * @param {function(*): string} keyOf
 * @param {function(*): Element} make
 * @param {function(Element, *): void} update
 */
export function keyed(parent, items, keyOf, make, update) {
  const known = parent.keyedNodes ?? (parent.keyedNodes = new Map());
  const wanted = new Map(items.map((item) => [keyOf(item), item]));
  for (const [key, node] of known) {
    if (wanted.has(key)) continue;
    node.remove();
    known.delete(key);
  }
  let place = parent.firstChild;
  for (const [key, item] of wanted) {
    let node = known.get(key);
    if (!node) known.set(key, (node = make(item)));
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update(node, item);
  }
}

/** The nodes below `root` that have a `data-is`, by its value. */
export function parts(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-is]")].map((node) => [node.dataset.is, node]));
}

/** A select's choices, as they are now; the chosen one stays where it still is. @param {Array<[string, string]>} choices value and label */
export function setChoices(select, choices) {
  const key = JSON.stringify(choices);
  if (select.choicesKey === key) return;
  const chosen = select.value;
  select.choicesKey = key;
  select.replaceChildren(...choices.map(([value, label]) => element("option", { value }, label)));
  if (choices.some(([value]) => value === chosen)) select.value = chosen;
}
