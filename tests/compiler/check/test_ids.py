"""What names say of sizes, bits, formats and models, and what they do not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from compiler.check.ids import (
    same_model,
    stated_activated,
    stated_bits,
    stated_formats,
    stated_sizes,
)
from compiler.check.patterns import overlap


@pytest.mark.parametrize(("name", "size"), [
    ("Seed-OSS-36B-Instruct", "36"),
    ("SmolLM2-135M-Instruct", "0.135"),
    ("SmolLM2-135M-Instruct", "0.14"),
    ("Qwen2.5-0.5B", "0.5"),
    ("qwen1_5-0_5b-chat-{quantization}.gguf", "0.5"),
    ("internlm2_5_7b_chat", "7"),
    ("internlm2_5_7b_chat", "5.7"),
    ("Mixtral-8x7B-v0.1", "46.7"),
    ("Mixtral-8x22B-v0.1", "141"),
    ("SmolLM2-1.7B", "2"),
    ("Qwen3-30B-A3B", "30.5"),
    ("Qwen3-235B-A22B", "235"),
    ("llama-2-7b-chat", "7"),
    ("glm-4-9b-chat-1m", "9"),
    ("Qwen2.5-14B-Instruct-1M", "14"),
    ("Ling-1T", "1000"),
    ("demo-{quantization}-7B", "7"),
    ("demo-13B-of-7B", "7"),
])
def test_sizes_that_fit(name: str, size: str) -> None:
    assert any(stated.fits(Decimal(size)) for stated in stated_sizes(name))


@pytest.mark.parametrize(("name", "size"), [
    ("demo-7B", "8"),
    ("demo-7B", "70"),
    ("demo-1.5B", "1"),
    ("demo-0.5B", "1"),
    ("demo-8x7B", "7"),
    ("demo-8x7B", "70"),
    ("ERNIE-4.5-0.3B", "300"),
    ("demo-135M", "135"),
    ("demo-9b-0414", "32"),
    ("Qwen3-30B-A3B", "3"),
])
def test_sizes_that_contradict(name: str, size: str) -> None:
    stated = stated_sizes(name)
    assert stated
    assert not any(item.fits(Decimal(size)) for item in stated)


def test_a_number_of_experts_makes_it_the_activated_size() -> None:
    name = "Llama-4-Scout-17B-16E-Instruct"
    assert stated_sizes(name) == []
    assert [item.low for item in stated_activated(name)] == [Decimal(17)]


def test_the_letter_alone_makes_no_experts() -> None:
    assert [item.text for item in stated_sizes("demo-17B-16Edition")] == ["17B"]
    assert stated_activated("demo-17B-16Edition") == []


@pytest.mark.parametrize("name", [
    "Qwen2.5", "Mistral-v1.5", "demo-128K", "demo-1M", "demo-4bit", "gemma-3n-E2B", "demo-A3B",
    "Kimi-K2", "demo-2407", "demo-Q4_K_M", "demo7Bx", "GLM-4.5", "MiniCPM-V-2_6", "",
])
def test_names_that_state_no_size(name: str) -> None:
    assert not stated_sizes(name)


def test_activated_sizes() -> None:
    assert [item.text for item in stated_activated("Qwen3-30B-A3B-2507")] == ["A3B"]
    assert [item.text for item in stated_activated("qwen1.5-moe-a2.7b-chat")] == ["a2.7b"]
    assert not stated_activated("Baichuan-A-3B")


@pytest.mark.parametrize(("name", "bits"), [
    ("demo-GPTQ-Int4", {4}), ("demo-8bit", {8}), ("demo-4-bit", {4}), ("demo-w4a16", {4}),
    ("demo-Int4-8bit", {4, 8}), ("demo-1.58bit", set()), ("printer-4", set()),
    ("demo-{quantization}", set()),
])
def test_bits(name: str, bits: set[int]) -> None:
    assert set(stated_bits(name)) == bits


def test_formats_are_words_of_the_repository_not_of_the_organisation() -> None:
    assert stated_formats("org/demo-7B-GPTQ-Int4") == {"gptq": "gptq"}
    assert stated_formats("mlx-community/demo-7B") == {}
    assert stated_formats("org/awqward-7B") == {}


@pytest.mark.parametrize(("first", "second"), [
    ("Baichuan2-7B-Base", "baichuan2_7b_base"),
    ("DeepSeek-R1-Distill-Llama-8B-{quantization}", "DeepSeek-R1-Distill-Llama-8B-MLX-8bit"),
    ("CodeLlama-7B-fp16", "CodeLlama-7b-hf"),
    ("Meta-Llama-3.1-8B", "Llama-3.1-8B"),
    ("demo_1.5", "demo-1_5"),
])
def test_same_model(first: str, second: str) -> None:
    assert same_model(first, second)


@pytest.mark.parametrize(("first", "second"), [
    ("demo-7B-chat", "demo-7B-base"), ("demo-7B", "demo-14B"), ("demo-7B", "demo-7B-Instruct"),
    ("codestral-22B", "Mistral-7B"), ("demo-v1", "demo-v2"),
])
def test_different_models(first: str, second: str) -> None:
    assert not same_model(first, second)


@pytest.mark.parametrize(("first", "second", "expected"), [
    ("*4*", "Int[2348]", True), ("*5*", "Int[2348]", False), ("q4_*", "Int4", False),
    ("[2-8]bit", "4bit", True), ("[!2-8]bit", "4bit", False), ("", "", True), ("*", "", True),
    ("?", "", False), ("a*c", "*b*", True), ("a*c", "b*", False), ("UD-*", "*_XL", True),
])
def test_patterns_meet(first: str, second: str, expected: bool) -> None:
    assert overlap(first, second) is expected
    assert overlap(second, first) is expected
