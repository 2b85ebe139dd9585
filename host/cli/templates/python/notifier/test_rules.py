import unittest

from rules import line


class Lines(unittest.TestCase):
    def test_a_notification_is_one_line(self):
        written = line("Lan Trần", "Payment due", "Please pay\nthe deposit.")
        self.assertEqual(written, "to Lan Trần: Payment due. Please pay the deposit.")


if __name__ == "__main__":
    unittest.main()
