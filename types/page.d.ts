// Global types of the page: its custom elements and custom events.

import type { ExclusionChips } from "../src/segue/serve/static/js/elements/exclusion-chips.js";
import type { JobList } from "../src/segue/serve/static/js/elements/job-list.js";
import type { ListChanges } from "../src/segue/serve/static/js/elements/list-changes.js";
import type { NowPlaying } from "../src/segue/serve/static/js/elements/now-playing.js";
import type { ScheduleList } from "../src/segue/serve/static/js/elements/schedule-list.js";
import type { TrackList } from "../src/segue/serve/static/js/elements/track-list.js";
import type { TrackPicker } from "../src/segue/serve/static/js/elements/track-picker.js";
import type { TrackRow } from "../src/segue/serve/static/js/elements/track-row.js";
import type { WeightSlider } from "../src/segue/serve/static/js/elements/weight-slider.js";
import type { WhyBar } from "../src/segue/serve/static/js/elements/why-bar.js";
import type { MapProgress } from "../src/segue/serve/static/js/map/map-progress.js";

declare global {
  interface HTMLElementTagNameMap {
    "exclusion-chips": ExclusionChips;
    "job-list": JobList;
    "list-changes": ListChanges;
    "map-progress": MapProgress;
    "now-playing": NowPlaying;
    "schedule-list": ScheduleList;
    "track-list": TrackList;
    "track-picker": TrackPicker;
    "track-row": TrackRow;
    "weight-slider": WeightSlider;
    "why-bar": WhyBar;
  }

  /** Most events that the page listens to are custom ones with a detail. */
  interface Event {
    // biome-ignore lint/suspicious/noExplicitAny: each event has its own detail
    readonly detail: any;
  }
}
