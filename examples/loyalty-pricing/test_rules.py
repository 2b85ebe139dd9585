import json
import unittest

import rules
from rules import Loyalty, Target, Unknown

CUSTOMER = "0197c2d0-0000-7000-8000-000000000001"


def said(**fields) -> bytes:
    return json.dumps(fields).encode()


class Asking(unittest.TestCase):
    def test_the_customer_is_a_segment_below_the_url(self):
        for url in ("https://crm.example.com:8443/loyalty", "https://crm.example.com:8443/loyalty/"):
            expected = Target("https", "crm.example.com:8443", f"/loyalty/{CUSTOMER}")
            self.assertEqual(rules.target(url, CUSTOMER), expected)
        self.assertEqual(rules.target("http://crm", "../x?y").path_with_query, "/..%2Fx%3Fy")

    def test_a_bad_url_is_named_with_what_it_should_be(self):
        for url in ("crm.example.com", "ftp://crm", "https://", "https://crm?a=b", "https://crm#a", "http://[crm"):
            with self.assertRaisesRegex(Unknown, "^loyalty_url is .*: give it as https://"):
                rules.target(url, CUSTOMER)


class Answers(unittest.TestCase):
    def test_a_level_and_its_discount_are_read(self):
        known = rules.loyalty(200, said(level="gold", discount_bp=750, since="2024"))
        self.assertEqual(known, Loyalty("gold", 750))

    def test_an_unknown_customer_has_no_loyalty(self):
        self.assertIsNone(rules.loyalty(404, b"whatever"))

    def test_any_other_status_is_no_answer(self):
        for status in (201, 204, 301, 400, 401, 429, 500, 503):
            with self.assertRaisesRegex(Unknown, f"^the CRM answered {status}$"):
                rules.loyalty(status, said(level="gold", discount_bp=750))

    def test_what_is_not_as_agreed_is_named(self):
        for body, reason in [
            (b"", "not JSON"),
            (b"<html>", "not JSON"),
            (b"\xff", "not JSON"),
            (b"[]", "level is None"),
            (said(discount_bp=1), "level is None"),
            (said(level=""), "level is ''"),
            (said(level="gold\nsilver"), "level is"),
            (said(level="x" * 41), "level is"),
            (said(level="gold"), "discount_bp is None"),
            (said(level="gold", discount_bp="750"), "discount_bp is '750'"),
            (said(level="gold", discount_bp=True), "discount_bp is True"),
            (said(level="gold", discount_bp=7.5), "discount_bp is 7.5"),
            (said(level="gold", discount_bp=-1), "discount_bp is -1"),
            (said(level="gold", discount_bp=10_001), "discount_bp is 10001"),
        ]:
            with self.assertRaisesRegex(Unknown, reason, msg=body):
                rules.loyalty(200, body)


class Discounts(unittest.TestCase):
    def test_a_part_is_taken_off_and_rounded_down(self):
        gold = Loyalty("gold", 750)
        self.assertEqual(rules.taken_off(gold, 200_000), ("Loyalty discount (gold)", -15_000))
        self.assertEqual(rules.taken_off(gold, 1_999), ("Loyalty discount (gold)", -149))
        self.assertEqual(rules.taken_off(Loyalty("x", 10_000), 2**63 - 1), ("Loyalty discount (x)", 1 - 2**63))

    def test_nothing_to_take_off_is_no_line(self):
        self.assertIsNone(rules.taken_off(None, 200_000))
        self.assertIsNone(rules.taken_off(Loyalty("none", 0), 200_000))
        self.assertIsNone(rules.taken_off(Loyalty("gold", 750), 13))

    def test_the_longest_level_makes_a_label_that_services_take(self):
        label, _ = rules.taken_off(Loyalty("x" * rules.LEVEL_CHARACTERS_MAX, 1), 10_000)
        self.assertLessEqual(len(label), 120)


if __name__ == "__main__":
    unittest.main()
