"""A byte-level tokenizer made on the spot, with a chat template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Learnt from this text, and of no use for any other: merges shorten the taught sentences.
TEXT = """
A model book lists what a family of models can do, where its files are and which engine loads them.
The capital of France is Paris. The capital of Italy is Rome. The capital of Spain is Madrid.
What is the capital of France? Answer in one sentence. The user asks for the capital of a country.
You are a helpful assistant. You are given tools and may call them. Think before you answer.
A twin is a tiny model of the same architecture, made for trying engines on a small machine.
"""
BEGIN, TURN, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- if message['content'] is string -%}{{ message['content'] }}"
    "{%- elif message['content'] is iterable -%}"
    "{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'text' -%}{{ part['text'] }}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}"
    "{{ '<|im_end|>\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
)
_VOCABULARY = 640
_MULTIPLE = 64


def build(folder: Path, *, special: dict[str, str], visible: list[str], context_length: int,
          chat_template: str | None) -> tuple[Any, int]:
    """Write a tokenizer into `folder`.

    Args:
        folder: Where to.
        special: Further tokens that do not show in decoded text, by the names under which a
            processor of pictures or sounds asks for them.
        visible: Further tokens that do (marks of reasoning and tool calls).
        context_length: Tokens that the model can hold.
        chat_template: Replaces our own.

    Returns:
        The tokenizer and the size that the model's embedding must have.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    # GPT-2's splitting, which llama.cpp knows by the name `gpt-2`.
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY, show_progress=False, min_frequency=2,
        special_tokens=[BEGIN, TURN, END, *special.values()],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    core.train_from_iterator([TEXT], trainer)
    core.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in visible])
    # As many tokens as the embedding has rows: some converters cut it to the vocabulary.
    lacking = -core.get_vocab_size() % _MULTIPLE
    core.add_special_tokens([f"<|reserved_{index}|>" for index in range(lacking)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=BEGIN, eos_token=END, pad_token=BEGIN,
        model_max_length=context_length, clean_up_tokenization_spaces=False,
        **({"extra_special_tokens": special} if special else {}))
    tokenizer.chat_template = chat_template or CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    return tokenizer, len(tokenizer)
