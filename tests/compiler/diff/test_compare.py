from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from compiler.diff import Change, Grade, Kind, compare
from compiler.diff.fields import TABLES
from runtime.manifest import (
    Deprecation,
    Draft,
    EngineClaim,
    Family,
    Loads,
    Locked,
    Refuses,
    Source,
)
from tests.compiler.diff.builders import (
    engine,
    family,
    hub,
    manifest,
    model_format,
    provider,
    spec,
)

TODAY = date(2026, 6, 1)


def changes(old: Family | None, new: Family | None, today: date = TODAY) -> list[Change]:
    before = manifest(*[old] if old else [])
    after = manifest(*[new] if new else [])
    return compare(before, after, today=today)


def brief(found: list[Change]) -> list[tuple[str, Grade, str]]:
    return [(change.kind.value, change.grade, change.identity.words()) for change in found]


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.__name__)
def test_every_field_of_the_contract_is_graded_or_compared_elsewhere(record: type) -> None:
    table = TABLES[record]
    fields = set(record.__struct_fields__)  # type: ignore[attr-defined]
    assert set(table.grades) | table.elsewhere == fields
    assert not set(table.grades) & table.elsewhere
    assert table.unordered | table.sizes <= set(table.grades)


@pytest.mark.parametrize("drafted", [False, True])
@pytest.mark.parametrize(("commit", "checked", "grade"), [
    ("b" * 40, "2026-01-02", Grade.LAUNCH), ("a" * 40, "2026-01-02", Grade.DOCS)])
def test_a_new_lock_is_grave_only_with_another_commit(
        commit: str, checked: str, grade: Grade, *, drafted: bool) -> None:
    def locked(commit: str, checked: str) -> Family:
        [hub, *others] = spec().hubs
        lock = Locked(repo_id=hub.repo_id, commit=commit, checked=checked)
        again = msgspec.structs.replace(hub, **(
            {"draft": Draft(repo_id="org/small", locked=[lock])} if drafted
            else {"locked": [lock]}))
        return family(specs=[spec(hubs=[again, *others])])

    [change] = changes(locked("a" * 40, "2026-01-01"), locked(commit, checked))

    assert (change.grade, change.field) == (grade, "locked")


def test_the_same_catalogue_has_no_changes() -> None:
    assert changes(family(), family()) == []


def test_places_in_the_files_are_no_change() -> None:
    moved = family(source=Source(file="families/other.yaml", line=40),
                   specs=[spec(source=Source(file="families/other.yaml", line=80))])
    assert changes(family(), moved) == []


@pytest.mark.parametrize(("fields", "field", "grade"), [
    ({"context_length": 8192}, "context_length", Grade.LAUNCH),
    ({"chat_template": "{{ messages }}"}, "chat_template", Grade.LAUNCH),
    ({"tool_parser": {"vLLM": "hermes"}}, "tool_parser", Grade.LAUNCH),
    ({"reasoning_parser": {"vLLM": "deepseek_r1"}}, "reasoning_parser", Grade.LAUNCH),
    ({"architectures": ["Qwen3ForCausalLM"]}, "architectures", Grade.LAUNCH),
    ({"abilities": ["chat", "tools"]}, "abilities", Grade.LAUNCH),
    ({"stop_token_ids": [2]}, "stop_token_ids", Grade.LAUNCH),
    ({"description": "Another text."}, "description", Grade.DOCS),
    ({"languages": ["en"]}, "languages", Grade.DOCS),
])
def test_a_changed_field_of_a_family(fields: dict[str, Any], field: str, grade: Grade) -> None:
    [change] = changes(family(), family(**fields))
    assert (change.kind, change.field, change.grade) == (Kind.FAMILY_CHANGED, field, grade)
    assert change.source == Source(file="families/demo.yaml", line=2)


def test_the_order_of_languages_is_no_change() -> None:
    assert changes(family(), family(languages=["zh", "en"])) == []


def test_a_new_family_is_one_change() -> None:
    [change] = changes(None, family())
    assert (change.kind, change.grade) == (Kind.FAMILY_ADDED, Grade.DOCS)
    assert change.new == ["1_8/ggufv2"]


def test_a_family_that_is_gone_is_one_change_of_the_gravest_grade() -> None:
    [change] = changes(family(), None)
    assert (change.kind, change.grade) == (Kind.FAMILY_REMOVED, Grade.REMOVED)
    assert "never deprecated" in change.note


