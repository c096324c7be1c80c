// State of the page: session, listener, opinions of tracks, steering of the list.
//
// `store` dispatches "session", "signing-out", "me" (weights or counts changed), "opinion" (detail: the track's id) and
// "steer" (weights, dials or exclusions changed).

import { get, post, remove, setCsrfToken } from "./api.js";
import { flush, openOutbox } from "./outbox.js";

export const store = new EventTarget();

/**
 * `session` and `me` are set before any page is shown.
 *
 * @typedef {{
 *   weights: object, dials: object, exclusions: object,
 *   daypart: "morning" | "afternoon" | "evening" | "night" | null,
 * }} Steering
 *
 * @type {{
 *   session: Api.Session,
 *   me: Api.Me,
 *   opinions: Map<string, Api.Track["opinion"]>,
 *   steer: Steering,
 * }}
 */
export const state = {
  session: /** @type {any} */ (null),
  me: /** @type {any} */ (null),
  opinions: new Map(),
  steer: emptySteer(),
};

/** Default steering: learned weights, dials at their defaults, no exclusions, any part of the day. */
export function emptySteer() {
  return { weights: {}, dials: {}, exclusions: {}, daypart: null };
}

/** Read the session. */
export async function loadSession() {
  await applySession(await get("/session"));
}

/** Sign in as a listener. Throws a Problem if the password is wrong. */
export async function signIn(listener, password) {
  await applySession(await post("/session", password ? { listener, password } : { listener }));
}

/** Make the account of an invitation. Throws a Problem if it cannot be used. */
export async function join(token, name, password) {
  await applySession(await post("/invitations/accept", { token, name, password }));
}

export async function signOut() {
  await flush();
  store.dispatchEvent(new Event("signing-out"));
  await remove("/session");
  await loadSession();
}

async function applySession(session) {
  setCsrfToken(session.csrf);
  const changed = state.session?.listener !== session.listener;
  state.session = session;
  if (changed) {
    state.opinions.clear();
    state.steer = parseSteer(localStorage.getItem(steerKey()));
    state.me = /** @type {any} */ (null);
    openOutbox(session.listener);
  }
  if (session.listener !== null) await loadMe();
  store.dispatchEvent(new Event("session"));
}

/** Read the listener's weights, dials and counts. */
export async function loadMe() {
  state.me = await get("/me");
  store.dispatchEvent(new Event("me"));
}

/** Opinion of a track: as given on this page, else as the server sent it. */
export function opinion(track) {
  return state.opinions.has(track.track_id)
    ? state.opinions.get(track.track_id)
    : (track.opinion ?? null);
}

export function setOpinion(trackId, value) {
  state.opinions.set(trackId, value);
  store.dispatchEvent(new CustomEvent("opinion", { detail: trackId }));
}

/** Change the steering; it is saved in this browser for this listener. */
export function setSteer(steer) {
  state.steer = steer;
  if (isNeutral(steer)) localStorage.removeItem(steerKey());
  else localStorage.setItem(steerKey(), JSON.stringify(steer));
  store.dispatchEvent(new Event("steer"));
}

/** Whether steering has its defaults. */
export function isNeutral({ weights, dials, exclusions, daypart }) {
  return (
    !daypart &&
    ![weights, dials].some((one) => Object.keys(one).length) &&
    !Object.values(exclusions).some((one) => [one].flat().length)
  );
}

/** Parse steering as it was saved; dials may have been saved under their former names. */
export function parseSteer(text) {
  try {
    const saved = JSON.parse(text);
    const dials = Object.entries(saved?.dials ?? {}).map(([name, value]) => [
      RENAMED_DIALS[name] ?? name,
      value,
    ]);
    return { ...emptySteer(), ...saved, dials: Object.fromEntries(dials) };
  } catch {
    return emptySteer();
  }
}

const RENAMED_DIALS = { familiar: "max_known_share", variety: "randomness" };

function steerKey() {
  return `segue.steer.${state.session?.listener ?? ""}`;
}
