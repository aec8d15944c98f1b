"""One picture per workload: every round of ours beside every round of the references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.report import DOCUMENT, ROWS

IMAGES = DOCUMENT.parent / "images" / "performance"


def draw(results: dict[str, Any]) -> list[Path]:
    """Nothing without matplotlib: pip install -r bench/requirements.txt."""
    try:
        import matplotlib
    except ImportError:
        print("no plots: pip install -r bench/requirements.txt")
        return []
    matplotlib.use("agg")
    from matplotlib import pyplot

    IMAGES.mkdir(parents=True, exist_ok=True)
    plots: list[Path] = []
    for workload in results:
        rows = list({row.metric: row for row in ROWS if row.workload == workload and row.reference}.values())
        if not rows:
            continue
        figure, axes = pyplot.subplots(1, len(rows), figsize=(3.2 * len(rows), 3), squeeze=False)
        for row, axis in zip(rows, axes[0], strict=True):
            rounds = results[workload]["rounds"]
            for place, measured in enumerate(rounds.values()):
                values = [one[row.metric] for one in measured]
                axis.plot([place] * len(values), values, "o", alpha=0.6)
            axis.set_xticks(range(len(rounds)), list(rounds))
            axis.set_xlim(-0.5, len(rounds) - 0.5)
            axis.set_ylim(bottom=0)
            axis.set_title(row.label, fontsize=7)
        figure.tight_layout()
        plots.append(IMAGES / f"{workload}.png")
        figure.savefig(plots[-1], dpi=100)
        pyplot.close(figure)
    return plots