def test_a_name_that_changed_only_its_case_is_gone() -> None:
    found = changes(family(), family(name="Demo"))
    assert brief(found) == [("family-removed", Grade.REMOVED, "demo"),
                            ("family-added", Grade.DOCS, "Demo")]
    assert "only in case" in found[0].note


def announced(**fields: str) -> Deprecation:
    values = {"since": "2026-01-01", "reason": "Old."}
    return Deprecation(**values | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("deprecated", "grade", "note"), [
    (announced(remove_after="2026-05-31"), Grade.LAUNCH, "deprecated since 2026-01-01"),
    (announced(remove_after="2026-06-01"), Grade.LAUNCH, "deprecated since 2026-01-01"),
    (announced(remove_after="2026-06-02"), Grade.REMOVED, "before its time"),
    (announced(), Grade.LAUNCH, "deprecated since 2026-01-01"),
    (announced(since="2026-07-01"), Grade.REMOVED, "before its time"),
    (announced(remove_after="2026-02-30"), Grade.REMOVED, "before its time"),
    (announced(renamed_to="nowhere"), Grade.REMOVED, "nowhere is not there either"),
])
@pytest.mark.parametrize("what", ["family", "quantization"])
def test_removing_what_was_deprecated(
    deprecated: Deprecation, grade: Grade, note: str, what: str,
) -> None:
    if what == "family":
        [change] = changes(family(deprecated=deprecated), None)
        assert change.kind is Kind.FAMILY_REMOVED
    else:
        old = spec(deprecated_quantizations={"Q8_0": deprecated})
        new = spec(quantizations=["Q4_K_M"])
        [change] = changes(family(specs=[old]), family(specs=[new]))
        assert change.kind is Kind.QUANTIZATION_REMOVED
        assert change.identity.words() == "demo/1_8/ggufv2/Q8_0"
    assert change.grade is grade
    assert note in change.note


def test_a_rename_is_honoured_and_compared_with_its_successor() -> None:
    old = family(deprecated=announced(renamed_to="demo2"))
    new = family(name="demo2", context_length=4096)
    assert brief(changes(old, new)) == [
        ("family-renamed", Grade.LAUNCH, "demo"), ("family-changed", Grade.LAUNCH, "demo2")]


def test_a_rename_to_a_family_that_was_there_before_does_not_mix_the_two() -> None:
    old = manifest(family(deprecated=announced(renamed_to="demo2")),
                   family(name="demo2", context_length=4096))
    new = manifest(family(name="demo2", context_length=4096))
    assert brief(compare(old, new, today=TODAY)) == [("family-renamed", Grade.LAUNCH, "demo")]


def test_a_renamed_quantization() -> None:
    old = spec(deprecated_quantizations={"Q8_0": announced(renamed_to="Q8_1")})
    new = spec(quantizations=["Q4_K_M", "Q8_1"])
    found = changes(family(specs=[old]), family(specs=[new]))
    assert brief(found) == [
        ("quantization-renamed", Grade.LAUNCH, "demo/1_8/ggufv2/Q8_0"),
        ("quantization-added", Grade.DOCS, "demo/1_8/ggufv2/Q8_1")]


@pytest.mark.parametrize(("old", "new", "kind"), [
    (None, announced(), Kind.DEPRECATED),
    (announced(), announced(remove_after="2027-01-01"), Kind.DEPRECATION_CHANGED),
    (announced(), None, Kind.DEPRECATION_LIFTED),
])
def test_an_announcement_is_text(
    old: Deprecation | None, new: Deprecation | None, kind: Kind,
) -> None:
    [change] = changes(family(deprecated=old), family(deprecated=new))
    assert (change.kind, change.grade) == (kind, Grade.DOCS)


@pytest.mark.parametrize(("fields", "words"), [
    ({}, "is deprecated since 2026-01-01: Old."),
    ({"renamed_to": "new"}, "is deprecated since 2026-01-01 in favour of new: Old."),
    ({"renamed_to": "new", "remove_after": "2027-01-01"},
     "is deprecated since 2026-01-01 in favour of new, may be removed after 2027-01-01: Old."),
])
def test_an_announcement_is_told_in_full(fields: dict[str, str], words: str) -> None:
    [change] = changes(family(), family(deprecated=announced(**fields)))
    assert change.what == words


