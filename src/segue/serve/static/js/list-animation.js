// Lists that re-form: what stays moves to its new place, what is new comes in, what left fades.
// Whoever prefers reduced motion sees the result at once, with the same marks.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const EASE = "cubic-bezier(.2, .8, .2, 1)";
const MOVE = 340;
const LEAVE = 260;

/**
 * Put `rows` in the place of the children of `list`, keyed by identity of the elements.
 * Returns once what left is gone.
 */
export async function reform(list, rows, { animate = true } = {}) {
  if (!animate || still.matches || !list.isConnected || !list.childElementCount) {
    list.replaceChildren(...rows);
    return;
  }
  const before = new Map([...list.children].map((row) => [row, row.getBoundingClientRect()]));
  const staying = new Set(rows);
  const leaving = [...before.keys()].filter((row) => !staying.has(row));
  const box = list.getBoundingClientRect();
  const ghosts = leaving.map((row) => ghost(row, before.get(row), box));
  list.replaceChildren(...rows, ...ghosts);
  for (const row of rows) {
    const now = row.getBoundingClientRect();
    if (now.top > innerHeight + 200) continue;
    if (before.has(row)) move(row, before.get(row).top - now.top);
    else comeIn(row);
  }
  await Promise.all(ghosts.map(fade));
}

function move(row, by) {
  if (Math.abs(by) < 1) return;
  row.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], {
    duration: MOVE,
    easing: EASE,
  });
}

function comeIn(row) {
  row.animate(
    [
      { opacity: 0, transform: "translateX(-14px)" },
      { opacity: 1, transform: "none" },
    ],
    { duration: MOVE, easing: EASE, delay: 90, fill: "backwards" },
  );
}

/** A picture of a row that left, out of the flow, at its old place. */
function ghost(row, place, box) {
  const copy = row.cloneNode(true);
  copy.inert = true;
  copy.setAttribute("aria-hidden", "true");
  copy.classList.add("is-leaving");
  for (const part of [copy, ...copy.querySelectorAll("[id]")]) part.removeAttribute("id");
  const at = {
    position: "absolute",
    top: place.top - box.top,
    left: place.left - box.left,
    width: place.width,
  };
  for (const [name, value] of Object.entries(at)) {
    copy.style.setProperty(name, typeof value === "number" ? `${value}px` : value);
  }
  return copy;
}

async function fade(copy) {
  const going = copy.animate(
    [
      { opacity: 1, transform: "none" },
      { opacity: 0, transform: "translateX(28px)" },
    ],
    { duration: LEAVE, easing: "ease-in", fill: "forwards" },
  );
  await going.finished.catch(() => {});
  copy.remove();
}
