"""Energy of calls, as an estimate: processor time of this process times what a core draws.

Nothing is read from the hardware. Where the work is done elsewhere, on a server or at
a vendor's, there is no figure: none is published that holds for any model and call.

The default of 12 W for a core that isn't known is that of Green Algorithms (Lannelongue,
Grealey & Inouye 2021, Advanced Science 8, doi:10.1002/advs.202100707; its table of
processors, row "Any"). Memory, cooling and the rest of the machine are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb.config import get_config

if TYPE_CHECKING:
    from synthnb.models.base import ModelInfo

__all__ = ["is_known", "watt_hours"]


def is_known(info: ModelInfo) -> bool:
    """Whether energy can be estimated: only where the model runs in this process."""
    return info.locality == "in-process"


def watt_hours(cpu_seconds: float) -> float:
    """Watt-hours of so many seconds of one busy core: seconds × watts / 3600, the watts as the settings have them."""
    return cpu_seconds * get_config().watts_per_core / 3600
