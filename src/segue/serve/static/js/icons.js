// Icons as SVG paths on a grid of 24 by 24, stroked in the current color.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  listen:
    "M4 14v-2a8 8 0 0 1 16 0v2M4 14a2 2 0 0 1 2-1h1v7H6a2 2 0 0 1-2-2zM20 14a2 2 0 0 0-2-1h-1v7h1a2 2 0 0 0 2-2z",
  steer: "M6 4v6M6 14v6M12 4v2M12 10v10M18 4v9M18 17v3M4 12h4M10 8h4M16 15h4",
  map: "M4 6l5-2 6 2 5-2v14l-5 2-6-2-5 2zM9 4v14M15 6v14",
  playlists:
    "M4 6h11M4 11h11M4 16h6M15 17.5a2.5 2.5 0 1 1-2.5-2.5 2.5 2.5 0 0 1 2.5 2.5zM15 17.500V8l5 1.5",
  manage:
    "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.600l2.200 2.200M16.2 16.200l2.200 2.200M5.6 18.400l2.200-2.200M16.2 7.800l2.200-2.200",
  ellipsis: "M5 12h.010M12 12h.010M19 12h.010",
  quality: "M4 20h16M7 16v-5M12 16V5M17 16v-8",
  library: "M5 4v16M9 4v16M13 5l5 15M3 20h18",
  folder: "M3 7a2 2 0 0 1 2-2h4l2 2.500h8a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4 4",
  like: "M12 20s-7-4.4-7-10a4 4 0 0 1 7-2.600A4 4 0 0 1 19 10c0 5.6-7 10-7 10z",
  dislike: "M12 20s-7-4.4-7-10a4 4 0 0 1 7-2.600A4 4 0 0 1 19 10c0 5.6-7 10-7 10zM5 4l14 16",
  skip: "M6 5l9 7-9 7zM18 5v14",
  back: "M18 5l-9 7 9 7zM6 5v14",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  add: "M12 5v14M5 12h14",
  next: "M4 7h12M4 12h8M4 17h8M16 13v7M12.5 16.500h7",
  more: "M6 9l6 6 6-6",
  rules: "M4 6h16M7 12h10M10 18h4",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  previous: "M15 6l-6 6 6 6",
  following: "M9 6l6 6-6 6",
  album: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  block: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM6.400 6.400l11.200 11.200",
  hide: "M4 4l16 16M9.500 6a9 9 0 0 1 11 6 12 12 0 0 1-2.600 3.700M6.500 7.600A12 12 0 0 0 3.500 12a9 9 0 0 0 12.500 5M10 10a2.800 2.800 0 0 0 4 4",
  none: "",
  close: "M6 6l12 12M18 6L6 18",
  repeat: "M5 11V9a3 3 0 0 1 3-3h11M16 3l3 3-3 3M19 13v2a3 3 0 0 1-3 3H5M8 21l-3-3 3-3",
  repeatOne:
    "M5 11V9a3 3 0 0 1 3-3h11M16 3l3 3-3 3M19 13v2a3 3 0 0 1-3 3H5M8 21l-3-3 3-3M11 10.500l1.500-1v5",
  lyrics: "M5 6h14M5 10h9M5 14h14M5 18h7",
  tune: "M4 8h10M18 8h2M4 16h4M12 16h8M16 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM10 18a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  queue: "M4 6h16M4 11h16M4 16h9M17 14l4 3-4 3z",
  volume: "M5 9.500h3l4-3.500v12l-4-3.500H5zM15.5 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  muted: "M5 9.500h3l4-3.500v12l-4-3.500H5zM16 9.500l5 5M21 9.500l-5 5",
  refresh: "M19 12a7 7 0 1 1-2.2-5.100M19 4v4h-4",
  shuffle: "M4 7h3l8 10h5M4 17h3l2.4-3M12.600 10l2.400-3h5M17 4l3 3-3 3M17 14l3 3-3 3",
  history: "M12 7v5l3.500 2M4.500 9a8 8 0 1 1-.5 3M4 5v4h4",
  save: "M12 4v11M7.5 10.500L12 15l4.5-4.500M5 19h14",
  open: "M12 15V4M7.5 8.500L12 4l4.5 4.500M5 19h14",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20a7 7 0 0 1 14 0",
  help: "M9.5 9.500a2.5 2.5 0 1 1 3.7 2.200c-.8.4-1.2 1-1.2 1.800M12 17v.100M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  light:
    "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.600L7 7M17 17l1.4 1.400M5.6 18.400L7 17M17 7l1.4-1.4",
  dark: "M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z",
  path: "M5 18a2 2 0 1 0 0-.100M19 6a2 2 0 1 0 0-.100M7 17c6-1 2-9 10-10.5",
  trash: "M5 7h14M10 7V5h4v2M7 7l1 13h8l1-13",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  out: "M14 5h5v5M19 5l-8 8M17 14v5H5V7h5",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.100",
  check: "M5 12.500l4.5 4.500L19 7.5",
  radio:
    "M12 13.500a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8.5 15.500a5 5 0 0 1 0-7M15.5 8.500a5 5 0 0 1 0 7M5.6 18.400a9 9 0 0 1 0-12.800M18.4 5.600a9 9 0 0 1 0 12.8",
  blend: "M9 16a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM15 18a5 5 0 1 0 0-10 5 5 0 0 0 0 10z",
  seed: "M12 20v-8M12 12c0-4 3-6 7-6 0 4-3 6-7 6zM12 15c0-3-2.5-5-6-5 0 3 2.5 5 6 5z",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * Return an icon. It is hidden from screen readers, which read the label of its control.
 *
 * @param {IconName} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
