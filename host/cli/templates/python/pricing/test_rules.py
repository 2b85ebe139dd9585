import unittest

from rules import adjustment


class Adjustments(unittest.TestCase):
    def test_long_work_costs_less(self):
        self.assertEqual(adjustment(200_019, 10), -10_000)

    def test_short_work_and_work_without_minutes_cost_what_they_cost(self):
        self.assertIsNone(adjustment(200_000, 9))
        self.assertIsNone(adjustment(200_000, None))
        self.assertIsNone(adjustment(19, 10))


if __name__ == "__main__":
    unittest.main()
