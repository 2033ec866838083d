"""Verification records as SARIF 2.1.0, which code-scanning views show beside the specs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from runtime import __version__
from runtime.combination import Combination
from runtime.records import Record

#: Outcome → level of a result and what the rule says; what passed is no result.
_RULES = {
    "failed": ("error", "A combination that a page promises failed."),
    "environment": ("warning", "A combination could not be decided on this machine."),
    "skipped": ("note", "A combination was not tried."),
}


def sarif(done: Sequence[Record], chosen: Sequence[Combination]) -> str:
    """The records that did not pass, each at the line of its spec.

    Args:
        done: The records.
        chosen: The combinations that they are of.
    """
    by_id = {combination.id: combination for combination in chosen}
    names = list(_RULES)
    run = {
        "tool": {"driver": {
            "name": "Modelbook", "semanticVersion": __version__,
            "rules": [{"id": f"verify-{name}", "shortDescription": {"text": text}}
                      for name, (_, text) in _RULES.items()]}},
        "results": [_result(record, by_id[record.combination], names.index(record.outcome))
                    for record in done if record.outcome in _RULES],
    }
    return json.dumps({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [run],
    }, indent=2, ensure_ascii=False) + "\n"


def _result(record: Record, combination: Combination, index: int) -> dict[str, Any]:
    source = combination.spec.source
    engine = " ".join(filter(None, (record.engine.provider, record.engine.version)))
    text = f"{record.combination}: {record.reason}" + (f" ({engine})" if engine else "")
    key = f"{record.combination}\0{record.outcome}".encode()
    return {
        "ruleId": f"verify-{record.outcome}", "ruleIndex": index,
        "level": _RULES[record.outcome][0], "message": {"text": text},
        "locations": [{"physicalLocation": {
            # Specs lie in `specs/` of a checkout, which is where such views look.
            "artifactLocation": {"uri": quote(f"specs/{source.file}")},
            "region": {"startLine": source.line}}}],
        "partialFingerprints": {"combination/v1": hashlib.sha256(key).hexdigest()[:16]},
    }
