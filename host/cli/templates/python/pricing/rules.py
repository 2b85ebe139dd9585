"""What is taken off. Pure: tested without a component."""

# What the customer reads.
LABEL = "Ten or more minutes"
MINUTES_MIN = 10


def adjustment(amount: int, audio_minutes: int | None) -> int | None:
    """Five percent, rounded down, off work on ten minutes and more, in minor units; None when nothing is taken off."""
    off = amount // 20
    if audio_minutes is None or audio_minutes < MINUTES_MIN or off <= 0:
        return None
    return -off
