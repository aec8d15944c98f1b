"""What a metric stands at, as whoever scrapes it is told."""

from __future__ import annotations

from prometheus_client.registry import Collector


def value(metric: Collector) -> float:
    """Of a counter or a gauge without labels."""
    [found] = metric.collect()
    return next(sample.value for sample in found.samples if not sample.name.endswith("_created"))


def labelled(metric: Collector, label: str) -> dict[str, float]:
    """Of a histogram: how often it was observed under each value of this label."""
    [found] = metric.collect()
    return {one.labels[label]: one.value for one in found.samples if one.name.endswith("_count")}
