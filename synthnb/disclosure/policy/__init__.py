"""The policy: what a project or an institution allows, as a TOML file, and what becomes of it.

```text
synthnb.toml ──► reading (every problem at once) ──► laying over (the stricter wins) ──► InForce ──► deciding ──► Ruling
institution's ──►        "
```

Nothing here changes data or stops anybody by itself: `synthnb._api.policing` asks, and refuses.
"""

from __future__ import annotations

from synthnb.disclosure.policy.finding import find_policy
from synthnb.disclosure.policy.ruling import Ruling, Status

__all__ = ["Ruling", "Status", "find_policy"]
