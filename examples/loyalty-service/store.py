"""All SQL, one function a statement."""

from wit_world.imports import database
from wit_world.imports.database import RowSet, Transaction, Value, Value_Integer, Value_Null, Value_Text

from rules import Customer, Payment


def open_account(tx: Transaction, customer: Customer, level: str, now: str) -> None:
    """Makes the customer's account, unless there is one."""
    tx.execute(
        "INSERT INTO loyalty_accounts (customer_id, user_id, points, level, updated_at) VALUES ($1, $2, 0, $3, $4) "
        "ON CONFLICT (customer_id) DO NOTHING",
        [Value_Text(customer.customer_id), Value_Text(customer.user_id), Value_Text(level), Value_Text(now)],
    )


def insert_entry(tx: Transaction, payment: Payment, customer: Customer, points: int, now: str) -> bool:
    """Keeps a payment and what it is worth; false when it is known, as it is when the money has gone back already."""
    return 1 == tx.execute(
        "INSERT INTO loyalty_entries (payment_id, milestone_id, customer_id, amount, currency, points, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (payment_id) DO NOTHING",
        [
            Value_Text(payment.payment_id),
            Value_Text(payment.milestone_id),
            Value_Text(customer.customer_id),
            Value_Integer(payment.amount),
            Value_Text(payment.currency),
            Value_Integer(points),
            Value_Text(now),
        ],
    )


def refund_entry(tx: Transaction, payment: Payment, now: str) -> dict | None:
    """Marks a payment as given back, and gives its customer and points.

    One that is not known yet is kept without either, so that it will be worth nothing. None when it was marked before.
    """
    refunded = tx.query(
        "INSERT INTO loyalty_entries (payment_id, milestone_id, amount, currency, points, refunded_at, created_at) "
        "VALUES ($1, $2, $3, $4, 0, $5, $5) "
        "ON CONFLICT (payment_id) DO UPDATE SET refunded_at = excluded.refunded_at "
        "WHERE loyalty_entries.refunded_at IS NULL RETURNING customer_id, points",
        [
            Value_Text(payment.payment_id),
            Value_Text(payment.milestone_id),
            Value_Integer(payment.amount),
            Value_Text(payment.currency),
            Value_Text(now),
        ],
    )
    return first(refunded)


def add_points(tx: Transaction, customer_id: str, points: int, now: str) -> dict:
    """Adds points, or takes off negative ones, and gives the account, whose level is still the old one."""
    changed = tx.query(
        "UPDATE loyalty_accounts SET points = points + $2, updated_at = $3 WHERE customer_id = $1 "
        "RETURNING user_id, points, level",
        [Value_Text(customer_id), Value_Integer(points), Value_Text(now)],
    )
    return dicts(changed)[0]


def set_level(tx: Transaction, customer_id: str, level: str) -> None:
    tx.execute(
        "UPDATE loyalty_accounts SET level = $2 WHERE customer_id = $1",
        [Value_Text(customer_id), Value_Text(level)],
    )


def account_of_user(user_id: str) -> dict | None:
    return first(database.query(
        "SELECT customer_id, points, level, updated_at FROM loyalty_accounts WHERE user_id = $1",
        [Value_Text(user_id)],
    ))


def account_of_customer(customer_id: str) -> dict | None:
    return first(database.query(
        "SELECT customer_id, points, level, updated_at FROM loyalty_accounts WHERE customer_id = $1",
        [Value_Text(customer_id)],
    ))


def last_entries(customer_id: str, limit: int) -> list[dict]:
    """The last payments of a customer, the newest first."""
    return dicts(database.query(
        "SELECT payment_id, milestone_id, amount, currency, points, refunded_at, created_at FROM loyalty_entries "
        "WHERE customer_id = $1 ORDER BY created_at DESC, payment_id DESC LIMIT $2",
        [Value_Text(customer_id), Value_Integer(limit)],
    ))


def dicts(found: RowSet) -> list[dict]:
    return [dict(zip(found.columns, map(plain, row))) for row in found.rows]


def first(found: RowSet) -> dict | None:
    rows = dicts(found)
    return rows[0] if rows else None


def plain(value: Value):
    return None if isinstance(value, Value_Null) else value.value
