"""Send traces to an OpenTelemetry collector: requests, recommendation lists, transactions.

The extra ``tracing`` installs what this needs. The standard variables of OpenTelemetry, such as
OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_SERVICE_NAME, say where the spans go. Spans have no queries,
headers, bodies, paths or SQL.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.types import Scope

from segue import __version__
from segue.errors import MissingExtraError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_configured() -> bool:
    """Return whether the environment names a collector."""
    return any(os.environ.get(name) for name in _ENDPOINTS)


def check_tracing() -> None:
    """Raise `MissingExtraError` if the extra `tracing` is not installed."""
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("Tracing", "tracing") from error


class ServerTracer:
    """Makes the spans of one process and sends them in the background.

    `exporter` is where they go; by default the collector that the environment names, or one on
    this machine.

    Raises
    ------
    MissingExtraError
        If the extra `tracing` is not installed.
    """

    def __init__(self, exporter: "SpanExporter | None" = None) -> None:
        check_tracing()
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        name = os.environ.get("OTEL_SERVICE_NAME", "segue")
        resource = Resource.create({SERVICE_NAME: name, SERVICE_VERSION: __version__})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("segue", __version__)

    @contextmanager
    def request(self, scope: Scope) -> Iterator["_RequestSpan"]:
        """Yield the span of a request, below the one that its traceparent header names."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        parent = Headers(scope=scope).get("traceparent")
        carrier = {} if parent is None else {"traceparent": parent}
        with self._tracer.start_as_current_span(
            scope["method"],
            TraceContextTextMapPropagator().extract(carrier),
            SpanKind.SERVER,
            record_exception=False,  # its text may name files
            set_status_on_exception=False,
        ) as span:
            yield _RequestSpan(span, scope["method"])

    def span(self, name: str, **attributes: int) -> AbstractContextManager[object]:
        """Return a context with a span below the current one."""
        return self._tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        )

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context with the span of a transaction of the database."""
        return self.span("database transaction")

    def close(self) -> None:
        """Send the spans that wait."""
        self._provider.shutdown()


class _RequestSpan:
    def __init__(self, span: "Span", method: str) -> None:
        self._span, self._method = span, method

    def end(self, route: str, status: int) -> None:
        """Set name, route and status."""
        from opentelemetry.trace import StatusCode

        self._span.update_name(f"{self._method} {route}")
        self._span.set_attribute("http.request.method", self._method)
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)
