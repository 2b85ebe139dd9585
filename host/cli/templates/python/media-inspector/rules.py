"""Reads the header of Sun audio files (`.au`). Pure: tested without a component."""

import struct

# Six numbers of 32 bits, the largest digit first.
HEADER = struct.Struct(">6I")
MAGIC = 0x2E736E64
# Linear samples of 16 bits.
LINEAR_16 = 3


def read(header: bytes) -> tuple[int, int, int | None] | None:
    """The sample rate, the channels and the bit depth; None when it is another kind of file, or a damaged one."""
    if len(header) < HEADER.size:
        return None
    magic, _, _, encoding, sample_rate_hz, channels = HEADER.unpack_from(header)
    if magic != MAGIC or not sample_rate_hz or not channels:
        return None
    return sample_rate_hz, channels, 16 if encoding == LINEAR_16 else None
