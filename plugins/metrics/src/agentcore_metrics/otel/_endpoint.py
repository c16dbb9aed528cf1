"""The endpoint that Prometheus asks."""

from __future__ import annotations

import logging
from threading import Thread
from wsgiref.simple_server import WSGIServer

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricReader
from prometheus_client import CollectorRegistry, start_http_server

from agentcore_metrics._config import Prometheus

__all__ = ["Endpoint"]

logger = logging.getLogger("agentcore.metrics")


class Endpoint:
    """Serves ``/metrics`` on threads of its own; where the port is taken it says so, and there is none."""

    def __init__(self, config: Prometheus) -> None:
        registry = CollectorRegistry()
        self.reader: MetricReader | None = None
        self._server: tuple[WSGIServer, Thread] | None = None
        try:
            self._server = start_http_server(config.port, config.host, registry)
        except OSError as error:
            logger.warning(
                "Prometheus cannot be served on %s port %d: %s; metrics go on without it"
                " (each process needs a port of its own: set otel.prometheus.port in the metrics plugin's config)",
                config.host,
                config.port,
                error.strerror,
            )
            return
        self.reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
        logger.info("Prometheus is served on http://%s:%d/metrics", config.host, self.port)

    @property
    def port(self) -> int:
        """Where it listens; 0 where it does not."""
        return 0 if self._server is None else int(self._server[0].server_port)

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()
            self._server = None
