"""A service in Python that tries what it may not, and counts what it was told: `tests/languages.rs` is its audience.

What the host says to it comes back as `{"case": …, "text": …}` with the status 200, so that a test sees the very error
that a guest gets; the case is `ok` where the host let it pass.
"""

import json
import re
import uuid

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.consumer import Refusal_Reject, Refusal_Retry
from wit_world.imports import client, database, outbox
from wit_world.imports.database import Transaction, Value_Integer, Value_Null, Value_Text
from wit_world.imports.mutrapro_events_types import Event
from wit_world.imports.mutrapro_http_types import Field, Request, Response

FLOOD_BYTES = 64 << 20
CHUNK_BYTES = 1 << 20

# What is put here outlives its request.
kept = []


class Exchange(exports.Exchange):
    def handle(self, request: Request) -> Response:
        path = request.path_with_query.split("?")[0]
        route = ROUTES.get((request.method, path))
        if route is None:
            return answer(404, {"path": path})
        return route(request.body.decode())


class Consumer(exports.Consumer):
    def handle(self, event: Event, tx: Transaction) -> None:
        # Written first: with a refusal it has to be undone.
        try:
            tx.execute(
                "INSERT INTO sly_seen (event_id, aggregate_id) VALUES ($1, $2)",
                [Value_Text(event.id), Value_Text(event.aggregate_id)],
            )
        except Err as error:
            raise Err(Refusal_Retry(json.dumps(outcome(error)))) from error
        if "poison" in event.aggregate_id:
            raise Err(Refusal_Reject(f"{event.aggregate_id} is poison"))


def create(note: str) -> Response:
    """Writes a row and emits an event that tells of it."""
    item_id = str(uuid.uuid4())
    with transaction() as tx:
        insert(tx, item_id, note)
        outbox.emit(tx, "sly.created", "sly", item_id, json.dumps({"id": item_id}))
    return answer(201, {"id": item_id})


def count(_: str) -> Response:
    rows = database.query("SELECT count(*) FROM sly_items", []).rows
    return answer(200, {"count": rows[0][0].value})


def query(statement: str) -> Response:
    return attempt(lambda: json.dumps([[plain(value) for value in row] for row in database.query(statement, []).rows]))


def emit(kind: str) -> Response:
    def act() -> str:
        with transaction() as tx:
            return outbox.emit(tx, kind, "sly", "nobody", "{}")

    return attempt(act)


def call(component: str) -> Response:
    return attempt(lambda: str(client.send(component, Request("GET", "/", [], b"")).status))


def loop(_: str) -> Response:
    while True:
        pass


def trap(_: str) -> Response:
    raise RuntimeError("on purpose")


def hoard(_: str) -> Response:
    hoarded = []
    while True:
        hoarded.append(b"\x01" * CHUNK_BYTES)


def flood(_: str) -> Response:
    return Response(200, [], b"\x00" * FLOOD_BYTES)


def leave_open(note: str) -> Response:
    tx = database.begin()
    insert(tx, str(uuid.uuid4()), note)
    kept.append(tx)
    return Response(204, [], b"")


ROUTES = {
    ("POST", "/sly/items"): create,
    ("GET", "/sly/items"): count,
    ("POST", "/sly/query"): query,
    ("POST", "/sly/emit"): emit,
    ("POST", "/sly/call"): call,
    ("POST", "/sly/loop"): loop,
    ("POST", "/sly/trap"): trap,
    ("POST", "/sly/hoard"): hoard,
    ("POST", "/sly/flood"): flood,
    ("POST", "/sly/leave-open"): leave_open,
}


class transaction:
    """A transaction that commits at the end of the block, unless that raises.

    Not the binding's own `with`, which would drop what the commit has consumed; nor a generator, as contextlib writes to
    the exception that passes, and `Err` is frozen.
    """

    def __enter__(self) -> Transaction:
        self.tx = database.begin()
        return self.tx

    def __exit__(self, kind, error, traceback) -> None:
        if kind is None:
            Transaction.commit(self.tx)
        else:
            self.tx.__exit__(kind, error, traceback)


def insert(tx: Transaction, item_id: str, note: str) -> None:
    tx.execute("INSERT INTO sly_items (id, note) VALUES ($1, $2)", [Value_Text(item_id), Value_Text(note)])


def attempt(act) -> Response:
    try:
        return answer(200, {"case": "ok", "text": act()})
    except Err as error:
        return answer(200, outcome(error))


def outcome(error: Err) -> dict:
    """The case of an error as WIT names it, and its text: `Error_NotAllowed("x")` is `not-allowed` and `x`."""
    case = type(error.value).__name__.split("_")[1]
    return {
        "case": re.sub(r"(?<!^)(?=[A-Z])", "-", case).lower(),
        "text": str(getattr(error.value, "value", "")),
    }


def plain(value):
    if isinstance(value, Value_Null):
        return None
    return value.value if isinstance(value, (Value_Integer, Value_Text)) else repr(value)


def answer(status: int, body: dict) -> Response:
    return Response(status, [Field("content-type", b"application/json")], json.dumps(body).encode())
