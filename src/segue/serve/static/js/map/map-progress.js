// A map that a job makes first: how far it is, until it can be shown.

import { news } from "../server-events.js";
import { fill, h, newId } from "../dom.js";
import { percent } from "../format.js";
import { say } from "../notifications.js";

const LOOK = 1000; // milliseconds between two questions for the map
const LOOK_FOLLOWED = 5000; // the same where the server tells of the job by itself
const TOLD = 0.25; // of the work: what is said to those who do not see it

/**
 * What `ask` gives, once the map is made: until then `place` shows how far that is. It ends with an
 * AbortError when the page is left meanwhile.
 */
export async function onceMade(ask, place) {
  let making = null;
  for (;;) {
    try {
      const found = await ask();
      if (making) say("The map is ready.");
      making?.remove();
      return found;
    } catch (error) {
      if (error.kind !== "in-progress") {
        fill(place, h("p", { class: "empty" }, error.message));
        throw error;
      }
      if (!making) fill(place, (making = h("map-making")));
      await making.until(error.job);
      if (!making.isConnected) throw new DOMException("The page was left.", "AbortError");
    }
  }
}

class MapMaking extends HTMLElement {
  #followed = false;
  #said = -1;

  /** Show how far a job is, and resolve when it is time to ask for the map again. */
  until(job) {
    this.#show(job);
    return new Promise((done) => {
      const timer = setTimeout(() => end(), this.#followed ? LOOK_FOLLOWED : LOOK);
      const told = ({ detail }) => {
        if (detail.id !== job.id) return;
        this.#followed = true;
        this.#show(detail);
        if (!["waiting", "running"].includes(detail.state)) end();
      };
      const end = () => {
        clearTimeout(timer);
        news.removeEventListener("job", told);
        done();
      };
      news.addEventListener("job", told);
    });
  }

  #build() {
    const title = newId("making");
    this.step = h("p", { class: "quiet-text" });
    this.bar = h("progress", { max: 1, "aria-labelledby": title });
    fill(
      this,
      h(
        "section",
        { class: "card map-making", "aria-labelledby": title },
        h("h2", { id: title }, "The map is being made"),
        h("p", {}, "Once for all who look at it. It shows here when it is ready."),
        this.bar,
        this.step,
      ),
    );
  }

  #show({ state, done, total, text }) {
    if (!this.step) this.#build();
    const share = state === "running" && total ? done / total : null;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    const step = state === "waiting" ? "It waits for other work" : text || "It begins";
    fill(this.step, share === null ? step : `${step}: ${percent(share)}`);
    const quarter = Math.floor((share ?? 0) / TOLD);
    if (quarter <= this.#said) return;
    say(quarter ? `The map: ${percent(quarter * TOLD)} of it is made.` : "The map is being made.");
    this.#said = quarter;
  }
}

customElements.define("map-making", MapMaking);
