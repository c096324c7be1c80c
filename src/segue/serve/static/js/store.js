// What the page knows: who listens, what they think of tracks, how their list is steered.
//
// Events: "session" (somebody else listens), "me" (weights or counts are others), "opinion" (detail:
// the track's id), "steer" (weights, dials or exclusions are others).

import { get, post, remove, useToken } from "./api.js";
import { flush, openFor } from "./outbox.js";

export const store = new EventTarget();

export const state = {
  session: null,
  me: null,
  opinions: new Map(),
  steer: emptySteer(),
};

/** Settings of a list that change nothing: the learned weights, all dials at their defaults. */
export function emptySteer() {
  return { weights: {}, dials: {}, exclusions: {} };
}

/** Read who is listening. */
export async function loadSession() {
  await takeUp(await get("/session"));
}

/** Listen as somebody. Raises a Problem where the password is wrong. */
export async function signIn(listener, password) {
  await takeUp(await post("/session", password ? { listener, password } : { listener }));
}

export async function signOut() {
  await flush();
  await remove("/session");
  await loadSession();
}

async function takeUp(session) {
  useToken(session.csrf);
  const other = state.session?.listener !== session.listener;
  state.session = session;
  if (other) {
    state.opinions.clear();
    state.steer = readSteer();
    state.me = null;
    openFor(session.listener);
  }
  if (session.listener !== null) await loadMe();
  store.dispatchEvent(new Event("session"));
}

/** Read what is known of the listener: weights, dials, counts. */
export async function loadMe() {
  state.me = await get("/me");
  store.dispatchEvent(new Event("me"));
}

/** The opinion of a track: what was said here, or else what the server knew when it sent it. */
export function opinion(track) {
  return state.opinions.has(track.track_id)
    ? state.opinions.get(track.track_id)
    : (track.opinion ?? null);
}

export function setOpinion(trackId, value) {
  state.opinions.set(trackId, value);
  store.dispatchEvent(new CustomEvent("opinion", { detail: trackId }));
}

/** Steer otherwise; remembered in this browser for this listener. */
export function setSteer(steer) {
  state.steer = steer;
  if (isNeutral(steer)) localStorage.removeItem(steerName());
  else localStorage.setItem(steerName(), JSON.stringify(steer));
  store.dispatchEvent(new Event("steer"));
}

/** Whether a list is as it was learned. */
export function isNeutral({ weights, dials, exclusions }) {
  return (
    ![weights, dials].some((one) => Object.keys(one).length) &&
    !Object.values(exclusions).some((one) => [one].flat().length)
  );
}

function readSteer() {
  try {
    const kept = JSON.parse(localStorage.getItem(steerName()));
    return { ...emptySteer(), ...kept, dials: withNewNames(kept?.dials) };
  } catch {
    return emptySteer();
  }
}

const OLD_DIALS = { familiar: "max_known_share", variety: "randomness" };

/** Dials as they are called now; browsers may have kept them by their former names. */
function withNewNames(dials = {}) {
  return Object.fromEntries(
    Object.entries(dials).map(([name, value]) => [OLD_DIALS[name] ?? name, value]),
  );
}

function steerName() {
  return `segue.steer.${state.session?.listener ?? ""}`;
}
