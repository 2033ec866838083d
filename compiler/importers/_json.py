"""Strict reading of foreign JSON: every complaint names the place, as `$[3].model_specs[0]`."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from runtime.errors import UserError

#: Largest catalogue that is read, in bytes; the biggest known one has 1.2 MB.
MAX_BYTES = 256 * 1024 * 1024

T = TypeVar("T")
_WORDS = {str: "text", int: "a whole number", list: "a list", dict: "an object",
          bool: "true or false", float: "a number", type(None): "null"}


def refuse(file: str, path: str, message: str, *, why: str = "", hint: str = "") -> NoReturn:
    """Say what is wrong at a place of a file."""
    raise UserError(f"{file}: {path}: {message}", code="import-invalid", why=why, hint=hint,
                    details={"file": file, "path": path})


def read(data: bytes, file: str) -> Any:
    """The JSON value in `data`.

    Raises:
        UserError: It is not UTF-8 JSON, has an object with the same key twice or a number such as
            NaN, or is too large or too deep.
    """
    if len(data) > MAX_BYTES:
        refuse(file, "$", f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(file, "$", f"byte {error.start + 1} is not UTF-8")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
    except json.JSONDecodeError as error:
        refuse(file, f"line {error.lineno}, column {error.colno}",
               f"not JSON: {error.msg[0].lower()}{error.msg[1:]}")
    except RecursionError:
        refuse(file, "$", "values are nested too deep")
    except ValueError as error:
        refuse(file, "$", str(error))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        # JSON readers keep one of the two silently; which one was meant nobody can know.
        raise ValueError(f"an object has the key {twice!r} twice; delete one")
    return out


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


class Place:
    """A value with the place where it stands, for errors."""

    __slots__ = ("file", "path", "value")

    def __init__(self, value: Any, file: str, path: str = "$") -> None:
        self.value = value
        self.file = file
        self.path = path

    def refuse(self, message: str, *, why: str = "", hint: str = "") -> NoReturn:
        """Say what is wrong with this value."""
        refuse(self.file, self.path, message, why=why, hint=hint)

    def expect(self, kind: type[T]) -> T:
        """The value, which must be of that JSON type."""
        if not isinstance(self.value, kind) or (isinstance(self.value, bool) and kind is not bool):
            self.refuse(f"expected {_WORDS[kind]}, got {_WORDS[type(self.value)]}")
        return self.value

    def field(self, key: str) -> Place:
        """A field that must be there."""
        value = self.expect(dict)
        if key not in value:
            self.refuse(f"the field {key!r} is missing")
        return Place(value[key], self.file, f"{self.path}.{key}")

    def items(self) -> list[Place]:
        """The items of the list that this must be."""
        return [Place(item, self.file, f"{self.path}[{number}]")
                for number, item in enumerate(self.expect(list))]

    def texts(self) -> list[str]:
        """The texts of the list of texts that this must be."""
        return [item.expect(str) for item in self.items()]
