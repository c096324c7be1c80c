// Building elements. Strings become text nodes and attribute values, never markup: whatever stands in
// the metadata of a track is shown as it is written.

/**
 * An element with properties and children.
 *
 * `class` and other names are attributes (true sets an empty one; null, undefined and false none),
 * `on` holds listeners by event, `style` CSS properties, which a strict Content-Security-Policy
 * allows to scripts, `dataset` data attributes.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  element.append(...nodes(children));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") {
    for (const [event, listener] of Object.entries(value))
      element.addEventListener(event, listener);
  } else if (name === "style") {
    for (const [property, it] of Object.entries(value)) element.style.setProperty(property, it);
  } else if (name === "dataset") {
    Object.assign(element.dataset, value);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** Put children in the place of those that an element has. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** A function that runs `action` once, `wait` milliseconds after its last call. */
export function debounced(action, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}

/**
 * A function that runs `action` at once; while that goes on, only its last call is kept for then.
 * It resolves when nothing is left to do.
 */
export function latest(action) {
  let going = null;
  let next = null;
  const run = async () => {
    while (next) {
      const values = next;
      next = null;
      await action(...values);
    }
  };
  return (...values) => {
    next = values;
    going ??= run().finally(() => (going = null));
    return going;
  };
}

let counter = 0;

/** An id that no other element of this page has. */
export function newId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}
