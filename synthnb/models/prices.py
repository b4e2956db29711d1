"""What a vendor charges, from the snapshot of prices that comes with the client library; nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

__all__ = ["Price", "find_price", "list_prices"]


@dataclass(frozen=True, kw_only=True)
class Price:
    """A model's list price, before discounts and taxes."""

    price_in: float
    """US dollars for a million tokens read."""
    price_out: float
    """US dollars for a million tokens written."""
    context: int | None
    """Tokens that prompt and reply may fill together, if the snapshot says."""
    source: str
    """The snapshot it is from."""


def find_price(model: str, *, provider: str | None = None, address: str | None = None) -> Price | None:
    """The price of a model, or None where it isn't known.

    Parameters
    ----------
    model : str
        The model's id at the provider's.
    provider : str, optional
        ``openai``, ``anthropic`` or ``google``.
    address : str, optional
        The base address that is called, where there is no provider's name.
    """
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return None
    try:
        _, found = get_snapshot().find_provider_model(model, None, provider, address)
    except LookupError:
        return None
    return _price(found)


def list_prices(provider: str) -> list[tuple[str, Price]]:
    """Every model of a provider whose price is known, by its id; empty where no snapshot is installed."""
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return []
    found = get_snapshot().find_provider(None, provider, None)
    priced = ((model.id, _price(model)) for model in found.models)
    return sorted((name, price) for name, price in priced if price is not None)


def _price(found: Any) -> Price | None:
    prices = found.prices if not isinstance(found.prices, list) else found.prices[-1].prices
    read, wrote = (_base(getattr(prices, name, None)) for name in ("input_mtok", "output_mtok"))
    if read is None or wrote is None:
        return None
    return Price(price_in=read, price_out=wrote, context=found.context_window, source=f"genai-prices {version('genai-prices')}")


def _base(price: object) -> float | None:
    """Dollars for a million tokens; of prices that grow with the prompt, those for a short one."""
    price = getattr(price, "base", price)
    return None if price is None else float(str(price))
