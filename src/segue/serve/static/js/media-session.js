// What the system shows and controls: media keys, lock screen, and the title of the document.

import { coverUrl } from "./elements/cover.js";
import { trackArtist, trackTitle } from "./format.js";
import { player } from "./player.js";

const SEEK_SECONDS = 10;
const ARTWORK_SIZES = [96, 192, 384, 768];

/** Follow the player. */
export function startMediaSession() {
  followTitle();
  const session = navigator.mediaSession;
  if (!session) return;
  player.addEventListener("track", () => showTrack(session));
  player.addEventListener("state", () => {
    session.playbackState = player.track ? (player.isPlaying ? "playing" : "paused") : "none";
    showPosition(session);
  });
  player.addEventListener("time", () => showPosition(session));
  /** @type {Partial<Record<MediaSessionAction, MediaSessionActionHandler>>} */
  const actions = {
    play: () => player.isPlaying || player.toggle(),
    pause: () => player.isPlaying && player.toggle(),
    nexttrack: () => player.next(),
    previoustrack: () => player.back(),
    seekto: ({ seekTime }) => player.seek(seekTime ?? 0),
    seekforward: ({ seekOffset }) => player.seek(player.time + (seekOffset || SEEK_SECONDS)),
    seekbackward: ({ seekOffset }) => player.seek(player.time - (seekOffset || SEEK_SECONDS)),
    stop: () => player.stop(),
  };
  for (const [name, action] of Object.entries(actions)) {
    try {
      session.setActionHandler(/** @type {MediaSessionAction} */ (name), action);
    } catch {
      /* the browser does not know this action */
    }
  }
}

function showTrack(session) {
  const { track } = player;
  session.metadata =
    track &&
    new MediaMetadata({
      title: trackTitle(track),
      artist: trackArtist(track),
      album: track.album ?? "",
      artwork: ARTWORK_SIZES.map((size) => ({
        src: coverUrl(track, size),
        sizes: `${size}x${size}`,
      })),
    });
}

function showPosition(session) {
  const { duration, time } = player;
  const known = player.track && duration > 0 && Number.isFinite(duration);
  session.setPositionState?.(
    known ? { duration, position: Math.min(Math.max(0, time), duration) } : undefined,
  );
}

/** While music plays, the title of the document is that of the track, else that of the page. */
function followTitle() {
  let pageTitle = document.title;
  let shown = "";
  const show = () => {
    if (document.title !== shown) pageTitle = document.title;
    const { track, isPlaying } = player;
    shown = track && isPlaying ? `${trackTitle(track)} · ${trackArtist(track)}` : pageTitle;
    if (document.title !== shown) document.title = shown;
  };
  const title = document.querySelector("title");
  if (title) new MutationObserver(show).observe(title, { childList: true });
  for (const event of ["track", "state"]) player.addEventListener(event, show);
}
