// Play albums, artists and other collections of tracks: in order, shuffled, or as a radio.

import { get } from "./api.js";
import { t } from "./i18n.js";
import { notify, notifyError } from "./notifications.js";
import { player } from "./player.js";
import { radioTracks } from "./radio-tracks.js";

const MAX_SEEDS = 20;
const MAX_TRACKS = 1000;

/** Return a copy in random order (Fisher and Yates). */
export function shuffled(items) {
  const order = [...items];
  for (let place = order.length - 1; place > 0; place--) {
    const other = Math.floor(Math.random() * (place + 1));
    [order[place], order[other]] = [order[other], order[place]];
  }
  return order;
}

/**
 * Play tracks one after the other, from `first` on.
 *
 * @param {Api.Track[]} tracks
 * @param {string} source name of the collection, shown in the queue
 * @param {{first?: Api.Track, shuffle?: boolean}} [options]
 */
export function playTracks(tracks, source, { first, shuffle = false } = {}) {
  const playable = tracks.filter((track) => track.playable !== false);
  if (!playable.length) return notify(t("collection.nothing"), { kind: "error" });
  const order = shuffle ? shuffled(playable) : playable;
  const place = Math.max(
    0,
    order.findIndex((track) => track.track_id === first?.track_id),
  );
  const [before, after] = [order.slice(0, place), order.slice(place + 1)];
  return player.play(order[place], after, source, null, before);
}

/** Play an endless radio of tracks like those of a collection; one of its own comes first. */
export function playRadio(tracks, name) {
  const playable = shuffled(tracks.filter((track) => track.playable !== false));
  if (!playable.length) return notify(t("collection.nothing"), { kind: "error" });
  const like = playable.slice(0, MAX_SEEDS).map((track) => track.track_id);
  return player.play(playable[0], [], t("collection.radioOf", { name }), radioTracks({ like }));
}

/** Play an album by its id. */
export async function playAlbum(id) {
  try {
    const album = await get("/albums/{album_id}", { params: { album_id: id } });
    playTracks(
      album.tracks.map((one) => one.track),
      album.title ?? t("format.unknownAlbum"),
    );
  } catch (error) {
    notifyError(error);
  }
}

/** Request all tracks of an artist, in the order of their albums. */
export async function artistTracks(artist) {
  if (!artist.name) return artist.popular_tracks;
  const { items } = await get("/tracks", { query: { artist: artist.name, limit: MAX_TRACKS } });
  const places = new Map(artist.tracks.map((id, place) => [id, place]));
  return items
    .filter((track) => places.has(track.track_id))
    .sort((one, other) => places.get(one.track_id) - places.get(other.track_id));
}

/** Play all tracks of an artist by its id. */
export async function playArtist(id) {
  try {
    const artist = await get("/artists/{artist_id}", { params: { artist_id: id } });
    playTracks(await artistTracks(artist), artist.name ?? t("format.unknownArtist"));
  } catch (error) {
    notifyError(error);
  }
}
