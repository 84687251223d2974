"""The metric catalogue as a page of the documentation: ``python -m enishi.metrics.reference > docs/reference/metrics.md``."""

from __future__ import annotations

from enishi.metrics.registry import FAMILIES, REGISTRY

_NULLS = {"zero": "0", "unknown": "unknown"}
_ARROWS = {1: "more is better", -1: "less is better", 0: "neither"}


def catalogue() -> str:
    """All shipped metrics as Markdown, both languages."""
    lines = [
        "# Metrics",
        "",
        "Made from the registry by `python -m enishi.metrics.reference`; a test fails when it is out of date.",
        "Every metric can be asked as of any day, for every account at once. Where a source has never spoken, its",
        "metrics are unknown, not 0.",
    ]
    for family, (title, _) in FAMILIES.items():
        lines += [
            "",
            f"## {title.en} / {title.ja}",
            "",
            "| id | meaning | unit | grain | without facts | direction |",
        ]
        lines.append("|---|---|---|---|---|---|")
        for metric in REGISTRY.values():
            if metric.family == family:
                meaning = f"**{metric.title.en} / {metric.title.ja}**. {metric.help.en} {metric.help.ja}"
                cells = [
                    f"`{metric.id}`",
                    meaning,
                    metric.unit,
                    ", ".join(metric.grains),
                    _NULLS[metric.null],
                ]
                lines.append("| " + " | ".join([*cells, _ARROWS[metric.direction]]) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(catalogue(), end="")
