// Create elements. Strings become text nodes and attribute values, never markup, so that metadata with
// HTML in it is shown as text.

/**
 * Create an element with properties and children.
 *
 * `on` maps events to listeners, `style` CSS properties to values (a strict Content-Security-Policy
 * allows that to scripts), `dataset` names to data attributes. Every other name is an attribute: true
 * sets an empty one; null, undefined and false set none.
 *
 * @template {string} K
 * @param {K} tag
 * @param {Record<string, any>} [properties]
 * @param {...any} children
 * @returns {K extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[K] : HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = /** @type {any} */ (document.createElement(tag));
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
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
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

/** Return a listener of "submit" that keeps the page and runs `action`. */
export function onSubmit(action) {
  return (event) => {
    event.preventDefault();
    action(event);
  };
}

/** Replace the children of an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Return a function that runs `action` once, `wait` milliseconds after its last call. */
export function debounce(action, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}

/**
 * Return a function that runs `action` at once; of calls made while it runs, only the last one runs
 * after it. The promise resolves when nothing is left to run.
 */
export function coalesce(action) {
  /** @type {Promise<void> | null} */
  let running = null;
  /** @type {any[] | null} */
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
    running ??= run().finally(() => (running = null));
    return running;
  };
}

let counter = 0;

/** Return an id that no other element of the page has. */
export function uniqueId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}
