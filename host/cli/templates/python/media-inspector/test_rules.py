import unittest

from rules import HEADER, LINEAR_16, MAGIC, read


def header(encoding: int, rate: int, channels: int) -> bytes:
    return HEADER.pack(MAGIC, HEADER.size, 0xFFFFFFFF, encoding, rate, channels)


class Headers(unittest.TestCase):
    def test_a_header_says_what_the_recording_is(self):
        self.assertEqual(read(header(LINEAR_16, 44_100, 2)), (44_100, 2, 16))

    def test_other_and_damaged_files_are_not_known(self):
        self.assertIsNone(read(b"RIFF" * 6))
        self.assertIsNone(read(header(LINEAR_16, 44_100, 0)))
        self.assertIsNone(read(header(LINEAR_16, 44_100, 2)[:23]))


if __name__ == "__main__":
    unittest.main()
