"""What is asked of the CRM, what its answer means, and what is taken off. Pure: no bindings."""

import json
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

# A whole price, in hundredths of a percent.
WHOLE_BP = 10_000
LEVEL_CHARACTERS_MAX = 40


class Unknown(Exception):
    """Why the plugin cannot tell; the price then stands."""


@dataclass(frozen=True)
class Target:
    """Where a customer's level is asked for."""

    scheme: str
    authority: str
    path_with_query: str


@dataclass(frozen=True)
class Loyalty:
    """What the CRM says of a customer."""

    level: str
    discount_bp: int


def target(loyalty_url: str, customer_id: str) -> Target:
    """`{loyalty_url}/{customer_id}` in its parts."""
    wrong = Unknown(f"loyalty_url is {loyalty_url!r}: give it as https://crm.example.com/loyalty")
    try:
        url = urlsplit(loyalty_url)
    except ValueError:
        raise wrong from None
    if url.scheme not in ("http", "https") or not url.netloc or url.query or url.fragment:
        raise wrong
    return Target(url.scheme, url.netloc, f"{url.path.rstrip('/')}/{quote(customer_id, safe='')}")


def loyalty(status: int, body: bytes) -> Loyalty | None:
    """What an answer means; None for a customer that the CRM does not know."""
    if status == 404:
        return None
    if status != 200:
        raise Unknown(f"the CRM answered {status}")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unknown(f"the CRM's answer is not JSON: {error}") from None
    level = said.get("level") if isinstance(said, dict) else None
    discount_bp = said.get("discount_bp") if isinstance(said, dict) else None
    # `str.isprintable` leaves no line break, so that the label stays in one line.
    if not isinstance(level, str) or not level.isprintable() or not 1 <= len(level) <= LEVEL_CHARACTERS_MAX:
        raise Unknown(f"the CRM's level is {level!r}, and should be 1 to {LEVEL_CHARACTERS_MAX} characters in one line")
    # A truth value is an int to Python.
    if type(discount_bp) is not int or not 0 <= discount_bp <= WHOLE_BP:
        raise Unknown(f"the CRM's discount_bp is {discount_bp!r}, and should be a whole number from 0 to {WHOLE_BP}")
    return Loyalty(level, discount_bp)


def taken_off(known: Loyalty | None, amount: int) -> tuple[str, int] | None:
    """The label and amount of the line; None when there is nothing to take off.

    Rounded down to a minor unit, so that never more is taken off than the CRM says.
    """
    off = amount * known.discount_bp // WHOLE_BP if known else 0
    return (f"Loyalty discount ({known.level})", -off) if off > 0 else None
