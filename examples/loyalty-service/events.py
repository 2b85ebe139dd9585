"""Handles what other services tell: money that came is worth points, and money that went back takes them along.

The two events may overtake each other, and money may go back that nobody told of, as that of a payment which came in after
its milestone was cancelled: so each is right whatever came before it.
"""

import json

from wit_world.imports import outbox
from wit_world.imports.database import Transaction
from wit_world.imports.mutrapro_events_types import Event

import rules
import store

LEVEL_REACHED = "loyalty.level_reached"


def handle(event: Event, tx: Transaction, now: str) -> None:
    """Handles one event; a ValueError says why it never can."""
    payload = json.loads(event.payload)
    if event.kind == "milestone.paid":
        credit(tx, rules.payment_of(payload), rules.customer_of(payload), now)
    elif event.kind == "payment.refunded":
        take_back(tx, rules.payment_of(payload), now)
    else:
        raise ValueError(f"there is no handler for {event.kind}")


def credit(tx: Transaction, payment: rules.Payment, customer: rules.Customer, now: str) -> None:
    store.open_account(tx, customer, rules.level_for(0), now)
    points = rules.points_for(payment)
    if store.insert_entry(tx, payment, customer, points, now):
        move(tx, customer.customer_id, points, now)


def take_back(tx: Transaction, payment: rules.Payment, now: str) -> None:
    entry = store.refund_entry(tx, payment, now)
    if entry is not None and entry["customer_id"] is not None:
        move(tx, entry["customer_id"], -entry["points"], now)


def move(tx: Transaction, customer_id: str, points: int, now: str) -> None:
    account = store.add_points(tx, customer_id, points, now)
    level = rules.level_for(account["points"])
    if level == account["level"]:
        return
    store.set_level(tx, customer_id, level)
    # Nobody is told of a level that is lost: it is congratulated on, and not mourned.
    if rules.rises(account["level"], level):
        told = {
            "customer_id": customer_id,
            "customer_user_id": account["user_id"],
            "level": level,
            "points": account["points"],
        }
        outbox.emit(tx, LEVEL_REACHED, "loyalty", customer_id, json.dumps(told))
