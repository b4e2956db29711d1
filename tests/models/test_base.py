from __future__ import annotations

import json

from synthnb.models.base import ModelInfo, Request


def test_what_is_known_of_a_model_is_plain_json() -> None:
    info = ModelInfo(id="m", name="M", provider="p", licence="MIT", locality="hosted")
    assert json.loads(json.dumps(info.to_dict()))["locality"] == "hosted"


def test_what_is_not_known_of_a_model_stays_open() -> None:
    info = ModelInfo(id="m", name="M", provider="p", licence="MIT", locality="hosted")
    assert (info.open_weights, info.context, info.weights_digest) == (None, None, "")


def test_a_request_needs_only_a_prompt() -> None:
    assert Request(prompt="Write.").system == ""
