import unittest

from rules import refusal


class Vouchers(unittest.TestCase):
    def test_a_voucher_pays_for_what_it_is_worth(self):
        self.assertIsNone(refusal("VOUCHER-200000", 200_000))
        self.assertEqual(refusal("VOUCHER-200000", 200_001), "insufficient_voucher")

    def test_anything_else_is_no_voucher(self):
        for token in ["", "200000", "VOUCHER-", "VOUCHER--1", "VOUCHER-0", "VOUCHER-99999999999999999999"]:
            self.assertEqual(refusal(token, 1), "invalid_voucher", token)


if __name__ == "__main__":
    unittest.main()
