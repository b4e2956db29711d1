from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synthnb.errors import ModelMissingError, OptionError
from synthnb.models.registry import list_models, model_names, open_model

if TYPE_CHECKING:
    from synthnb.models.local import Local


def test_echo_opens_through_its_entry_point() -> None:
    assert open_model("echo").info.id == "echo"


def test_local_is_the_pulled_model(weights: Path) -> None:
    model = open_model("local")
    model.close()
    assert model.info.id == "smollm2-135m"


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(OptionError, match=r"echo, local, smollm2-135m, the path of a \.gguf file; got 'ecco'. Did you mean 'echo'"):
        open_model("ecco")


def test_an_empty_name_lists_what_there_is() -> None:
    with pytest.raises(OptionError, match="Choose one of echo, local"):
        open_model(" ")


def test_a_path_is_known_by_its_ending() -> None:
    with pytest.raises(ModelMissingError, match="there is none"):
        open_model("nowhere.GGUF")


def test_the_list_says_what_is_on_this_machine(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = {row["name"]: row["installed"] for row in list_models()}
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    elsewhere = {row["name"]: row["installed"] for row in list_models()}
    assert here["smollm2-135m"]
    assert not elsewhere["smollm2-135m"]
    assert elsewhere["echo"]


def test_the_list_gives_the_context_that_a_model_is_opened_with(local: Local) -> None:
    rows = {row["name"]: row["context"] for row in list_models()}
    assert rows["smollm2-135m"] == rows["local"] == local.info.context == 4096


def test_the_list_has_a_row_for_every_name() -> None:
    assert [row["name"] for row in list_models()] == model_names()
