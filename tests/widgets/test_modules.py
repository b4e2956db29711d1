"""A folder of ES modules as one text."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from synthnb.errors import OptionError
from synthnb.widgets._modules import join_module, join_styles, module

IMPORTS = "import { twice } from './sums.js';\nimport WORDS from './words.json' with { type: 'json' };\n\n"
ENTRY = f"{IMPORTS}export default {{ told: WORDS.of + twice(2) }};\n"
SUMS = "// @ts-check\n/** Sums. */\n\nconst two = 2;\n\n/** Doubled. @param {number} n */\nexport const twice = (n) => n * two;\n"


def folder(place: Path, **files: str) -> Path:
    for name, text in files.items():
        (place / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return place


def run(code: str, then: str) -> str:
    """What Node prints of a module."""
    source = f"`data:text/javascript,${{encodeURIComponent({json.dumps(code)})}}`"
    script = f"const it = (await import({source})).default;\n{then}"
    done = subprocess.run(["node", "--input-type=module"], input=script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_parts_become_one_module_that_node_runs(tmp_path: Path) -> None:
    joined = join_module(folder(tmp_path, index_js=ENTRY, sums_js=SUMS, words_json='{"of": "four is "}'))
    assert run(joined, "console.log(it.told)") == "four is 4"


def test_names_of_two_parts_cannot_clash(tmp_path: Path) -> None:
    entry = ENTRY.replace("export default", "const two = 3;\nexport default").replace("twice(2)", "twice(two)")
    assert run(join_module(folder(tmp_path, index_js=entry, sums_js=SUMS, words_json='{"of": ""}')), "console.log(it.told)") == "6"


def test_comments_of_their_own_are_left_out(tmp_path: Path) -> None:
    assert "Doubled" not in join_module(folder(tmp_path, index_js=ENTRY, sums_js=SUMS, words_json="{}"))


def test_a_part_stands_once_however_often_it_is_imported(tmp_path: Path) -> None:
    more = "import { twice } from './sums.js';\nexport const four = twice(2);\n"
    entry = "import { four } from './more.js';\n" + ENTRY
    assert join_module(folder(tmp_path, index_js=entry, more_js=more, sums_js=SUMS, words_json="{}")).count("n * two") == 1


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"sums_js": "export const other = 1;\n"}, "doesn't export 'twice'"),
        ({"sums_js": "import { twice } from './index.js';\nexport const one = twice;\n"}, "circle"),
        ({"sums_js": "export * from './more.js';\n" + SUMS}, "by name"),
        ({"sums_js": SUMS + "const late = import('./more.js');\n"}, "by name"),
        ({"index_js": ENTRY + "export const more = 1;\n"}, "by name"),
        ({"index_js": ENTRY.replace("sums", "gone")}, "can't be read"),
    ],
    ids=["not exported", "circle", "star", "dynamic", "second export of the entry", "not there"],
)
def test_what_cannot_be_joined_is_an_error(tmp_path: Path, files: dict[str, str], told: str) -> None:
    parts = {"index_js": ENTRY, "sums_js": SUMS, "words_json": "{}"} | files
    with pytest.raises(OptionError, match=told):
        join_module(folder(tmp_path, **parts))


def test_style_sheets_become_one(tmp_path: Path) -> None:
    made = folder(tmp_path, index_css="@import url('./one.css');\n.b {\n}\n", one_css="/* why */\n.a {\n}\n")
    assert join_styles(made) == ".a {\n}\n.b {\n}\n"


def test_the_same_folder_gives_the_same_bytes() -> None:
    module.cache_clear()
    first = module("report")
    module.cache_clear()
    assert module("report") == first


def test_the_dashboard_loads_in_node() -> None:
    assert run(module("report"), "console.log(typeof it.render)") == "function"


def test_a_widget_of_one_file_is_read_as_it_is() -> None:
    assert module("recipe") == (Path(__file__).parents[2] / "synthnb" / "widgets" / "recipe.js").read_text(encoding="utf-8")
