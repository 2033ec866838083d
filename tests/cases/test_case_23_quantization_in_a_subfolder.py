"""Templates give exact paths: no pattern can take a neighbour's files along."""

from tests.support import models
from tests.support.hubs import files_under, gguf_family, pull

PARTS = ["00001-of-00002", "00002-of-00002"]
SPLIT = "{quantization}/m-{quantization}-{part}.gguf"


def test_exactly_the_files_of_one_quantization(hub):
    split = {f"UD-Q4_K_XL/m-UD-Q4_K_XL-{part}.gguf": models.gguf(part=i, parts=2)
             for i, part in enumerate(PARTS)}
    others = ["m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-BF16.gguf", "m-F16.gguf", "mmproj-F16.gguf",
              "sub[1]/m-Q4_K_M.gguf"]
    hub.add("o/tiny", {**split, **{name: models.gguf(values=8) for name in others}})
    family = gguf_family(quantizations=["UD-Q4_K_XL", "Q4_K_M", "F16"],
                         file_template="m-{quantization}.gguf", split_file_template=SPLIT,
                         split_parts={"UD-Q4_K_XL": PARTS})
    located = pull(family, quantization="UD-Q4_K_XL")
    assert [f.path for f in located.files] == list(split)
    assert files_under(located.model.folder) == [".modelbook.json", *split]
    assert located.path == located.model.folder / "UD-Q4_K_XL/m-UD-Q4_K_XL-00001-of-00002.gguf"
    for name, expected in (("Q4_K_M", "m-Q4_K_M.gguf"), ("F16", "m-F16.gguf")):
        assert [f.path for f in pull(family, quantization=name).files] == [expected]
    assert len(files_under(located.model.folder)) == 5
