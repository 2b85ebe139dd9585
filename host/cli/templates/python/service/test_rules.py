import json
import unittest

from rules import LENGTH_MAX, Refused, read_note


class Notes(unittest.TestCase):
    def test_a_note_is_kept_without_the_space_around_it(self):
        self.assertEqual(read_note(b'{"text": " hello "}'), "hello")

    def test_what_is_no_note_is_refused_by_name(self):
        long = json.dumps({"text": "x" * (LENGTH_MAX + 1)}).encode()
        for body, part in [(b"", "text"), (b'{"text": " "}', "0 characters"), (long, "1001"), (b'{"txt": ""}', "missing")]:
            with self.subTest(body=body), self.assertRaises(Refused) as raised:
                read_note(body)
            self.assertEqual(raised.exception.status, 422)
            self.assertIn(part, raised.exception.detail)


if __name__ == "__main__":
    unittest.main()
