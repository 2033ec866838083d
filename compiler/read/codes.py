"""The codes of the YAML reader, with what `compiler explain` says about each."""

from __future__ import annotations

ENCODING = "MB001"
TOO_LARGE = "MB002"
CHARACTER = "MB003"
BYTE_ORDER_MARK = "MB004"
TAB = "MB005"
SYNTAX = "MB006"
DUPLICATE_KEY = "MB007"
KEY_NOT_TEXT = "MB008"
SEVERAL_DOCUMENTS = "MB009"
ANCHOR = "MB010"
MERGE_KEY = "MB011"
TAG = "MB012"
COMPLEX_KEY = "MB013"
TOO_DEEP = "MB014"
DIRECTIVE = "MB015"
EMPTY = "MB016"
UNREADABLE = "MB017"
FILE_NAME = "MB018"
OUTSIDE_FOLDER = "MB019"
ORDER_UNKNOWN = "MB020"

EXPLANATIONS: dict[str, str] = {
    ENCODING: """The file is not UTF-8.

Specs are UTF-8 text, so that every tool reads the same characters. The position is that of the
first byte that does not fit. Save the file as UTF-8; a byte order mark at its very start is fine.
""",
    TOO_LARGE: """The file is larger than a spec can sensibly be.

The limits (1 MiB, 20 000 values) keep the time and memory of a check bounded whatever a pull
request brings. Split the family, or take out what does not belong into it.
""",
    CHARACTER: """The file holds a control character or an invisible one.

NUL, escape, a lone carriage return, U+0085, U+2028, U+2029 and the characters that switch the
direction of text are invisible in a review and end lines or text unexpectedly. Delete them; where
one is really meant, write its escape in double quotes, such as `"\\u2028"`.
""",
    BYTE_ORDER_MARK: """U+FEFF stands somewhere else than at the start of the file.

The byte order mark is invisible, and inside the file it becomes part of a key or value: `name` with
one in front of it is another key. It usually comes from joining two files. Delete it.
""",
    TAB: """The file holds a tab.

YAML forbids tabs in indentation, and elsewhere they look like spaces. Use spaces; inside text write
`\\t` in double quotes.
""",
    SYNTAX: """The file is not YAML.

The message says what the parser stumbled over and the usual reason for it. A syntax error ends the
reading of a file, so that further errors below it show only when it is put right.
""",
    DUPLICATE_KEY: """A mapping has the same key twice.

Most YAML readers silently keep the last one. Merge the two values, or delete one of them.
""",
    KEY_NOT_TEXT: """A key is a number, a boolean or nothing.

Keys are text. Quote the key: `"4": …`.
""",
    SEVERAL_DOCUMENTS: """The file holds more than one YAML document.

A file is one family, engine or list of formats; what follows a second `---` would go unread. Move
it into a file of its own.
""",
    ANCHOR: """The file uses an anchor (`&name`) or an alias (`*name`).

A reviewer should see each value where it stands, and a few nested aliases can stand for billions of
values. Write the value out. Text that begins with `&` or `*` needs quotes.
""",
    MERGE_KEY: """The file uses the merge key `<<`.

Write the keys out where they belong; see MB010 for the reason.
""",
    TAG: """A value carries a tag such as `!!str` or `!name`.

Tags change what a value means, and some loaders run code for them. Quote the value where text is
meant; text that begins with `!` needs quotes too.
""",
    COMPLEX_KEY: """A key is itself a list or a mapping.

Keys are text. Mostly this is a value that begins with `{` or `[` and lacks its quotes, such as
`{{ name }}`.
""",
    TOO_DEEP: """Values are nested deeper than a spec ever is.

No spec needs more than 32 levels; the limit keeps a check's time and memory bounded.
""",
    DIRECTIVE: """The file begins with a YAML directive (`%YAML`, `%TAG`).

The spec language needs none. Delete the line.
""",
    EMPTY: """The file holds nothing, or only comments.

Write the spec, or delete the file; `compiler new NAME` writes a skeleton.
""",
    UNREADABLE: """The file cannot be read.

It is no regular file, or the system refused to open it; the message says which.
""",
    FILE_NAME: """A YAML file lies where it would be ignored.

Specs are `specs/families/*.yaml`, `specs/engines/*.yaml` and `specs/formats.yaml`. A file that ends
in `.yml` or lies in a folder below those is not read: rename or move it.
""",
    OUTSIDE_FOLDER: """A symbolic link leads out of the specs folder.

What a check reads must be part of the change under review. Replace the link by the file.
""",
    ORDER_UNKNOWN: """`catalogue.yaml` names a family that is not there.

The file only puts families in order, for exported catalogues. After a family was removed or
renamed, its line is left over: delete or correct it.
""",
}
