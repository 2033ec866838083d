"""The command builder in Chromium: its commands, addresses, keyboard, phones, hostile text."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
import pytest
from sphinx.locale import init

from compiler.sphinx.choices import Choice, choices
from compiler.sphinx.records import Site
from runtime.cli import main
from runtime.manifest import Family, Manifest, encode
from runtime.memory import estimate_by_name, human
from tests.compiler.sphinx.test_family_pages import HOSTILE, MANIFEST, some_records
from tests.support.browser import accessibility_faults, served, shot, tab
from tests.support.catalogue import claim, family, hub, spec
from tests.support.project import ROOT
from tests.support.specs import shipped_manifest
from tests.support.sphinx_project import SphinxProject

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

#: Many quantizations; one on the package index; variants of one format; many sizes; a mixture.
FIVE = ("seed-oss", "smollm2", "glm-edge-chat", "deepseek-r1-distill-llama", "gpt-oss")
#: What a command may be refused for that is this machine's fault, not the command's.
_MACHINE = {"provider-refused", "platform", "engine-platform", "engine-missing"}


def _odd() -> Family:
    """Names that a shell or a page could misread."""
    made = family("o'dd $(name)", [spec(
        "ggufv2", "0_5", ["-q", "$(x)", HOSTILE.replace("\u2028", "")], [
            hub("huggingface", "lab/odd", ["-q", "$(x)", HOSTILE.replace("\u2028", "")],
                file_template="x-{quantization}.gguf")],
        [claim("llama.cpp", ["-q", "$(x)"])])], description=HOSTILE)
    return msgspec.structs.replace(made, slug="odd")


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """Five real families, and made ones."""
    whole = shipped_manifest()
    real = [each for each in whole.families if each.name in FIVE]
    assert len(real) == len(FIVE)
    star = [each for each in MANIFEST.families if each.name in ("star", "dwarf", "wild")]
    return msgspec.structs.replace(whole, families=[*real, *star, _odd()])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest) -> SphinxProject:
    made = SphinxProject(tmp_path_factory.mktemp("launch"), manifest, some_records(manifest),
                         conf='html_theme = "furo"\nhtml_favicon = "logo.svg"\n')
    shutil.copy(ROOT / "docs/_static/logo.svg", made.source)
    made.build()
    return made


@pytest.fixture(scope="module")
def address(project: SphinxProject) -> Iterator[str]:
    with served(project.folder / "html") as address:
        yield f"{address}/out/models/llm"


@pytest.fixture
def laptop(browser: Browser, address: str) -> Iterator[Page]:
    with tab(browser, address.split("/out")[0]) as page:
        yield page


def command(page: Page) -> str:
    return page.locator(".mb-command code").inner_text().strip()


def _possible(manifest: Manifest, name: str) -> Iterator[tuple[Choice, str]]:
    """Every combination that can be launched, with each hub that has it and without one."""
    from runtime.hubs import available

    init([], None)
    known = next(each for each in manifest.families if each.name == name)
    for each in choices(Site(manifest), known):
        for item in each.quantizations:
            for choice in item.choices.values():
                if choice.possible:
                    yield choice, ""
                    # With one hub there is nothing to choose.
                    hubs = item.hubs if len(each.spec.hubs) > 1 else []
                    yield from ((choice, hub.hub) for hub in hubs if available(hub.hub))


def _query(choice: Choice, hub: str) -> str:
    combination = choice.combination
    asked = {"size": combination.spec.size_in_billions, "format": combination.spec.format,
             "variant": combination.spec.variant or "", "quantization": combination.quantization,
             "engine": combination.engine.name, "hub": hub}
    return urlencode({key: value for key, value in asked.items() if value})


#: Goes to each address as the browser's back button would, and reads what is shown.
_WALK = """queries => queries.map(query => {
    history.replaceState(null, '', location.pathname + '?' + query)
    dispatchEvent(new PopStateEvent('popstate'))
    return document.querySelector('.mb-command code').textContent })"""


def _dry_run(line: str) -> dict[str, Any]:
    """What `runtime` says of a command."""
    program, *arguments = shlex.split(line)
    assert program == "runtime"
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        main([*arguments, "--dry-run", "--format", "json"])
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


@pytest.mark.parametrize("name", FIVE)
def test_every_command_is_the_one_that_launch_accepts(
        laptop: Page, address: str, manifest: Manifest, tmp_path: Path, name: str,
        monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = list(_possible(manifest, name))
    assert wanted
    slug = next(each.slug for each in manifest.families if each.name == name)
    laptop.goto(f"{address}/{slug}.html")
    lines = laptop.evaluate(_WALK, [_query(*each) for each in wanted])
    assert len(set(lines)) == len(wanted)
    (tmp_path / "manifest.json").write_bytes(encode(manifest))
    monkeypatch.setenv("MODELBOOK_MANIFEST", str(tmp_path / "manifest.json"))
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path / "home"))
    for (choice, hub_name), line in zip(wanted, lines, strict=True):
        said = _dry_run(line)
        if "error" in said:
            assert said["error"]["code"] in _MACHINE, (line, said)
        else:
            assert said["combination"] == choice.combination.id, line
            assert not hub_name or hub_name in json.dumps(said), line


def test_choosing_by_hand_changes_command_and_address(laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/seed-oss.html")
    assert command(laptop) == ("runtime launch --model-engine vLLM --model-name seed-oss "
                               "--size-in-billions 36 --model-format pytorch --quantization none")
    assert "?" not in laptop.url
    laptop.get_by_role("radio", name="ggufv2").check()
    taken = estimate_by_name("ggufv2", "36", "Q8_0", "vllm", 8192).total or 0
    laptop.get_by_label("Quantization").select_option(label=f"Q8_0 · ≈ {human(taken)}")
    laptop.get_by_role("radio", name="llama.cpp").check()
    laptop.get_by_role("radio", name="ModelScope").check()
    laptop.get_by_text("More options").click()
    laptop.get_by_label("Context length (tokens)").fill("8192")
    laptop.get_by_label("Port").fill("0")  # none is: left out
    assert command(laptop) == (
        "runtime launch --model-engine llama.cpp --model-name seed-oss --size-in-billions 36 "
        "--model-format ggufv2 --quantization Q8_0 --hub modelscope --context-length 8192")
    chosen = command(laptop)
    laptop.reload()
    assert command(laptop) == chosen
    assert laptop.get_by_label("Context length (tokens)").input_value() == "8192"


def test_memory_is_that_of_the_engine_that_is_chosen(laptop: Page, address: str,
                                                     manifest: Manifest) -> None:
    small = next(each for each in manifest.families if each.name == "smollm2")
    laptop.goto(f"{address}/{small.slug}.html")
    init([], None)
    [first, *_] = choices(Site(manifest), small)
    [item] = first.quantizations
    seen = set()
    for engine in ("vLLM", "Transformers"):
        laptop.get_by_role("radio", name=engine).check()
        found = item.choices[engine].estimate
        assert found is not None
        assert found.total is not None
        memory = human(found.total)
        assert laptop.locator(".mb-told").inner_text().startswith(f"{memory} of memory")
        assert laptop.locator(".mb-builder select option:checked").first.inner_text() == (
            f"none · ≈ {memory}")
        seen.add(memory)
    assert len(seen) == 2
    assert "what the others take" in laptop.locator(".mb-basis").first.inner_text()


def test_copying_gives_the_command_and_a_link(laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/seed-oss.html?format=mlx")
    laptop.get_by_role("button", name="Copy the command").click()
    laptop.locator(".mb-copied", has_text="Copied").wait_for()
    assert laptop.evaluate("navigator.clipboard.readText()") == command(laptop)
    laptop.get_by_role("button", name="Copy a link to this choice").click()
    laptop.wait_for_function("navigator.clipboard.readText().then(text => text.startsWith('http'))")
    link = laptop.evaluate("navigator.clipboard.readText()")
    assert "format=mlx" in link
    assert link.endswith("#launch")


def test_what_cannot_be_is_folded_with_its_reason_and_a_way_out(
        laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/seed-oss.html")
    fold = laptop.locator(".mb-engine .mb-fold")
    count = fold.get_by_role("radio", include_hidden=True).count()
    summary = fold.locator("summary")
    assert count > 1
    assert summary.inner_text().startswith(f"Not available for this choice ({count}): ")
    assert "MLX" in summary.inner_text()
    assert not fold.get_by_text("no loader for pytorch").first.is_visible()
    summary.click()
    refused = laptop.get_by_role("radio", name="MLX not loaded")
    assert refused.is_disabled()
    assert refused.evaluate(
        "node => document.getElementById(node.getAttribute('aria-describedby')).textContent"
    ) == "MLX has no loader for pytorch; it loads mlx (MB301)"
    laptop.get_by_role("button", name="Choose mlx · 4bit").click()
    assert "--model-engine MLX" in command(laptop)
    assert "--model-format mlx" in command(laptop)
    assert laptop.evaluate("document.activeElement.value") == "MLX"
    assert fold.get_by_role("radio", name="MLX").count() == 0
    assert laptop.locator(".mb-engine").get_by_role("radio", name="MLX").is_checked()


def test_the_command_is_near_the_choices_on_a_phone(browser: Browser, address: str) -> None:
    with tab(browser, address.split("/out")[0], "phone") as page:
        page.goto(f"{address}/seed-oss.html?format=gptq#launch")
        page.locator(".mb-command").wait_for()
        apart = page.evaluate("""document.querySelector('.mb-command').getBoundingClientRect().top
            - document.querySelector('.mb-engine').getBoundingClientRect().top""")
        assert apart < page.evaluate("innerHeight") * 0.6


def test_code_of_the_repository_has_to_be_allowed(laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/wild.html")
    assert "runtime launch" not in command(laptop)
    assert laptop.get_by_role("button", name="Copy the command").is_disabled()
    laptop.get_by_label("I have read the Python code").check()
    assert command(laptop).endswith("--trust-remote-code")
    assert "trust" not in laptop.url


def test_a_row_of_the_table_leads_to_its_command(laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/seed-oss.html")
    laptop.get_by_role("link", name="Q5_K_M", exact=True).click()
    assert "--quantization Q5_K_M" in command(laptop)
    laptop.wait_for_function(
        "document.querySelector('.mb-builder').getBoundingClientRect().top < 400")


def test_the_keyboard_is_enough(laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/seed-oss.html")
    laptop.get_by_role("radio", name="pytorch").focus()
    laptop.keyboard.press("ArrowRight")
    assert "--model-format gptq" in command(laptop)
    assert laptop.evaluate("document.activeElement.value") == "gptq"
    laptop.keyboard.press("Tab")
    assert laptop.evaluate("document.activeElement.tagName") == "SELECT"


def test_strange_addresses_do_no_harm(laptop: Page, address: str) -> None:
    for query in ("size=99&format=nope", "quantization=%00&engine=<img src=x>", "hub=nowhere",
                  "provider=x&port=1e9&context-length=-1", "engine=MLX&format=gptq"):
        laptop.goto(f"{address}/seed-oss.html?{query}")
        assert command(laptop).startswith("runtime launch --model-engine ")
        assert "--port" not in command(laptop)
        assert "--hub" not in command(laptop)


def test_hostile_text_is_only_text(laptop: Page, address: str, manifest: Manifest) -> None:
    laptop.goto(f"{address}/odd.html")
    assert laptop.locator("article img").count() == 0
    assert "</script><script>alert(1)" in laptop.locator("article").inner_text()
    lines = [laptop.evaluate(_WALK, [urlencode({"quantization": name})])[0]
             for name in ("-q", "$(x)")]
    assert shlex.split(lines[0])[-1] == "--quantization=-q"
    assert shlex.split(lines[1])[-2:] == ["--quantization", "$(x)"]
    assert shlex.split(lines[1])[5] == "o'dd $(name)"


def test_without_a_script_the_commands_stand(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{address}/seed-oss.html")
    lines = [line.strip() for line in plain.locator("article pre").all_inner_texts()]
    visible = plain.locator("article pre:visible")
    assert visible.count() == len(lines) == 10
    assert all(line.startswith("runtime launch --model-engine ") for line in lines)
    assert not plain.locator(".mb-builder").is_visible()
    assert not any("${" in line for line in lines)
    context.close()


@pytest.mark.parametrize("size", ["phone", "laptop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_can_be_read(browser: Browser, address: str, size: str,
                                   scheme: str) -> None:
    with tab(browser, address.split("/out")[0], size) as page:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for name in ("star", "seed-oss", "../../engines/vllm", "../../engines/index"):
            page.goto(f"{address}/{name}.html")
            page.wait_for_load_state("load")
            shot(page, f"{Path(name).name}-{scheme}")
            needs, has = page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert needs <= has
            # The list of sections beside the page is the theme's own.
            page.evaluate("document.querySelector('.toc-drawer')?.remove()")
            assert accessibility_faults(page) == []
