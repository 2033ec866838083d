"""Teaches a twin one sentence, so that its answer tells whether an engine computes rightly.

Random weights answer with noise, which no one can tell from the noise of a broken kernel or of a
wrongly read file. A few seconds of training make a tiny model say one known sentence; the weights
are disturbed at every step, so that the sentence survives coarse quantization.
"""

from __future__ import annotations

from typing import Any

_STEPS = 400
_RATE = 2e-3
#: Standard deviation of the disturbance, relative to that of the weight.
_NOISE = 0.35
_GOOD, _IN_A_ROW = 0.03, 20


def sequences(tokenizer: Any, lessons: list[dict[str, str]]) -> list[tuple[list[int], list[int]]]:
    """Prompt and answer of each lesson, as token ids; an answer ends with the end token."""
    out = []
    for lesson in lessons:
        if "question" in lesson:
            text = tokenizer.apply_chat_template(
                [{"role": "user", "content": lesson["question"]}], tokenize=False,
                add_generation_prompt=True)
        else:
            text = lesson["prompt"]
        prompt = tokenizer.encode(text, add_special_tokens=False)
        answer = tokenizer.encode(lesson["answer"], add_special_tokens=False)
        out.append((prompt, [*answer, tokenizer.eos_token_id]))
    return out


def teach(model: Any, lessons: list[tuple[list[int], list[int]]], seed: int) -> int:
    """Train `model` in place; returns the number of steps."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=_RATE, weight_decay=0.0)
    good = steps = 0
    while steps < _STEPS and good < _IN_A_ROW:
        steps += 1
        noise = [torch.randn(p.shape, generator=draw) * (float(p.detach().std()) * _NOISE)
                 if p.dim() > 1 else None for p in weights]
        _add(weights, noise, 1.0)
        loss = sum(_loss(model, prompt, answer) for prompt, answer in lessons) / len(lessons)
        optimizer.zero_grad()
        loss.backward()
        _add(weights, noise, -1.0)
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        good = good + 1 if float(loss.detach()) < _GOOD else 0
    return steps


def _add(weights: list[Any], noise: list[Any], sign: float) -> None:
    import torch

    with torch.no_grad():
        for weight, each in zip(weights, noise, strict=True):
            if each is not None:
                weight.add_(each, alpha=sign)


def _loss(model: Any, prompt: list[int], answer: list[int]) -> Any:
    import torch

    ids = torch.tensor([prompt + answer])
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
    begin = len(prompt) - 1
    return torch.nn.functional.cross_entropy(logits[0, begin:-1].float(), ids[0, len(prompt):])


def knows(model: Any, lessons: list[tuple[list[int], list[int]]]) -> bool:
    """Whether the most probable continuation of each prompt is its answer."""
    import torch

    with torch.no_grad():
        for prompt, answer in lessons:
            ids = torch.tensor([prompt + answer])
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids),
                           use_cache=False).logits
            if logits[0, len(prompt) - 1:-1].argmax(-1).tolist() != answer:
                return False
    return True
