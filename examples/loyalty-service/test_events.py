"""What events do to the tables, in whatever order they come: on SQLite as Python brings it, in place of the host."""

import json
import sqlite3
import sys
import unittest
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace


@dataclass
class Value:
    value: object = None


class Transaction:
    """The host's transaction, as far as `store.py` uses it."""

    def __init__(self, connection: sqlite3.Connection):
        self.connection = connection

    def run(self, statement: str, parameters: list[Value]) -> sqlite3.Cursor:
        named = {str(number): value.value for number, value in enumerate(parameters, 1)}
        return self.connection.execute(statement, named)

    def execute(self, statement: str, parameters: list[Value]) -> int:
        return self.run(statement, parameters).rowcount

    def query(self, statement: str, parameters: list[Value]) -> SimpleNamespace:
        cursor = self.run(statement, parameters)
        rows = [[Null() if value is None else Value(value) for value in row] for row in cursor.fetchall()]
        return SimpleNamespace(columns=[column[0] for column in cursor.description], rows=rows)


class Null(Value):
    pass


told = []


def emit(_tx, kind: str, aggregate_type: str, aggregate_id: str, payload: str) -> None:
    told.append((kind, aggregate_type, aggregate_id, json.loads(payload)))


# The bindings are there in the component alone.
for name, members in {
    "wit_world": {},
    "wit_world.imports": {},
    "wit_world.imports.database": {
        "RowSet": SimpleNamespace, "Transaction": Transaction, "Value": Value,
        "Value_Integer": Value, "Value_Null": Null, "Value_Text": Value,
    },
    "wit_world.imports.mutrapro_events_types": {"Event": SimpleNamespace},
    "wit_world.imports.outbox": {"emit": emit},
}.items():
    module = ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)

import events  # noqa: E402
import store  # noqa: E402

CUSTOMER, USER, MILESTONE = (f"0197c2d0-0000-7000-8000-00000000000{digit}" for digit in range(1, 4))
MIGRATION = Path(__file__).parent / "migrations" / "0001_create_loyalty.sql"


def payment_id(number: int) -> str:
    return f"0197c2d0-0000-7000-8000-{number:012}"


class Events(unittest.TestCase):
    def setUp(self):
        self.connection = sqlite3.connect(":memory:")
        self.connection.executescript("PRAGMA foreign_keys = ON;" + MIGRATION.read_text())
        self.addCleanup(self.connection.close)
        told.clear()

    def handle(self, kind: str, payload: dict) -> None:
        event = SimpleNamespace(kind=kind, payload=json.dumps(payload))
        events.handle(event, Transaction(self.connection), "2026-01-31T09:30:00.000000Z")

    def pay(self, payment: int, amount: int) -> None:
        self.handle("milestone.paid", self.payload(payment, amount) | {
            "customer_id": CUSTOMER, "customer_user_id": USER,
        })

    def refund(self, payment: int, amount: int) -> None:
        self.handle("payment.refunded", self.payload(payment, amount) | {"payer_user_id": USER})

    def payload(self, payment: int, amount: int) -> dict:
        return {"payment_id": payment_id(payment), "milestone_id": MILESTONE, "amount": amount, "currency": "VND"}

    def account(self) -> tuple | None:
        return self.connection.execute("SELECT points, level FROM loyalty_accounts").fetchone()

    def levels_told(self) -> list:
        return [(told_of[3]["level"], told_of[3]["points"]) for told_of in told]

    def test_a_payment_counts_once_however_often_it_is_told(self):
        for _ in range(3):
            self.pay(1, 80_000)
        self.assertEqual(self.account(), (8, "none"))

    def test_a_level_is_told_when_it_is_reached(self):
        for payment, amount in [(1, 990_000), (2, 10_000), (3, 10_000), (4, 3_990_000)]:
            self.pay(payment, amount)
        self.assertEqual(self.account(), (500, "gold"))
        self.assertEqual(self.levels_told(), [("silver", 100), ("gold", 500)])
        reached = {"customer_id": CUSTOMER, "customer_user_id": USER, "level": "silver", "points": 100}
        self.assertEqual(told[0], ("loyalty.level_reached", "loyalty", CUSTOMER, reached))

    def test_a_refund_takes_back_what_its_payment_brought(self):
        self.pay(1, 2_000_000)
        self.pay(2, 80_000)
        for _ in range(2):
            self.refund(1, 2_000_000)
        self.assertEqual(self.account(), (8, "none"))
        self.assertEqual(self.levels_told(), [("silver", 200)])

    def test_a_refund_may_come_before_its_payment(self):
        self.refund(1, 2_000_000)
        self.assertIsNone(self.account())
        self.pay(1, 2_000_000)
        self.assertEqual(self.account(), (0, "none"))
        self.assertEqual(told, [])

    def test_a_milestone_that_is_paid_again_counts_again(self):
        self.pay(1, 2_000_000)
        self.refund(1, 2_000_000)
        self.pay(2, 2_000_000)
        self.assertEqual(self.account(), (200, "silver"))
        self.assertEqual(self.levels_told(), [("silver", 200), ("silver", 200)])

    def test_what_nobody_could_handle_is_said(self):
        with self.assertRaisesRegex(ValueError, "^there is no handler for user.updated$"):
            self.handle("user.updated", {})
        with self.assertRaisesRegex(ValueError, "^amount is None"):
            self.handle("milestone.paid", {})

    def test_the_last_entries_come_newest_first(self):
        for payment in range(1, 4):
            self.pay(payment, 10_000)
        store.database.query = Transaction(self.connection).query
        entries = store.last_entries(CUSTOMER, 2)
        self.assertEqual([entry["payment_id"] for entry in entries], [payment_id(3), payment_id(2)])
        self.assertEqual((entries[0]["points"], entries[0]["refunded_at"]), (1, None))


if __name__ == "__main__":
    unittest.main()