def test_specs_are_matched_by_format_size_and_variant() -> None:
    one = spec(format="pytorch", quantizations=["none"])
    two = spec(variant="thinking")
    assert changes(family(specs=[spec(), one, two]), family(specs=[two, spec(), one])) == []


def test_a_spec_that_is_gone_and_one_that_is_new() -> None:
    found = changes(family(specs=[spec()]), family(specs=[spec(variant="thinking")]))
    assert brief(found) == [("spec-removed", Grade.REMOVED, "demo/1_8/ggufv2"),
                            ("spec-added", Grade.DOCS, "demo/1_8~thinking/ggufv2")]


def test_a_spec_may_go_when_each_of_its_quantizations_was_announced() -> None:
    both = {"Q4_K_M": announced(), "Q8_0": announced()}
    [change] = changes(family(specs=[spec(deprecated_quantizations=both)]), family(specs=[]))
    assert (change.kind, change.grade) == (Kind.SPEC_REMOVED, Grade.LAUNCH)
    one = {"Q4_K_M": announced()}
    [change] = changes(family(specs=[spec(deprecated_quantizations=one)]), family(specs=[]))
    assert change.grade is Grade.REMOVED
    assert "Q8_0: it was never deprecated" in change.note


def test_two_specs_of_one_identity_do_not_hide_each_other() -> None:
    twice = [spec(), spec(hubs=[hub(repo_id="org/other")])]
    assert changes(family(specs=twice), family(specs=twice)) == []
    [change] = changes(family(specs=twice), family(specs=twice[:1]))
    assert change.kind is Kind.SPEC_REMOVED


def test_the_first_quantization_is_the_default() -> None:
    [change] = changes(family(), family(specs=[spec(quantizations=["Q8_0", "Q4_K_M"])]))
    assert (change.kind, change.grade) == (Kind.DEFAULT_QUANTIZATION, Grade.LAUNCH)


def test_the_order_of_the_others_is_page_order() -> None:
    old, new = (spec(quantizations=names) for names in (["a", "b", "c"], ["a", "c", "b"]))
    [change] = changes(family(specs=[old]), family(specs=[new]))
    assert (change.kind, change.grade) == (Kind.QUANTIZATION_ORDER, Grade.DOCS)


def with_hubs(*hubs: Any) -> Family:
    return family(specs=[spec(hubs=list(hubs))])


@pytest.mark.parametrize(("fields", "field"), [
    ({"repo_id": "other/demo"}, "repo_id"),
    ({"revision": "0" * 40}, "revision"),
    ({"multimodal_projectors": ["mmproj-F16.gguf"]}, "multimodal_projectors"),
])
def test_a_changed_hub(fields: dict[str, Any], field: str) -> None:
    [change] = changes(with_hubs(hub()), with_hubs(hub(**fields)))
    assert (change.kind, change.field, change.grade) == (Kind.HUB_CHANGED, field, Grade.LAUNCH)
    assert change.identity.words() == "demo/1_8/ggufv2 on huggingface"


def test_a_template_that_gives_the_same_is_no_change() -> None:
    old, new = (family(specs=[spec(format="awq", quantizations=["Int4"], hubs=[
        hub(quantizations=["Int4"], repo_id=repo_id, file_template=None)])])
        for repo_id in ("org/demo-Int4", "org/demo-{quantization}"))
    assert changes(old, new) == []


def test_changed_files_are_told_for_each_quantization() -> None:
    found = changes(with_hubs(hub()), with_hubs(hub(file_template="d.{quantization}.gguf")))
    assert [(c.identity.quantization, c.field, c.old, c.new) for c in found] == [
        ("Q4_K_M", "files", ["demo-Q4_K_M.gguf"], ["d.Q4_K_M.gguf"]),
        ("Q8_0", "files", ["demo-Q8_0.gguf"], ["d.Q8_0.gguf"])]


def test_the_order_of_parts_decides_which_file_an_engine_is_given() -> None:
    one, other = (with_hubs(hub(split_file_template="d-{part}.gguf", split_parts={"Q8_0": parts}))
                  for parts in (["1", "2"], ["2", "1"]))
    [change] = changes(one, other)
    assert (change.old, change.new) == (["d-1.gguf", "d-2.gguf"], ["d-2.gguf", "d-1.gguf"])
    assert "another order" in change.note
    renamed = with_hubs(hub(split_file_template="e-{part}.gguf", split_parts={"Q8_0": ["1", "2"]}))
    assert changes(one, renamed)[0].note == ""


