"""Times are UTC to the microsecond, so that two quick runs keep their order."""

from __future__ import annotations

import re

from synthnb._clock import utc_now


def test_the_form_is_fixed_so_that_text_order_is_time_order() -> None:
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", utc_now())


def test_time_does_not_stand_still() -> None:
    times = [utc_now() for _ in range(1000)]
    assert times == sorted(times)
    assert len(set(times)) > 1
