// Covers of tracks, albums and artists. The server resizes them, and draws a picture where there is none.

import { apiUrl } from "../api.js";
import { h } from "../dom.js";

const SIZES = [96, 192, 384, 768, 1536]; // of the server, in pixels
const DENSITIES = [1, 2, 3];

/**
 * Return the picture of an item that is shown `size` CSS pixels wide and high. The style sheet may
 * scale it; its place is reserved before it has loaded.
 *
 * @param {object} item track, album or artist
 * @param {number} [size]
 */
export function cover(item, size = 48) {
  return h("img", {
    class: "cover-picture",
    alt: "",
    width: size,
    height: size,
    loading: "lazy",
    decoding: "async",
    draggable: "false",
    srcset: DENSITIES.map((density) => `${coverUrl(item, size * density)} ${density}x`).join(", "),
    src: coverUrl(item, size),
  });
}

/**
 * Return the address of a cover of at least `size` pixels.
 *
 * @param {any} item track, album or artist: its `cover`, else its id, names the picture
 * @param {number} size
 */
export function coverUrl(item, size) {
  return apiUrl("/covers/{item_id}", {
    params: { item_id: item.cover ?? item.id ?? item.track_id },
    query: { size: SIZES.find((one) => one >= size) ?? SIZES.at(-1) },
  });
}
