// Queue of the player: the current track, the tracks that the user added, and the rest of the list that
// plays. It only holds data, so that it can be tested without a browser. Arrays are replaced, never
// changed, so that `snapshot` is a shallow copy.

const MAX_HISTORY = 900; // a radio repeats none of these: the server takes 1,000 recent tracks
const MAX_SAVED = 200; // of each list of tracks: the browser's storage holds some megabytes

/** @typedef {"off" | "all" | "one"} Repeat */

/**
 * `queue` plays before `upcoming`. `passed` are the earlier tracks of the list, which `repeat` "all" plays
 * again; `unshuffled` are the ids of the tracks in their order before they were shuffled, null if
 * shuffle is off. `edited` is true after the user moved or removed tracks of `upcoming`: a new version
 * of its list then no longer replaces it.
 *
 * @typedef {{
 *   track: Api.Track | null,
 *   queue: Api.Track[],
 *   upcoming: Api.Track[],
 *   passed: Api.Track[],
 *   history: Api.Track[],
 *   source: string,
 *   edited: boolean,
 *   repeat: Repeat,
 *   unshuffled: {queue: string[], upcoming: string[]} | null,
 * }} QueueState
 */

/** @returns {QueueState} */
function emptyState() {
  return {
    track: null,
    queue: [],
    upcoming: [],
    passed: [],
    history: [],
    source: "",
    edited: false,
    repeat: "off",
    unshuffled: null,
  };
}

export class Queue {
  #random;
  state = emptyState();

  /** @param {() => number} [random] from 0 to 1 */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /** All tracks that play next, in order. Places of tracks are places in this list. */
  get upNext() {
    return [...this.state.queue, ...this.state.upcoming];
  }

  get shuffled() {
    return this.state.unshuffled !== null;
  }

  /** The state, to restore it later. */
  snapshot() {
    return { ...this.state };
  }

  /** @param {QueueState} snapshot */
  restore(snapshot) {
    this.state = { ...snapshot };
  }

