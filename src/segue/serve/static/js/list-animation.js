// Animate changes of a list: rows that stay move to their new places, new rows slide in, removed rows
// fade out. With "prefers-reduced-motion" the result is shown at once.

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
const EASE = "cubic-bezier(.2, .8, .2, 1)";
const MOVE_MS = 340;
const FADE_MS = 260;

/**
 * Replace the children of `list` by `rows`; elements that are in both are moved.
 * Resolves once removed rows have faded out.
 */
export async function animateList(list, rows, { animate = true } = {}) {
  if (!animate || reducedMotion.matches || !list.isConnected || !list.childElementCount) {
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
    else enter(row);
  }
  await Promise.all(ghosts.map(fade));
}

function move(row, by) {
  if (Math.abs(by) < 1) return;
  row.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], {
    duration: MOVE_MS,
    easing: EASE,
  });
}

function enter(row) {
  row.animate(
    [
      { opacity: 0, transform: "translateX(-14px)" },
      { opacity: 1, transform: "none" },
    ],
    { duration: MOVE_MS, easing: EASE, delay: 90, fill: "backwards" },
  );
}

/** Copy of a removed row, absolutely positioned at its old place. */
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
  const animation = copy.animate(
    [
      { opacity: 1, transform: "none" },
      { opacity: 0, transform: "translateX(28px)" },
    ],
    { duration: FADE_MS, easing: "ease-in", fill: "forwards" },
  );
  await animation.finished.catch(() => {});
  copy.remove();
}
