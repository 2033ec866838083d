"""Ways in which a spec file gets damaged, by accident and on purpose."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]
SEEDS = [path.read_bytes() for path in sorted((ROOT / "specs").rglob("*.yaml"))
         if path.stat().st_size < 20_000]
INDICATORS = [
    b"- ", b"? ", b": ", b":", b", ", b"[", b"]", b"{", b"}", b"#", b" #", b"&a ", b"*a ", b"!t ",
    b"!!str ", b"| ", b"|\n", b">-\n", b"'", b'"', b"%", b"@", b"`", b"---\n", b"...\n", b"<<: ",
    b"\t", b"\r", b"\r\n", b"\n", b"\x00", b"\x1b", b"\xef\xbb\xbf", b"\xff", b"\xe2\x80\xa8",
    b"\xc2\x85", b"~", b"null", b"true", b"1_8", b"1.0", b"9" * 400, b"{{x}}", b"{quantization}",
    b"\\", b'"\\ud800"', "千问🚀".encode(), b"%YAML 1.2\n", b"  ", b"modelbook: ignore[MB203]",
    b"# modelbook: ignore[MB203] x", b"# modelbook: ", b"=", b"-", b"?",
]
NESTING = [b"[", b"{", b"- ", b"? ", b"{a: ", b"[[", b"- - ", b"!t [", b"&a [", b"a:\n "]
_BOMB = b"".join(
    b"%c: &%c [%s]\n" % (97 + i, 97 + i, b",".join([b"*%c" % (96 + i) if i else b"x"] * 9))
    for i in range(9))


@st.composite
def _edit(draw: st.DrawFn, data: bytes) -> bytes:
    """One change at one place."""
    kind = draw(st.sampled_from((
        "flip", "delete", "insert", "swap", "truncate", "repeat", "nest", "bomb", "indent",
        "replace", "dedent")))
    at = draw(st.integers(0, len(data)))
    if kind == "flip" and at < len(data):
        return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1:]
    if kind == "delete":
        return data[:at] + data[at + draw(st.integers(1, 40)):]
    if kind == "insert":
        return data[:at] + draw(st.sampled_from(INDICATORS)) + data[at:]
    if kind == "replace":
        return data[:at] + draw(st.sampled_from(INDICATORS)) + data[at + draw(st.integers(1, 8)):]
    if kind == "truncate":
        return data[:at]
    if kind == "nest":
        return data[:at] + draw(st.sampled_from(NESTING)) * draw(st.integers(1, 3000)) + data[at:]
    if kind == "bomb":
        return _BOMB + data[at:]
    lines = data.split(b"\n")
    one, two = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    if kind == "swap":
        lines[one], lines[two] = lines[two], lines[one]
    elif kind == "repeat":
        lines[one:one + 1] = [lines[one]] * draw(st.integers(2, 40))
    elif kind == "indent":
        lines[one] = draw(st.sampled_from((b" ", b"  ", b"\t", b"    "))) + lines[one]
    elif kind == "dedent":
        lines[one] = lines[one][1:]
    return b"\n".join(lines)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid spec with one to five changes."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 5))):
        data = draw(_edit(data))
    return data