def test_a_repository_that_moved_for_some_is_told_for_these() -> None:
    one, other = (with_hubs(hub(repo_id=name, file_template=None)) for name in (
        "org/demo-Q4_K_M", "org/demo-{quantization}"))
    [change] = changes(one, other)
    assert (change.old, change.new, change.note) == (
        "org/demo-Q4_K_M", "org/demo-Q8_0", "for Q8_0")
    [change] = changes(one, with_hubs(hub(repo_id="org/other", file_template=None)))
    assert (change.old, change.new, change.note) == ("org/demo-Q4_K_M", "org/other", "")


def test_an_unsafe_file_name_in_an_old_catalogue_still_compares() -> None:
    found = changes(with_hubs(hub(file_template="../{quantization}")), with_hubs(hub()))
    assert {change.kind for change in found} == {Kind.HUB_CHANGED}


def test_hubs_added_and_removed() -> None:
    other = hub(hub="modelscope")
    assert brief(changes(with_hubs(hub()), with_hubs(hub(), other))) == [
        ("hub-added", Grade.DOCS, "demo/1_8/ggufv2 on modelscope")]
    assert brief(changes(with_hubs(hub(), other), with_hubs(hub()))) == [
        ("hub-removed", Grade.LAUNCH, "demo/1_8/ggufv2 on modelscope")]


def test_the_first_hub_is_the_one_that_launch_takes() -> None:
    other = hub(hub="modelscope")
    [change] = changes(with_hubs(hub(), other), with_hubs(other, hub()))
    assert (change.kind, change.grade) == (Kind.HUB_PREFERENCE, Grade.LAUNCH)
    found = changes(with_hubs(hub()), with_hubs(other, hub()))
    assert {c.kind for c in found} == {Kind.HUB_ADDED, Kind.HUB_PREFERENCE}
    some = hub(hub="modelscope", quantizations=["Q8_0"])
    [change] = changes(with_hubs(hub(), some), with_hubs(some, hub()))
    assert (change.old, change.new, change.note) == ("huggingface", "modelscope", "for Q8_0")


def test_a_quantization_that_one_hub_lost() -> None:
    found = changes(with_hubs(hub()), with_hubs(hub(quantizations=["Q4_K_M"])))
    assert brief(found) == [
        ("hub-quantization-removed", Grade.LAUNCH, "demo/1_8/ggufv2 on huggingface")]
    assert found[0].old == ["Q8_0"]
    [change] = changes(with_hubs(hub(quantizations=["Q4_K_M"])), with_hubs(hub()))
    assert (change.kind, change.grade, change.new) == (
        Kind.HUB_QUANTIZATION_ADDED, Grade.DOCS, ["Q8_0"])


def with_engines(*claims: EngineClaim) -> Family:
    return family(specs=[spec(engines=list(claims))])


def test_engines_of_a_spec() -> None:
    both = ["Q4_K_M", "Q8_0"]
    full = EngineClaim(engine="vLLM", quantizations=both)
    half = EngineClaim(engine="vLLM", quantizations=both[:1])
    refuted = EngineClaim(engine="vLLM", quantizations=both, refuted={"Q8_0": "MB302 no loader"})

    def only(old: Family, new: Family) -> tuple[str, Grade, str]:
        [found] = brief(changes(old, new))
        return found

    assert only(with_engines(full), with_engines()) == (
        "support-removed", Grade.LAUNCH, "demo/1_8/ggufv2 with vLLM")
    assert only(with_engines(), with_engines(full))[:2] == ("support-added", Grade.DOCS)
    assert only(with_engines(full), with_engines(half))[:2] == ("support-removed", Grade.LAUNCH)
    assert only(with_engines(full), with_engines(refuted)) == (
        "support-refuted", Grade.LAUNCH, "demo/1_8/ggufv2/Q8_0/vLLM")
    assert only(with_engines(refuted), with_engines(full))[:2] == (
        "support-no-longer-refuted", Grade.DOCS)


