"""The metrics of several processes as one text: the same families, each sample with the process it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


def own_metrics() -> str:
    return generate_latest(REGISTRY).decode()


def merged(texts: Mapping[str, str], ours: CollectorRegistry) -> bytes:
    """`texts` by process, and what the supervisor knows itself, which carries no such label."""
    together = CollectorRegistry()
    together.register(_Labelled(texts))
    return generate_latest(ours) + generate_latest(together)


class _Labelled(Collector):
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for process, text in self._texts.items():
            for family in text_string_to_metric_families(text):
                known = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type, family.unit)
                )
                for sample in family.samples:
                    known.samples.append(sample._replace(labels={**sample.labels, "process": process}))
        yield from families.values()
