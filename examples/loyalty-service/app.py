"""The component: what it exports, one function each."""

from datetime import datetime, timezone

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.consumer import Refusal_Reject, Refusal_Retry
from wit_world.imports.database import Error_Conflict, Error_Unavailable, Transaction
from wit_world.imports.mutrapro_events_types import Event
from wit_world.imports.mutrapro_http_types import Request, Response
from wit_world.imports.outbox import EmitError_Unavailable

import events
import routes

# What may be otherwise the next time.
PASSING = (Error_Conflict, Error_Unavailable, EmitError_Unavailable)


class Exchange(exports.Exchange):
    def handle(self, request: Request) -> Response:
        return routes.answer(request)


class Consumer(exports.Consumer):
    def handle(self, event: Event, tx: Transaction) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
        try:
            events.handle(event, tx, now)
        except ValueError as error:
            raise Err(Refusal_Reject(f"{event.kind}: {error}")) from error
        except Err as error:
            refusal = Refusal_Retry if isinstance(error.value, PASSING) else Refusal_Reject
            raise Err(refusal(str(error.value))) from error
