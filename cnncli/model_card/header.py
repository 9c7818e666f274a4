"""The metadata of a model card: the YAML header that the Hugging Face Hub reads.

The keys are those of https://github.com/huggingface/hub-docs/blob/main/modelcard.md.
"""

from __future__ import annotations

import math
from typing import Any

from cnncli.model_card import licenses
from cnncli.model_card.about_run import AboutRun
from cnncli.model_card.parts import Metric
from cnncli.model_card.wishes import Wishes
from cnncli.recipe.write import as_yaml

_DIGITS = 6  # behind the point


def metadata(run: AboutRun, name: str, wishes: Wishes) -> dict[str, Any]:
    """The header as plain data; what is not known is left out.

    Args:
        name: of the model.
    """
    part, result = run.part, run.result
    found: dict[str, Any] = {}
    if wishes.license:
        known = licenses.identifier(wishes.license)
        found |= {"license": known} if known else {"license": "other", "license_name": wishes.license}
    found["library_name"] = "keras"
    pipeline = _pipeline(run)
    if pipeline:
        found["pipeline_tag"] = pipeline
    words = {kind.WORD.replace(" ", "-") for kind in run.kinds.values()}
    found["tags"] = list(dict.fromkeys(["cnncli", "tensorflow", run.targets.task, *part.TAGS, *sorted(words)]))
    datasets = list(wishes.datasets) or list(filter(None, [run.data.source.settings.hub_data_set]))
    if datasets:
        found["datasets"] = datasets
    metrics = [metric for metric in part.metrics(result) if _is_known(metric)] if result else []
    if result and metrics:
        found["metrics"] = list(dict.fromkeys(metric.type for metric in metrics))
        found["model-index"] = [
            {
                "name": name,
                "results": [
                    {
                        "task": {"type": pipeline or run.targets.task},
                        "dataset": {
                            "type": datasets[0] if datasets else run.data.source.word,
                            "name": run.public(run.material.run.short_source or run.data.source.word),
                            "split": result.split,
                        },
                        "metrics": [_entry(metric) for metric in metrics],
                    }
                ],
            }
        ]
    return found


def as_header(found: dict[str, Any]) -> str:
    """The header with the lines around it."""
    return f"---\n{as_yaml(found)}---\n"


def _pipeline(run: AboutRun) -> str | None:
    """The Hub's word for the task, where it has one for this kind of input."""
    if not run.is_one_input:
        return None
    [kind] = run.kinds.values()
    found: str | None = run.part.PIPELINES.get(kind.WORD)
    return found


def _is_known(metric: Metric) -> bool:
    return metric.value is not None and math.isfinite(metric.value)


def _entry(metric: Metric) -> dict[str, Any]:
    return {"type": metric.type, "name": metric.name, "value": round(metric.value or 0.0, _DIGITS)}
