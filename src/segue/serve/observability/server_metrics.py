"""Count and time what a server does, for Prometheus.

Several workers keep their counts in files of one directory, by the multiprocess mode of
prometheus-client: any worker can then answer for all. The supervisor sets the directory before it
starts them, because the library reads the environment variable once, when it is imported.
Values of the library come from the library when they are asked for. Labels never name listeners,
tracks or paths.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from segue import __version__
from segue.errors import SegueError
from segue.pipeline.recommender.snapshot import snapshot_directory
from segue.serve.app_state import AppState

_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
_FILE: Final = re.compile(r"_(\d+)\.db$")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES: Final = (1, 2, 4, 8)


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Let the worker processes that are started inside keep their counts in one directory."""
    before = os.environ.get(_DIRECTORY)
    with tempfile.TemporaryDirectory(prefix="segue-metrics-", ignore_cleanup_errors=True) as place:
        os.environ[_DIRECTORY] = place
        try:
            yield
        finally:
            if before is None:
                del os.environ[_DIRECTORY]
            else:
                os.environ[_DIRECTORY] = before


class ServerMetrics:
    """The metrics of one server process, or of all workers where they share a directory."""

    def __init__(self) -> None:
        self._directory = os.environ.get(_DIRECTORY)
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "segue_http_requests",
            "Requests by route, method and class of status.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._durations = Histogram(
            "segue_http_request_duration_seconds",
            "Time until the response to a request begins.",
            ["route", "method"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._lists = Histogram(
            "segue_list_batch_duration_seconds",
            "Time that a batch of recommendation lists takes.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batches = Histogram(
            "segue_list_batch_size",
            "Recommendation lists that are made together.",
            buckets=_SIZES,
            registry=self._registry,
        )
        self._queue = Gauge(
            "segue_list_queue_size",
            "Recommendation lists that wait for the next batch.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `seconds` is the time until its response began."""
        method = method if method in _METHODS else "other"
        self._requests.labels(route, method, f"{status // 100}xx").inc()
        self._durations.labels(route, method).observe(seconds)

    def note_batch(self, n_lists: int, seconds: float) -> None:
        """Count a batch of recommendation lists and the time that it took."""
        self._batches.observe(n_lists)
        self._lists.observe(seconds)

    def note_queue(self, n_waiting: int) -> None:
        """Set the number of lists that wait for the next batch in this process."""
        self._queue.set(n_waiting)

    def exposition(self, app_state: AppState) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        pids = self._live_workers()
        registry = CollectorRegistry()
        if self._directory is None:
            parts = generate_latest(self._registry)
        else:
            MultiProcessCollector(registry, self._directory)  # type: ignore[no-untyped-call]
            parts = b""
        registry.register(_LibraryCollector(app_state))
        registry.register(_WorkerCollector(pids))
        return parts + generate_latest(registry)

    def _live_workers(self) -> list[int]:
        """Return the ids of the worker processes, and forget the gauges of those that ended."""
        if self._directory is None:
            return [os.getpid()]
        found = (_FILE.search(path.name) for path in Path(self._directory).glob("*.db"))
        live = []
        for pid in sorted({int(match[1]) for match in found if match}):
            if _is_alive(pid):
                live.append(pid)
            else:
                mark_process_dead(pid, self._directory)  # type: ignore[no-untyped-call]
        return live


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


class _WorkerCollector(Collector):
    """Memory, processor time and open files of worker processes, where /proc shows them."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = pids

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with a sample for each process."""
        merged: dict[str, Metric] = {}
        for pid in self._pids:
            for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                kept = merged.setdefault(
                    metric.name, Metric(metric.name, metric.documentation, metric.type)
                )
                for sample in metric.samples:
                    kept.add_sample(sample.name, {"pid": str(pid)}, sample.value)
        yield from merged.values()


class _LibraryCollector(Collector):
    """Counts of the library, its jobs and its snapshot; none of them where it cannot be read."""

    def __init__(self, app_state: AppState) -> None:
        self._app_state = app_state

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        build = GaugeMetricFamily("segue_build_info", "Version of segue.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        readable = True
        try:
            yield from list(self._library())
        except SegueError:
            readable = False
        yield GaugeMetricFamily(
            "segue_library_readable", "Whether the library could be read just now.", int(readable)
        )

    def _library(self) -> Iterator[Metric]:
        app_state = self._app_state
        items = GaugeMetricFamily(
            "segue_library_items", "Number of tracks, listens and so on.", labels=["kind"]
        )
        for kind, n in app_state.counts().items():
            items.add_metric([kind], n)
        yield items
        jobs = GaugeMetricFamily("segue_jobs", "Number of jobs by state.", labels=["state"])
        for state, n in app_state.library.jobs.counts().items():
            jobs.add_metric([state], n)
        yield jobs
        last = app_state.library.feedback.last()
        yield CounterMetricFamily(
            "segue_feedback_events", "Feedback events of the library, of all servers.", last
        )
        snapshot = app_state.service.opened_snapshot()
        if snapshot is not None:
            yield GaugeMetricFamily(
                "segue_snapshot_tracks", "Tracks of the snapshot.", len(snapshot.durations)
            )
            yield GaugeMetricFamily(
                "segue_snapshot_feedback_events",
                "Number of the last feedback event in the counts of the snapshot.",
                snapshot.number,
            )
        try:
            built = snapshot_directory(app_state.library).stat().st_mtime
        except OSError:
            return
        yield GaugeMetricFamily(
            "segue_snapshot_built_timestamp_seconds", "When the snapshot was built.", built
        )
