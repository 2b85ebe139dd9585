"""What a note is. Pure: tested without a component."""

import json

# How long a note may be, in characters.
LENGTH_MAX = 1000


class Refused(Exception):
    """Why a request is not answered as asked."""

    def __init__(self, status: int, detail: str):
        super().__init__(detail)
        self.status, self.detail = status, detail


def read_note(body: bytes) -> str:
    """The text in the body of a request."""
    try:
        note = json.loads(body)
    except ValueError as error:
        raise Refused(422, f'send {{"text": "…"}}: {error}') from None
    if not isinstance(note, dict) or not isinstance(note.get("text"), str):
        raise Refused(422, 'send {"text": "…"}: text is missing')
    text = note["text"].strip()
    if not 1 <= len(text) <= LENGTH_MAX:
        raise Refused(422, f"text has {len(text)} characters: send 1 to {LENGTH_MAX}")
    return text
