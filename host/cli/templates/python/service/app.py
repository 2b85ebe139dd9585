"""The component: keeps notes, says so with an event, and handles that event."""

import json
import uuid

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.consumer import Refusal_Reject, Refusal_Retry
from wit_world.imports import database, outbox
from wit_world.imports.database import Error_Conflict, Error_Unavailable, Transaction, Value_Text
from wit_world.imports.mutrapro_events_types import Event
from wit_world.imports.mutrapro_http_types import Field, Request, Response

from rules import Refused, read_note


class Exchange(exports.Exchange):
    def handle(self, request: Request) -> Response:
        try:
            status, content = route(request)
        except Refused as refused:
            # Problem details, RFC 9457.
            problem = {"status": refused.status, "detail": refused.detail}
            return response(refused.status, "application/problem+json", problem)
        return response(status, "application/json", content)


class Consumer(exports.Consumer):
    def handle(self, event: Event, tx: Transaction) -> None:
        """Committed together with the mark that the event was handled: its effect is there exactly once."""
        try:
            changed = tx.execute(
                "UPDATE sample_name_notes SET handled = TRUE WHERE id = $1",
                [Value_Text(event.aggregate_id)],
            )
        except Err as error:
            # What is raised as `Err` becomes the error of the contract's `result`.
            raise Err(Refusal_Retry(str(error.value))) from None
        if changed != 1:
            raise Err(Refusal_Reject(f"there is no note {event.aggregate_id}"))


def route(request: Request) -> tuple[int, object]:
    if request.path_with_query.partition("?")[0] != "/sample-name":
        raise Refused(404, "there is nothing at this path")
    try:
        match request.method:
            case "GET":
                return 200, list_notes()
            case "POST":
                return 201, create(read_note(request.body))
            case _:
                raise Refused(405, "send GET or POST")
    except Err as error:
        if isinstance(error.value, (Error_Conflict, Error_Unavailable)):
            raise Refused(503, "the database is busy: try again") from None
        # Anything else is a trap, which costs this request alone.
        raise


def create(text: str) -> dict:
    note_id = str(uuid.uuid4())
    tx = database.begin()
    try:
        tx.execute(
            "INSERT INTO sample_name_notes (id, text, handled) VALUES ($1, $2, FALSE)",
            [Value_Text(note_id), Value_Text(text)],
        )
        outbox.emit(tx, "sample_name.created", "sample_name", note_id, json.dumps({"id": note_id}))
    except Err:
        # Rolls back. After a commit there is nothing to drop, so `with` would be one too many.
        tx.__exit__(None, None, None)
        raise
    Transaction.commit(tx)
    return {"id": note_id, "text": text, "handled": False}


def list_notes() -> list[dict]:
    found = database.query("SELECT id, text, handled FROM sample_name_notes ORDER BY id LIMIT 100", [])
    return [dict(zip(found.columns, (value.value for value in row))) for row in found.rows]


def response(status: int, content_type: str, content: object) -> Response:
    return Response(status, [Field("content-type", content_type.encode())], json.dumps(content).encode())