def test_a_quantization_that_goes_is_not_told_again_for_its_hubs_and_engines() -> None:
    found = changes(family(), family(specs=[spec(quantizations=["Q4_K_M"])]))
    assert brief(found) == [("quantization-removed", Grade.REMOVED, "demo/1_8/ggufv2/Q8_0")]


def engines(old: Any, new: Any) -> list[tuple[str, Grade, str]]:
    return brief(compare(manifest(engines=[old] if old else []),
                         manifest(engines=[new] if new else []), today=TODAY))


def test_engines_of_the_catalogue() -> None:
    assert engines(engine(), engine()) == []
    assert engines(engine(), None) == [("engine-removed", Grade.REMOVED, "engine vLLM")]
    assert engines(None, engine()) == [("engine-added", Grade.DOCS, "engine vLLM")]
    assert engines(engine(), engine(loads=[Loads(format="pytorch")])) == [
        ("engine-format-removed", Grade.LAUNCH, "engine vLLM, format awq")]
    assert engines(engine(), engine(loads=[Loads(format="awq", requires=["autoawq"]),
                                           Loads(format="pytorch")])) == [
        ("engine-format-changed", Grade.LAUNCH, "engine vLLM, format awq")]
    refusal = Refuses(format="awq", reason="It cannot.", quantizations=["Int8"])
    assert engines(engine(), engine(refuses=[refusal])) == [
        ("engine-format-changed", Grade.LAUNCH, "engine vLLM, format awq")]
    reworded = msgspec.structs.replace(refusal, reason="It can not yet.")
    assert engines(engine(refuses=[refusal]), engine(refuses=[reworded])) == [
        ("engine-format-changed", Grade.DOCS, "engine vLLM, format awq")]
    assert engines(engine(architectures={"A": "0.1", "B": "0.1"}),
                   engine(architectures={"A": "0.1", "C": "0.2"})) == [
        ("engine-changed", Grade.LAUNCH, "engine vLLM"),
        ("engine-changed", Grade.DOCS, "engine vLLM")]


def test_providers_of_an_engine() -> None:
    other = provider(name="vllm-cpu", accelerators=["cpu"])
    assert engines(engine(), engine(providers=[provider(), other])) == [
        ("provider-added", Grade.DOCS, "engine vLLM, provider vllm-cpu")]
    assert engines(engine(), engine(providers=[provider(requirements=["vllm==0.27.0"])])) == [
        ("provider-changed", Grade.LAUNCH, "engine vLLM, provider vllm")]
    assert engines(engine(providers=[provider(), other]),
                   engine(providers=[other, provider()])) == [
        ("default-provider-changed", Grade.LAUNCH, "engine vLLM")]


def test_formats_of_the_catalogue() -> None:
    def formats(old: Any, new: Any) -> list[tuple[str, Grade, str]]:
        return brief(compare(manifest(formats=old), manifest(formats=new), today=TODAY))

    assert formats([model_format()], []) == [("format-removed", Grade.REMOVED, "format awq")]
    assert formats([], [model_format()]) == [("format-added", Grade.DOCS, "format awq")]
    assert formats([model_format()], [model_format(layout="file")]) == [
        ("format-changed", Grade.LAUNCH, "format awq")]
    assert formats([model_format()], [model_format(title="A.W.Q.")]) == [
        ("format-changed", Grade.DOCS, "format awq")]


def test_the_gravest_come_first() -> None:
    old = manifest(family(), family(name="gone"))
    new = manifest(family(description="New.", context_length=1024))
    grades = [change.grade for change in compare(old, new, today=TODAY)]
    assert grades == [Grade.REMOVED, Grade.LAUNCH, Grade.DOCS]


def test_a_hostile_value_stays_on_its_line_and_is_no_markup() -> None:
    [change] = changes(family(), family(description="a`b ``` <img src=x>\n# head @team"))
    line = change.explain("markdown")
    assert "\n" not in line
    assert "````" in line  # a fence longer than any run inside
    [change] = changes(None, family(name="*x*_<b>@team\n#1"))
    assert "\n" not in change.explain("markdown")
    assert "\n" not in change.explain("text")


def test_long_texts_show_where_they_differ() -> None:
    [change] = changes(family(description="x" * 900 + "old"), family(description="x" * 900 + "new"))
    line = change.explain()
    assert "old" in line
    assert "new" in line
    assert len(line) < 400
