"""Observe the batches in which recommendation lists are made."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from segue.serve.observability.server_metrics import ServerMetrics
from segue.serve.observability.tracing import ServerTracer


class BatchMetrics:
    """Counts, times and traces batches: see `segue.serve.batching.BatchObserver`."""

    def __init__(self, metrics: ServerMetrics, tracer: ServerTracer | None) -> None:
        self._metrics, self._tracer = metrics, tracer

    def waiting(self, n_requests: int) -> None:
        """Note how many lists wait."""
        self._metrics.note_queue(n_requests)

    @contextmanager
    def batch(self, n_requests: int) -> Iterator[None]:
        """Time a batch."""
        began = time.perf_counter()
        span = nullcontext() if self._tracer is None else self._tracer.span("lists", n=n_requests)
        with span:
            yield
        self._metrics.note_batch(n_requests, time.perf_counter() - began)