  /** Restore the tracks that play next, and keep the current track. */
  restoreUpNext({ queue, upcoming, unshuffled, source, edited }) {
    const others = (track) => track.track_id !== this.state.track?.track_id;
    this.#set({
      queue: queue.filter(others),
      upcoming: upcoming.filter(others),
      unshuffled,
      source,
      edited,
    });
  }

  /** Remove everything; repeat and shuffle stay on. */
  empty() {
    const { repeat } = this.state;
    this.state = { ...emptyState(), repeat, unshuffled: this.shuffled ? NO_ORDER : null };
  }

  /**
   * Make a track the current one, and with `list` the rest of its list: the tracks after it and before
   * it, and the name of the list.
   *
   * @param {Api.Track} track
   * @param {{after: Api.Track[], before?: Api.Track[], source?: string} | null} [list]
   */
  start(track, list = null) {
    this.#finish();
    if (list) {
      const { after, before = [], source = "" } = list;
      this.#set({ upcoming: after, passed: before, source, edited: false });
      if (this.shuffled) this.#shuffleList();
    }
    this.#set({ track, upcoming: without(this.state.upcoming, track) });
  }

  /**
   * Go to the next track and return it; null at the end of the list. A track that `ended` by itself is
   * repeated by `repeat` "one".
   */
  advance({ ended = false } = {}) {
    const { repeat, track } = this.state;
    if (ended && repeat === "one" && track) return track;
    this.#finish();
    const { queue, upcoming, passed } = this.state;
    if (queue.length) this.#set({ track: queue[0], queue: queue.slice(1) });
    else if (upcoming.length) this.#set({ track: upcoming[0], upcoming: upcoming.slice(1) });
    else if (repeat === "all" && passed.length) {
      this.#set({ upcoming: passed, passed: [] });
      if (this.shuffled) this.#shuffleList();
      const [first, ...rest] = this.state.upcoming;
      this.#set({ track: first, upcoming: rest });
    } else this.#set({ track: null });
    return this.state.track;
  }

  /** The track that plays when the current one has ended, as far as it is decided; else null. */
  peek() {
    const { repeat, track, queue, upcoming, passed } = this.state;
    if (repeat === "one" && track) return track;
    const next = queue[0] ?? upcoming[0];
    if (next || repeat !== "all" || this.shuffled) return next ?? null;
    return passed[0] ?? track;
  }

  /** Go back to the track before and return it; null if there is none. */
  back() {
    const { history, track, queue, upcoming, passed } = this.state;
    const before = history.at(-1);
    if (!before) return null;
    if (track && queue.length) this.#set({ queue: [track, ...queue] });
    else if (track) this.#set({ upcoming: [track, ...upcoming] });
    const last = passed.at(-1)?.track_id === before.track_id;
    this.#set({
      track: before,
      history: history.slice(0, -1),
      passed: last ? passed.slice(0, -1) : passed,
    });
    return before;
  }

  /** Add tracks after those that were added before, or `first`: right after the current track. */
  add(tracks, { first = false } = {}) {
    const { queue } = this.state;
    this.#set({ queue: first ? [...tracks, ...queue] : [...queue, ...tracks] });
  }

  /** Add further tracks of an endless list. */
  append(tracks) {
    this.#set({ upcoming: [...this.state.upcoming, ...tracks] });
  }

  /** Replace the rest of the list after it has changed, unless the user edited it. */
  replaceUpcoming(tracks) {
    if (this.state.edited) return;
    this.#set({ upcoming: this.state.track ? without(tracks, this.state.track) : tracks });
    if (this.shuffled) this.#shuffleList();
  }

  /** Make the track at a place the current one; the tracks before it stay. */
  startAt(place) {
    const track = this.upNext[place];
    if (!track) return;
    this.#take(place);
    this.start(track);
  }

  /** Remove the track at a place, because the user does not want it there. */
  remove(place) {
    if (place >= this.state.queue.length) this.#set({ edited: true });
    this.#take(place);
  }

  /** Move the track at a place to another place; between the two lists it joins the one it comes to. */
  move(from, to) {
    const track = this.upNext[from];
    if (!track || from === to) return;
    const wasQueued = from < this.state.queue.length;
    this.#take(from);
    const { queue, upcoming } = this.state;
    const toQueue = to === queue.length ? wasQueued : to < queue.length;
    if (!wasQueued || !toQueue) this.#set({ edited: true });
    if (toQueue) this.#set({ queue: queue.toSpliced(to, 0, track) });
    else this.#set({ upcoming: upcoming.toSpliced(to - queue.length, 0, track) });
  }

  /** Remove all tracks that play next. */
  clear() {
    const unshuffled = this.shuffled ? NO_ORDER : null;
    this.#set({ queue: [], upcoming: [], unshuffled, edited: true });
  }

  /** Remove the tracks that satisfy a condition from those that play next. */
  dropWhere(condition) {
    const stays = (track) => !condition(track);
    const { queue, upcoming, passed } = this.state;
    this.#set({
      queue: queue.filter(stays),
      upcoming: upcoming.filter(stays),
      passed: passed.filter(stays),
    });
  }

  /** Shuffle the tracks that play next, or bring those that remain back into their order. */
  setShuffled(on) {
    if (on === this.shuffled) return;
    const { queue, upcoming, unshuffled } = this.state;
    if (unshuffled) {
      this.#set({
        queue: inOrder(queue, unshuffled.queue),
        upcoming: inOrder(upcoming, unshuffled.upcoming),
        unshuffled: null,
      });
      return;
    }
    this.#set({
      unshuffled: { queue: idsOf(queue), upcoming: idsOf(upcoming) },
      queue: this.#shuffle(queue),
      upcoming: this.#shuffle(upcoming),
    });
  }

  /** @param {Repeat} repeat */
  setRepeat(repeat) {
    this.#set({ repeat });
  }

  /** The state as a value for JSON, with at most some hundred tracks. */
  toJSON() {
    const { track, queue, upcoming, passed, history, ...rest } = this.state;
    return {
      ...rest,
      track,
      queue: queue.slice(0, MAX_SAVED),
      upcoming: upcoming.slice(0, MAX_SAVED),
      passed: passed.slice(-MAX_SAVED),
      history: history.slice(-MAX_SAVED / 2),
    };
  }

  /** Restore a saved state; values that are not of the right kind are left out. */
  fromJSON(saved) {
    const state = emptyState();
    if (!saved || typeof saved !== "object") return;
    for (const name of /** @type {const} */ (["queue", "upcoming", "passed", "history"]))
      state[name] = Array.isArray(saved[name]) ? saved[name].filter(isTrack) : [];
    if (isTrack(saved.track)) state.track = saved.track;
    if (typeof saved.source === "string") state.source = saved.source;
    state.edited = saved.edited === true;
    if (["off", "all", "one"].includes(saved.repeat)) state.repeat = saved.repeat;
    const order = saved.unshuffled;
    if (Array.isArray(order?.queue) && Array.isArray(order?.upcoming)) state.unshuffled = order;
    this.state = state;
  }

  /** Take the track at a place out of the tracks that play next. */
  #take(place) {
    const { queue, upcoming } = this.state;
    const queued = queue.length;
    if (place < queued) this.#set({ queue: queue.toSpliced(place, 1) });
    else this.#set({ upcoming: upcoming.toSpliced(place - queued, 1) });
  }

  /** Note that the current track was played. */
  #finish() {
    const { track, history, passed } = this.state;
    if (!track) return;
    this.#set({
      history: [...history, track].slice(-MAX_HISTORY),
      passed: [...without(passed, track), track].slice(-MAX_HISTORY),
    });
  }

  /** Shuffle the rest of a list that has just begun. */
  #shuffleList() {
    const { upcoming, queue, unshuffled } = this.state;
    this.#set({
      unshuffled: { queue: unshuffled?.queue ?? idsOf(queue), upcoming: idsOf(upcoming) },
      upcoming: this.#shuffle(upcoming),
    });
  }

  /** Return tracks in a random order (Fisher and Yates). */
  #shuffle(tracks) {
    const order = [...tracks];
    for (let last = order.length - 1; last > 0; last--) {
      const place = Math.floor(this.#random() * (last + 1));
      [order[place], order[last]] = [order[last], order[place]];
    }
    return order;
  }

  /** @param {Partial<QueueState>} changes */
  #set(changes) {
    this.state = { ...this.state, ...changes };
  }
}

const NO_ORDER = { queue: [], upcoming: [] };

function isTrack(value) {
  return typeof value?.track_id === "string";
}

function idsOf(tracks) {
  return tracks.map((track) => track.track_id);
}

function without(tracks, track) {
  return tracks.filter((one) => one.track_id !== track.track_id);
}

/** Return tracks in the order of ids; a track may be there twice, and others follow at the end. */
function inOrder(tracks, ids) {
  const rest = [...tracks];
  const found = [];
  for (const id of ids) {
    const place = rest.findIndex((track) => track.track_id === id);
    if (place >= 0) found.push(...rest.splice(place, 1));
  }
  return [...found, ...rest];
}
