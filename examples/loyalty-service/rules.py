"""What payments are worth, and what points make of a customer. Pure: no bindings."""

from dataclasses import dataclass
from uuid import UUID

# How many minor units are worth a point: about the same money in each currency.
UNITS_PER_POINT = {"VND": 10_000, "USD": 40, "EUR": 40}
# Each level with the points from which it counts, the lowest first.
LEVELS = (("none", 0), ("silver", 100), ("gold", 500))


@dataclass(frozen=True)
class Payment:
    """What `milestone.paid` and `payment.refunded` both say of a payment. A refund is always of the whole."""

    payment_id: str
    milestone_id: str
    amount: int
    currency: str


@dataclass(frozen=True)
class Customer:
    """A customer's profile, and the user who is that customer."""

    customer_id: str
    user_id: str


def payment_of(payload: dict) -> Payment:
    """The payment that an event speaks of; a ValueError names the field that is not as documented."""
    amount, currency = payload.get("amount"), payload.get("currency")
    if type(amount) is not int or amount <= 0:
        raise ValueError(f"amount is {amount!r}, and should be a whole number above 0")
    if not isinstance(currency, str) or currency not in UNITS_PER_POINT:
        raise ValueError(f"currency is {currency!r}: say in rules.py how much of it is worth a point")
    return Payment(uuid_in(payload, "payment_id"), uuid_in(payload, "milestone_id"), amount, currency)


def customer_of(payload: dict) -> Customer:
    """The customer that an event speaks of; a ValueError names the field that is not as documented."""
    return Customer(uuid_in(payload, "customer_id"), uuid_in(payload, "customer_user_id"))


def points_for(payment: Payment) -> int:
    """What a payment is worth: whole points, so that a rest is worth nothing."""
    return payment.amount // UNITS_PER_POINT[payment.currency]


def level_for(points: int) -> str:
    """The highest level that `points` reach."""
    return [level for level, least in LEVELS if points >= least][-1]


def rises(old: str, new: str) -> bool:
    """Whether `new` is a higher level than `old`."""
    order = [level for level, _ in LEVELS]
    return order.index(new) > order.index(old)


def uuid_in(payload: dict, field: str) -> str:
    value = payload.get(field)
    text = uuid_or_none(value) if isinstance(value, str) else None
    if text is None:
        raise ValueError(f"{field} is {value!r}, and should be a UUID")
    return text


def uuid_or_none(text: str) -> str | None:
    """The UUID in lower case with hyphens, as the database wants it."""
    try:
        return str(UUID(text))
    except ValueError:
        return None
