"""Every rule fires on its own wrong example, alone, and no rule on a right one."""

from __future__ import annotations

import re

import pytest

from compiler.check.registry import Rule, all_rules
from compiler.finding import Severity
from tests.compiler.check.wrap import findings, grave

RULES = [pytest.param(rule, id=f"{rule.code}-{rule.name}") for rule in all_rules()]


@pytest.mark.parametrize("rule", RULES)
def test_fires_on_the_wrong_example_and_only_this_rule_does(rule: Rule) -> None:
    found = findings(rule.wrong)

    assert rule.code in {finding.code for finding in found}, found
    assert grave(found) <= {rule.code}, found


@pytest.mark.parametrize("rule", RULES)
def test_is_silent_on_the_right_example_and_so_are_all_others(rule: Rule) -> None:
    found = findings(rule.right)

    assert rule.code not in {finding.code for finding in found}, found
    assert not grave(found), found


@pytest.mark.parametrize("rule", RULES)
def test_findings_say_where_what_and_what_to_do(rule: Rule) -> None:
    for finding in findings(rule.wrong):
        if finding.code != rule.code:
            continue
        assert finding.severity is rule.severity
        assert finding.span.line >= 1
        assert finding.span.column >= 1
        assert finding.path
        assert finding.hint
        assert not finding.message.endswith("."), finding.message
        assert not finding.hint.endswith("."), finding.hint


@pytest.mark.parametrize("rule", RULES)
def test_is_described(rule: Rule) -> None:
    assert re.fullmatch(r"MB[23456][0-9]{2}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert rule.summary.endswith(".")
    assert len(rule.summary) <= 100
    assert len(rule.why) > 40
    assert isinstance(rule.severity, Severity)


def test_codes_and_names_are_unique_and_sorted() -> None:
    codes = [rule.code for rule in all_rules()]
    names = [rule.name for rule in all_rules()]

    assert codes == sorted(set(codes))
    assert len(set(names)) == len(names)


def test_a_draft_models_file_needs_a_name_where_its_format_has_files() -> None:
    spec = ("specs: [{format: %s, size_in_billions: 7, quantizations: [%s], "
            "repo_id: example/demo-7B%s, draft: {repo_id: example/demo-0.5B%s}, "
            "hubs: {huggingface: {}, modelscope: {}}}]\n")
    template = ', file_template: "demo-7b-{quantization}.gguf"'
    named = ", file_template: demo-0.5b.gguf"
    found = [item for item in findings(spec % ("ggufv2", "Q4_K_M", template, ""))
             if item.code == "MB230"]
    assert [item.message for item in found] == ["the draft model has no file name"]
    for fine in (("ggufv2", "Q4_K_M", template, named), ("pytorch", "none", "", "")):
        assert "MB230" not in {item.code for item in findings(spec % fine)}
