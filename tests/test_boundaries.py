"""Who may import whom: `runtime` stands alone, and both programs start light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: The parts of `runtime` that are shared with the compiler.
SHARED = {"errors", "naming", "manifest", "files", "support", "facts", "records", "combination",
          "command", "memory", "hubs", "lockfile", "layout", "gguf", "safetensors", "parallel",
          "index", "program", "entry", "fit", "storage"}
RUNTIME = sorted((ROOT / "runtime").rglob("*.py"))
COMPILER = sorted((ROOT / "compiler").rglob("*.py"))
#: What costs more to import than a program may take to start.
HEAVY = {"huggingface_hub", "rich", "psutil", "jinja2", "httpx", "requests", "sphinx", "docutils",
         "jsonschema", "asyncio", "platformdirs", "starlette", "uvicorn", "torch", "transformers"}
NOT_AT_START = {*HEAVY, "yaml", "jsonschema_rs", "msgspec"}


def imports(path: Path, *, top_level: bool = False) -> Iterator[str]:
    """Every absolute module name that a file imports; with `top_level`, outside of functions."""
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"), str(path))]
    while todo:
        node = todo.pop()
        if top_level and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo += node.orelse if top_level else [*node.body, *node.orelse]
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            yield base
            # `from runtime import naming` names a module too.
            yield from (f"{base}.{alias.name}" for alias in node.names)
        todo += list(ast.iter_child_nodes(node))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", RUNTIME, ids=name)
def test_runtime_never_imports_the_compiler_yaml_or_templates(path: Path) -> None:
    for module in imports(path):
        assert module.split(".")[0] not in {"compiler", "yaml", "jinja2"}, module


@pytest.mark.parametrize("path", COMPILER, ids=name)
def test_the_compiler_imports_only_the_shared_parts_of_the_runtime(path: Path) -> None:
    for module in imports(path):
        package, _, rest = module.partition(".")
        if package == "runtime" and rest and not rest.startswith("__version__"):
            assert rest.split(".")[0] in SHARED, module


@pytest.mark.parametrize("path", RUNTIME, ids=name)
def test_runtime_imports_nothing_heavy_at_the_top(path: Path) -> None:
    for module in imports(path, top_level=True):
        assert module.split(".")[0] not in HEAVY, module


def loaded(code: str) -> set[str]:
    """Names of the top-level packages that a fresh interpreter holds after running `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"], cwd=ROOT,
        capture_output=True, text=True, check=True)
    return {line.split(".")[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("program", ["runtime", "compiler"])
def test_a_program_starts_with_nothing_but_its_frame(program: str) -> None:
    assert not loaded(f"import {program}.cli") & NOT_AT_START


@pytest.mark.parametrize("verb", ["list", "show"])
def test_looking_things_up_loads_no_client_and_no_engine(verb: str) -> None:
    modules = loaded(f"import runtime.commands.{verb}")
    assert not modules & (HEAVY | {"yaml", "jsonschema_rs", "compiler"})


def test_a_check_loads_what_it_needs_and_no_more() -> None:
    code = "from compiler.cli import main\nimport contextlib, io\n" \
        "with contextlib.redirect_stdout(io.StringIO()):\n" \
        "    main(['check', 'specs/families/seed-oss.yaml'])"
    assert not loaded(code) & HEAVY


def test_a_check_where_nothing_changed_loads_neither_parser_nor_validator(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELBOOK_CACHE", str(tmp_path))
    code = "from compiler.cli import main\nmain(['check', '--format', 'github', '--no-info'])"
    assert loaded(code) >= {"yaml", "jsonschema_rs"}
    assert not loaded(code) & (HEAVY | {"yaml", "jsonschema_rs"})


def test_the_walk_sees_what_it_should(tmp_path: Path) -> None:
    source = tmp_path / "x.py"
    source.write_text("import a.b\nfrom c import d\ndef f():\n    import e\n"
                      "if TYPE_CHECKING:\n    import g\n", encoding="utf-8")
    assert set(imports(source)) == {"a.b", "c", "c.d", "e", "g"}
    assert set(imports(source, top_level=True)) == {"a.b", "c", "c.d"}
