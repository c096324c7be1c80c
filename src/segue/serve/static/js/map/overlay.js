// Overlay of the map: names of genres, the hovered and the playing track, the crosshair for keyboard
// users, and a path.

/** Draw the overlay. Places are `[x, y]` in map coordinates. */
export function drawOverlay(
  canvas,
  camera,
  { labels, covered, hovered, playing, stroke, stops, cross },
) {
  const context = canvas.getContext("2d");
  const density = devicePixelRatio || 1;
  const style = getComputedStyle(canvas);
  const [ink, ground, accent] = ["--ink", "--card", "--accent"].map((name) => color(canvas, name));
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  context.lineJoin = context.lineCap = "round";
  for (const line of [stroke, stops])
    if (line?.length > 1) path(context, camera, line, accent, line === stops);
  for (const stop of stops ?? []) ring(context, camera, stop, 5, accent, ground);
  writeLabels(context, camera, { labels, covered }, style, ink, ground);
  if (playing) ring(context, camera, playing, 8, accent, ground);
  if (hovered) ring(context, camera, hovered, 7, ink, ground);
  if (cross) crosshair(context, canvas, ink);
}

function color(canvas, name) {
  canvas.style.setProperty("color", `var(${name})`);
  return getComputedStyle(canvas).color;
}

function ring(context, camera, place, radius, line, ground) {
  const [left, top] = camera.toPixel(...place);
  for (const [width, paint] of [
    [5, ground],
    [2.5, line],
  ]) {
    context.beginPath();
    context.arc(left, top, radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = paint;
    context.stroke();
  }
}

function path(context, camera, line, paint, solid) {
  context.beginPath();
  for (const [at, place] of line.entries())
    context[at ? "lineTo" : "moveTo"](...camera.toPixel(...place));
  context.lineWidth = solid ? 2 : 3;
  context.strokeStyle = paint;
  context.globalAlpha = solid ? 0.85 : 0.5;
  context.stroke();
  context.globalAlpha = 1;
}

/**
 * Write names of genres inside the canvas, the most frequent first; names that would overlap others or
 * what covers the map, `[left, top, right, bottom]` in pixels, are left out.
 */
function writeLabels(context, camera, { labels, covered }, style, ink, ground) {
  const taken = [covered];
  const { clientWidth: width, clientHeight: height } = context.canvas;
  context.font = `600 12.5px ${style.fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { name, x, y } of labels) {
    const [middle, top] = camera.toPixel(x, y);
    if (middle < 0 || middle > width || top < 0 || top > height) continue;
    const half = context.measureText(name).width / 2 + 5;
    const left = Math.max(half, Math.min(width - half, middle));
    const box = [left - half, top - 10, left + half, top + 10];
    if (
      taken.some((one) => box[0] < one[2] && box[2] > one[0] && box[1] < one[3] && box[3] > one[1])
    )
      continue;
    taken.push(box);
    context.lineWidth = 4;
    context.strokeStyle = ground;
    context.strokeText(name, left, top);
    context.fillStyle = ink;
    context.fillText(name, left, top);
  }
}

function crosshair(context, canvas, ink) {
  const [left, top] = [canvas.clientWidth / 2, canvas.clientHeight / 2];
  context.beginPath();
  for (const [x, y] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.moveTo(left + 5 * x, top + 5 * y);
    context.lineTo(left + 13 * x, top + 13 * y);
  }
  context.lineWidth = 1.5;
  context.strokeStyle = ink;
  context.stroke();
}
