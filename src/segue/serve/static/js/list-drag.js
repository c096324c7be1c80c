// Drag a row of a list to another place, with mouse, pen or finger.

const EDGE = 60; // pixels from the edges of the box around the list within which it scrolls
const SPEED = 12; // pixels a frame

/**
 * Start to drag `row` on a "pointerdown" of its handle. `drop` is called with the old and new place.
 *
 * @param {PointerEvent} event
 * @param {HTMLElement} row
 * @param {HTMLElement[]} rows
 * @param {(from: number, to: number) => void} drop
 */
export function startDrag(event, row, rows, drop) {
  if (event.button !== 0) return;
  event.preventDefault();
  const handle = /** @type {HTMLElement} */ (event.currentTarget);
  const from = rows.indexOf(row);
  const scroller = scrollerOf(row);
  const scrolled = () => scroller?.scrollTop ?? 0;
  const start = { y: event.clientY, scroll: scrolled() };
  const boxes = rows.map((one) => one.getBoundingClientRect());
  const middles = boxes.map((box) => box.top + box.height / 2);
  let to = from;
  let y = event.clientY;
  let frame = 0;
  const update = () => {
    const by = y - start.y + scrolled() - start.scroll;
    const middle = middles[from] + by;
    to = placeAt(middles, from, middle);
    row.style.transform = `translateY(${by}px)`;
    for (const [place, one] of rows.entries()) {
      if (one === row) continue;
      const up = place > from && place <= to;
      const down = place < from && place >= to;
      const shift = up ? -boxes[from].height : down ? boxes[from].height : 0;
      one.style.transform = shift ? `translateY(${shift}px)` : "";
    }
  };
  const scroll = () => {
    const box = scroller?.getBoundingClientRect();
    const by = box && (y < box.top + EDGE ? -SPEED : y > box.bottom - EDGE ? SPEED : 0);
    if (by && scroller) {
      scroller.scrollTop += by;
      update();
    }
    frame = requestAnimationFrame(scroll);
  };
  const move = (moved) => {
    y = moved.clientY;
    update();
  };
  const end = (ended) => {
    cancelAnimationFrame(frame);
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("pointerup", end);
    handle.removeEventListener("pointercancel", end);
    row.classList.remove("is-dragged");
    for (const one of rows) one.style.transform = "";
    if (ended.type === "pointerup" && to !== from) drop(from, to);
    handle.focus({ preventScroll: true });
  };
  row.classList.add("is-dragged");
  handle.setPointerCapture(event.pointerId);
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", end);
  handle.addEventListener("pointercancel", end);
  frame = requestAnimationFrame(scroll);
}

/** The closest box around a row that scrolls. */
function scrollerOf(row) {
  for (let box = row.parentElement; box; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return null;
}

/**
 * New place of the row at `from` when its middle is at `middle`: it passes the rows whose middle it has
 * crossed.
 *
 * @param {number[]} middles of the rows before the drag, from top to bottom
 */
export function placeAt(middles, from, middle) {
  let to = from;
  while (to + 1 < middles.length && middle > middles[to + 1]) to += 1;
  while (to > 0 && middle < middles[to - 1]) to -= 1;
  return to;
}
