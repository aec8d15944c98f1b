"""What a metric stands at, as whoever scrapes it is told."""

from __future__ import annotations

from prometheus_client.registry import Collector


def value(metric: Collector) -> float:
    """Of a counter or a gauge without labels."""
    [found] = metric.collect()
    return next(sample.value for sample in found.samples if not sample.name.endswith("_created"))
