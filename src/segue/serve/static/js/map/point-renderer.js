// Draw the points of the map with WebGL (100,000 in a frame), or on a 2D canvas without WebGL. If that
// is slow, as without a graphics card, fewer points are drawn during a movement and all after it.
//
// Both renderers have `load(points)`, `colors(slots, palette)` and `draw(view)`. A view holds `x, y` (the
// center, in map coordinates from 0 to 1), `scale` (pixels of the whole map), `width, height` (pixels),
// `size` (of a point, in pixels) and `only` (the highlighted slot, or -1).

const VERTEX = `
attribute vec2 place;
attribute float slot;
uniform vec2 middle, half_size;
uniform float scale, size, only;
uniform vec3 palette[32];
varying vec4 color;
void main() {
  vec2 at = (place - middle) * scale / half_size;
  gl_Position = vec4(at.x, -at.y, 0.0, 1.0);
  bool stands_out = only < 0.0 || abs(only - slot) < 0.5;
  gl_PointSize = stands_out ? size : size * 0.75;
  color = vec4(palette[int(slot + 0.5)], stands_out ? 0.88 : 0.10);
}`;

const FRAGMENT = `
precision mediump float;
varying vec4 color;
void main() {
  float away = length(gl_PointCoord - 0.5);
  float inside = 1.0 - smoothstep(0.40, 0.5, away);
  gl_FragColor = vec4(color.rgb, 1.0) * (color.a * inside);
}`;

const MAX_MOVING = 12_000; // points on a 2D canvas during a movement
const MOVING_MS = 350; // longest time between two frames of one movement
const SETTLE_MS = 160; // after a movement, until all points are drawn
const SLOW_MS = 20; // slower frames draw fewer points
const MIN_SHARE = 0.08;
const STRIDE = 7_919; // prime: points taken in steps of it are a sample of all points

/** Return the best renderer that the browser supports. */
export function createPointRenderer(canvas) {
  const gl = canvas.getContext("webgl", {
    antialias: false,
    premultipliedAlpha: true,
    powerPreference: "high-performance",
  });
  return gl ? new WebglRenderer(gl) : new CanvasRenderer(canvas.getContext("2d"));
}

class WebglRenderer {
  #n = 0;
  #share = 1;
  #drawn = 0;
  #settled = 0;
  #view = null;

  constructor(gl) {
    this.gl = gl;
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS))
      throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.at = (name) => gl.getUniformLocation(program, name);
    this.places = this.#buffer(gl.getAttribLocation(program, "place"), 2, gl.UNSIGNED_SHORT, true);
    this.slots = this.#buffer(gl.getAttribLocation(program, "slot"), 1, gl.UNSIGNED_BYTE, false);
  }

  /** Load points: `[n, 2]` in one Uint16Array, from 0 to 65535. */
  load(points) {
    this.#n = points.length / 2;
    const mixed = new Uint16Array(points.length);
    for (let at = 0; at < this.#n; at++) {
      const place = this.#mix(at);
      mixed[2 * at] = points[2 * place];
      mixed[2 * at + 1] = points[2 * place + 1];
    }
    this.places(mixed);
  }

  /** Number of the point at a place of the shuffled order. */
  #mix(at) {
    return this.#n % STRIDE ? (at * STRIDE) % this.#n : at;
  }

  /** Set the colors: a slot for each point, and a palette `[slots, 3]` from 0 to 1. */
  colors(slots, palette) {
    this.slots(slots.map((_, at) => slots[this.#mix(at)]));
    const all = new Float32Array(96);
    all.set(palette.flat());
    this.gl.uniform3fv(this.at("palette"), all);
  }

  draw(view) {
    const now = performance.now();
    const gap = now - this.#drawn;
    this.#drawn = now;
    if (gap < MOVING_MS)
      this.#share =
        gap > SLOW_MS ? Math.max(MIN_SHARE, 0.75 * this.#share) : Math.min(1, 1.05 * this.#share);
    const moved = ["x", "y", "scale"].some((name) => this.#view && this.#view[name] !== view[name]);
    this.#view = view;
    // the first frame of a movement too: the last movement showed how many points can be drawn
    this.#draw(view, moved ? this.#share : 1);
    clearTimeout(this.#settled);
    if (this.#share < 1) this.#settled = setTimeout(() => this.#draw(view, 1), SETTLE_MS);
  }

  #draw({ x, y, scale, width, height, size, only }, share) {
    const { gl } = this;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.at("middle"), x, y);
    gl.uniform2f(this.at("half_size"), width / 2, height / 2);
    gl.uniform1f(this.at("scale"), scale);
    gl.uniform1f(this.at("size"), size);
    gl.uniform1f(this.at("only"), only);
    gl.drawArrays(gl.POINTS, 0, Math.ceil(share * this.#n));
  }

  /** Bind a buffer to an attribute; the returned function fills it. */
  #buffer(attribute, parts, type, normalized) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    return (data) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, parts, type, normalized, 0, 0);
    };
  }
}

class CanvasRenderer {
  constructor(context) {
    this.context = context;
    this.settled = 0;
  }

  load(points) {
    this.points = points;
  }

  colors(slots, palette) {
    this.slots = slots;
    this.fills = palette.map(
      (color) => `rgb(${color.map((part) => Math.round(255 * part)).join(" ")})`,
    );
  }

  draw(view) {
    clearTimeout(this.settled);
    const n = this.points.length / 2;
    this.#draw(view, Math.max(1, Math.ceil(n / MAX_MOVING)));
    if (n > MAX_MOVING) this.settled = setTimeout(() => this.#draw(view, 1), SETTLE_MS);
  }

  #draw({ x, y, scale, width, height, size, only }, step) {
    const { context, points, slots, fills } = this;
    context.clearRect(0, 0, width, height);
    for (let slot = 0; slot < fills.length; slot++) {
      context.fillStyle = fills[slot];
      context.globalAlpha = only < 0 || only === slot ? 0.88 : 0.1;
      for (let place = 0; place < slots.length; place += step) {
        if (slots[place] !== slot) continue;
        const left = (points[2 * place] / 65535 - x) * scale + width / 2;
        const top = (points[2 * place + 1] / 65535 - y) * scale + height / 2;
        if (left > -size && top > -size && left < width + size && top < height + size)
          context.fillRect(left - size / 2, top - size / 2, size, size);
      }
    }
    context.globalAlpha = 1;
  }
}
