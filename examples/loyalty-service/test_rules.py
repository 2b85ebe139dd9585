import unittest

import rules
from identity import User, user_of

PAYMENT, MILESTONE, CUSTOMER, USER = (f"0197c2d0-0000-7000-8000-00000000000{digit}" for digit in range(1, 5))
PAYLOAD = {
    "payment_id": PAYMENT,
    "milestone_id": MILESTONE,
    "customer_id": CUSTOMER,
    "customer_user_id": USER,
    "amount": 80_000,
    "currency": "VND",
}


class Points(unittest.TestCase):
    def points(self, amount: int, currency: str) -> int:
        return rules.points_for(rules.Payment(PAYMENT, MILESTONE, amount, currency))

    def test_a_rest_is_worth_nothing(self):
        for amount, points in [(1, 0), (9_999, 0), (10_000, 1), (19_999, 1), (80_000, 8)]:
            self.assertEqual(self.points(amount, "VND"), points, amount)

    def test_each_currency_has_its_rate(self):
        self.assertEqual([self.points(10_000, currency) for currency in ("VND", "USD", "EUR")], [1, 250, 250])


class Levels(unittest.TestCase):
    def test_a_level_counts_from_its_points_on(self):
        for points, level in [(0, "none"), (99, "none"), (100, "silver"), (499, "silver"), (500, "gold"), (9999, "gold")]:
            self.assertEqual(rules.level_for(points), level, points)

    def test_only_a_higher_level_is_a_rise(self):
        self.assertTrue(rules.rises("none", "silver"))
        self.assertTrue(rules.rises("none", "gold"))
        for old, new in [("silver", "silver"), ("silver", "none"), ("gold", "silver")]:
            self.assertFalse(rules.rises(old, new), (old, new))


class Payloads(unittest.TestCase):
    def test_a_payload_is_read_as_documented(self):
        self.assertEqual(rules.payment_of(PAYLOAD), rules.Payment(PAYMENT, MILESTONE, 80_000, "VND"))
        self.assertEqual(rules.customer_of(PAYLOAD), rules.Customer(CUSTOMER, USER))

    def test_a_field_that_is_not_as_documented_is_named(self):
        for field, values in {
            "amount": [None, 0, -1, 1.5, "80000", True],
            "currency": [None, "GBP", 7, ["VND"]],
            "payment_id": [None, "", "7", 7],
            "milestone_id": [None, "milestone"],
        }.items():
            for value in values:
                with self.assertRaisesRegex(ValueError, f"^{field} is "):
                    rules.payment_of(PAYLOAD | {field: value})
        for field in ("customer_id", "customer_user_id"):
            with self.assertRaisesRegex(ValueError, f"^{field} is "):
                rules.customer_of(PAYLOAD | {field: "me"})


class Identity(unittest.TestCase):
    def test_the_gateway_is_believed(self):
        told = {
            "x-mutrapro-caller": "api-gateway",
            "x-mutrapro-user": USER.upper(),
            "x-mutrapro-roles": "customer, system_admin",
        }
        self.assertEqual(user_of(told), User(USER, frozenset({"customer", "system_admin"})))
        self.assertTrue(user_of(told).is_any("service_coordinator", "system_admin"))
        self.assertFalse(user_of(told).is_any("service_coordinator"))

    def test_nobody_else_is_believed(self):
        for caller in (None, "file-service", "API-GATEWAY", "api-gateway,x"):
            told = {"x-mutrapro-user": USER, "x-mutrapro-roles": "system_admin"}
            if caller is not None:
                told["x-mutrapro-caller"] = caller
            self.assertIsNone(user_of(told), caller)

    def test_a_malformed_user_is_nobody(self):
        for user in ("", "7", "admin"):
            self.assertIsNone(user_of({"x-mutrapro-caller": "api-gateway", "x-mutrapro-user": user}), user)


if __name__ == "__main__":
    unittest.main()
