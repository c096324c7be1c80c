// Nearest point of the map: points are sorted into the cells of a grid.

const CELLS = 256;

/** Index of points `[n, 2]`, numbers from 0 to 65535 in one Uint16Array. */
export class GridIndex {
  constructor(points) {
    const n = points.length / 2;
    const cells = new Uint16Array(n);
    this.points = points;
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    this.places = new Uint32Array(n);
    for (let place = 0; place < n; place++) {
      cells[place] = (points[2 * place + 1] >> 8) * CELLS + (points[2 * place] >> 8);
      this.starts[cells[place] + 1]++;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell++) this.starts[cell + 1] += this.starts[cell];
    const next = this.starts.slice();
    for (let place = 0; place < n; place++) this.places[next[cells[place]]++] = place;
  }

  /** Number of the point nearest to (x, y), both from 0 to 1, within a distance; -1 if there is none. */
  nearest(x, y, within) {
    const [column, row] = [Math.floor(x * CELLS), Math.floor(y * CELLS)];
    const reach = Math.min(CELLS, Math.ceil(within * CELLS));
    let best = -1;
    let least = (within * 65535) ** 2;
    for (let ring = 0; ring <= reach; ring++) {
      if (best >= 0 && ((ring - 1) * 256) ** 2 > least) break;
      for (const cell of this.#ring(column, row, ring)) {
        for (let at = this.starts[cell]; at < this.starts[cell + 1]; at++) {
          const place = this.places[at];
          const away =
            (this.points[2 * place] - x * 65535) ** 2 +
            (this.points[2 * place + 1] - y * 65535) ** 2;
          if (away <= least) [best, least] = [place, away];
        }
      }
    }
    return best;
  }

  *#ring(column, row, ring) {
    for (let down = Math.max(0, row - ring); down <= Math.min(CELLS - 1, row + ring); down++) {
      const edge = Math.abs(down - row) === ring;
      for (
        let right = column - ring;
        right <= column + ring;
        right += edge || !ring ? 1 : 2 * ring
      ) {
        if (right >= 0 && right < CELLS) yield down * CELLS + right;
      }
    }
  }
}
