"""A minimal client of the OpenAI API, and the judgement of what a model answered.

Standard library only: it runs while a launch waits, and must not slow that down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from runtime.errors import seconds

#: Asked by `verify` and by the demo: even a tiny model knows it, and the answer can be checked.
QUESTION = "What is the capital of France? Answer in one sentence."
#: What a base model, which has no chat template, continues.
PROMPT = "The capital of France is"

_LARGEST_ANSWER = 4 << 20


class ProbeError(Exception):
    """A request that was not answered as it should be.

    Attributes:
        status: HTTP status, 0 where there was no HTTP answer at all.
        text: The server's own words, shortened.
    """

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(f"HTTP {status}: {text}" if status else text)

    @property
    def passing(self) -> bool:
        """Whether the server may yet come up: refused, or 503 while the model loads."""
        return self.status in (0, 425, 429, 502, 503, 504)

    @property
    def no_chat_template(self) -> bool:
        """Whether the model cannot chat for lack of a template, as base models do."""
        return self.status in (400, 404, 422, 500) and "chat template" in self.text.lower()


class Answer(msgspec.Struct, frozen=True):
    """What a model answered.

    Attributes:
        text: The answer proper.
        reasoning: Reasoning that the server set apart from it.
        finish_reason: Why it ended (`stop`, `length` …).
        completion_tokens: Tokens that it generated, where the server says.
        model: The model name that the server reports.
        via: `chat` or `completions`.
    """

    text: str
    reasoning: str = ""
    finish_reason: str = ""
    completion_tokens: int | None = None
    model: str = ""
    via: str = "chat"

    @property
    def fault(self) -> str:
        """Why this is not an answer; empty when it is one."""
        return garbage(self.text) if self.text.strip() or not self.reasoning.strip() else garbage(
            self.reasoning)


def garbage(text: str) -> str:
    """Why `text` cannot be what a working model says; empty for a plausible answer.

    A short answer (`4`, `Paris`) is plausible. Nothing, replacement characters, no letter or digit
    at all, and the same thing over and over are not.
    """
    stripped = text.strip()[:2000]
    if not any(char.isprintable() for char in stripped.replace(" ", "")):
        return "the answer is empty"
    replaced = stripped.count("\ufffd")
    if replaced == len(stripped) or (replaced >= 3 and replaced * 5 >= len(stripped)):
        return "the answer consists of undecodable bytes"
    if len(stripped) >= 8 and len(set(stripped)) == 1:
        return f"the answer repeats {stripped[0]!r}"
    if len(stripped) >= 4 and not any(char.isalnum() for char in stripped):
        # A lone emoji or `?` may be an answer; a run of punctuation is not.
        return "the answer holds no letter or digit"
    words = stripped.split()
    if len(words) >= 12 and len(set(words)) == 1:
        return f"the answer repeats {words[0]!r}"
    if match := re.fullmatch(r"(.{1,24}?)\1{11,}.{0,24}", stripped, re.DOTALL):
        return f"the answer repeats {match[1]!r}"
    return ""


class Client:
    """Requests to one server.

    Args:
        host: Address as the server listens on; a wildcard address is reached by loopback.
        port: TCP port.
        model: Model name for requests.
        api_key: Key, if the server asks for one.
    """

    def __init__(self, host: str, port: int, model: str, api_key: str | None = None) -> None:
        self._host = reachable(host)
        self._port = port
        self._model = model
        self._headers = {"Content-Type": "application/json"}
        if api_key is not None:
            self._headers["Authorization"] = f"Bearer {api_key}"

    def status(self, path: str, timeout: float) -> int:
        """HTTP status of a GET; 0 when nobody answers."""
        try:
            return self._request("GET", path, None, timeout)[0]
        except ProbeError as error:
            return error.status

    def models(self, timeout: float) -> list[str]:
        """Names that `/v1/models` lists.

        Raises:
            ProbeError: It does not answer as it should.
        """
        listing = self._json("GET", "/v1/models", None, timeout).get("data")
        return [str(entry.get("id", "")) for entry in listing or () if isinstance(entry, dict)]

    def chat(self, question: str, *, max_tokens: int, timeout: float) -> Answer:
        """One chat turn at temperature 0.

        Raises:
            ProbeError: It does not answer as it should.
        """
        reply, choice, message = self._chat(question, max_tokens, timeout, {})
        return Answer(
            text=_text(message.get("content")),
            reasoning=_text(message.get("reasoning_content")) or _text(message.get("reasoning")),
            finish_reason=_text(choice.get("finish_reason")),
            completion_tokens=_tokens(reply), model=_text(reply.get("model")))

    def message(self, question: str, *, max_tokens: int, timeout: float,
                tools: Sequence[Mapping[str, object]] = ()) -> dict[str, Any]:
        """One chat turn's message as the server gives it, for who looks at tool calls.

        Raises:
            ProbeError: It does not answer as it should.
        """
        more = {"tools": list(tools), "tool_choice": "auto"} if tools else {}
        return self._chat(question, max_tokens, timeout, more)[2]

    def _chat(self, question: str, max_tokens: int, timeout: float, more: Mapping[str, object],
              ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        reply = self._json("POST", "/v1/chat/completions", {
            "model": self._model, "max_tokens": max_tokens, "temperature": 0,
            "messages": [{"role": "user", "content": question}], **more}, timeout)
        choice = _first_choice(reply)
        message = choice.get("message")
        if not isinstance(message, dict):
            raise ProbeError(200, "the reply holds no message")
        return reply, choice, message

    def complete(self, prompt: str, *, max_tokens: int, timeout: float) -> Answer:
        """Continue `prompt` at temperature 0.

        Raises:
            ProbeError: It does not answer as it should.
        """
        reply = self._json("POST", "/v1/completions", {
            "model": self._model, "max_tokens": max_tokens, "temperature": 0, "prompt": prompt},
            timeout)
        choice = _first_choice(reply)
        return Answer(text=_text(choice.get("text")), via="completions",
                      finish_reason=_text(choice.get("finish_reason")),
                      completion_tokens=_tokens(reply), model=_text(reply.get("model")))

    def ask(self, *, chat: bool, max_tokens: int, timeout: float) -> Answer:
        """The standard question, by chat, or by completion for a model that does not chat.

        A chat model whose template is missing is asked by completion too: it is the template that
        is absent then, the model does work.

        Raises:
            ProbeError: It does not answer as it should.
        """
        if chat:
            try:
                return self.chat(QUESTION, max_tokens=max_tokens, timeout=timeout)
            except ProbeError as error:
                if not error.no_chat_template:
                    raise
        return self.complete(PROMPT, max_tokens=max_tokens, timeout=timeout)

    def _json(self, method: str, path: str, body: Mapping[str, object] | None, timeout: float,
              ) -> dict[str, Any]:
        status, data = self._request(method, path, body, timeout)
        try:
            reply = json.loads(data)
        except (ValueError, RecursionError):
            reply = None
        if status != 200:
            raise ProbeError(status, _server_words(reply, data))
        if not isinstance(reply, dict):
            raise ProbeError(status, f"the reply is not a JSON object: {_short(data)!r}")
        if "error" in reply:  # some servers say 200 and put the error into the body
            raise ProbeError(500, _server_words(reply, data))
        return reply

    def _request(self, method: str, path: str, body: Mapping[str, object] | None, timeout: float,
                 ) -> tuple[int, bytes]:
        import http.client  # slow to import, and an engine is loading by now

        connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               self._headers)
            response = connection.getresponse()
            return response.status, response.read(_LARGEST_ANSWER)
        except TimeoutError:
            raise ProbeError(0, f"no answer within {seconds(timeout)}") from None
        except (OSError, http.client.HTTPException) as error:
            raise ProbeError(0, str(error) or type(error).__name__) from None
        finally:
            connection.close()


def reachable(host: str) -> str:
    """The address at which a server that listens on `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1", "*": "127.0.0.1"}.get(host, host)  # noqa: S104


def base_url(host: str, port: int) -> str:
    """The server's OpenAI base URL."""
    name = reachable(host)
    return f"http://[{name}]:{port}/v1" if ":" in name else f"http://{name}:{port}/v1"


def _first_choice(reply: Mapping[str, Any]) -> dict[str, Any]:
    choices = reply.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    raise ProbeError(200, "the reply holds no choices")


def _tokens(reply: Mapping[str, Any]) -> int | None:
    usage = reply.get("usage")
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return count if isinstance(count, int) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _server_words(reply: object, data: bytes) -> str:
    """The message inside the usual shapes of an error body."""
    found = reply
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and key in found:
            found = found[key]
    return _short(found.encode() if isinstance(found, str) else data)


def _short(data: bytes) -> str:
    text = " ".join(data.decode("utf-8", "replace").split())
    return text if len(text) <= 300 else text[:299] + "…"
