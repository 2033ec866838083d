"""What cannot be launched is refused before the first byte, with what can be."""

import pytest

from tests.support import catalogue, models
from tests.support.hubs import runtime


@pytest.mark.parametrize(("options", "words"), [
    (["-e", "mlx", "-f", "awq"], ["MLX", "MB301", "Transformers  awq"]),
    (["-e", "vllm", "-f", "gptq", "-q", "Int3"], ["MB302", "gptq", "Int8, Int4"]),
    (["-f", "ggufv2", "-q", "Q4_K_N"], ["did you mean", "Q4_K_M", "llama.cpp"]),
    (["-e", "lama.cpp"], ["did you mean llama.cpp"]),
    (["-f", "gguf"], ["did you mean ggufv2"]),
    (["-s", "35"], ["possible here: 36"]),
])
def test_refused_with_exit_code_2_and_no_byte(hub, tmp_path, options, words):
    hub.add("QuantTrio/S-AWQ", models.folder())
    manifest = catalogue.write(catalogue.everything(), tmp_path)
    done = runtime("pull", "-n", "seed-oss", "--manifest", str(manifest), *options)
    assert done.returncode == 2, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr
    assert not hub.seen
    assert hub.bytes_sent == 0
