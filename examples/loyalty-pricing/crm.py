"""A GET with a time limit, by wasi:http 0.2.

What is taken from a resource has to be dropped before it, a stream before its body: `with` drops in that order.
"""

from componentize_py_types import Err, Ok
from wit_world.imports import monotonic_clock, outgoing_handler, poll
from wit_world.imports.poll import Pollable
from wit_world.imports.streams import InputStream, StreamError_Closed
from wit_world.imports.types import (
    Fields,
    FutureIncomingResponse,
    IncomingResponse,
    OutgoingRequest,
    Scheme_Http,
    Scheme_Https,
)

from rules import Target, Unknown

# From the first byte out to the last byte in: well below the two seconds that a call has.
TIME_LIMIT_MS = 1_200
ANSWER_BYTES_MAX = 16 << 10


def get(target: Target) -> tuple[int, bytes]:
    """The status and body of the answer; Unknown says why there is none."""
    try:
        request = OutgoingRequest(Fields())
        request.set_scheme(Scheme_Https() if target.scheme == "https" else Scheme_Http())
        request.set_authority(target.authority)
        request.set_path_with_query(target.path_with_query)
    except Err:
        raise Unknown(f"{target} is no address that can be asked") from None
    try:
        with (
            monotonic_clock.subscribe_duration(TIME_LIMIT_MS * 1_000_000) as deadline,
            outgoing_handler.handle(request, None) as answering,
            answered(answering, deadline) as response,
            response.consume() as body,
            body.stream() as stream,
        ):
            return response.status(), read(stream, deadline)
    except Err as error:
        # The case's name says it: `ErrorCode_ConnectionRefused`.
        raise Unknown(f"the CRM cannot be reached: {type(error.value).__name__.split('_')[-1]}") from None


def answered(answering: FutureIncomingResponse, deadline: Pollable) -> IncomingResponse:
    with answering.subscribe() as ready:
        wait(ready, deadline)
    match answering.get():
        case Ok(Ok(response)):
            return response
        case Ok(Err() as error):
            raise error
        case nothing:
            raise Unknown(f"the CRM's answer was promised, and then there was {nothing!r}")


def read(stream: InputStream, deadline: Pollable) -> bytes:
    content = b""
    while len(content) <= ANSWER_BYTES_MAX:
        with stream.subscribe() as ready:
            wait(ready, deadline)
        try:
            content += stream.read(ANSWER_BYTES_MAX)
        except Err as error:
            if isinstance(error.value, StreamError_Closed):
                return content
            raise Unknown("the CRM's answer broke off") from None
    raise Unknown(f"the CRM's answer is longer than {ANSWER_BYTES_MAX} bytes")


def wait(ready: Pollable, deadline: Pollable) -> None:
    """Waits until `ready` is; index 0 of both is it."""
    if 0 not in poll.poll([ready, deadline]):
        raise Unknown(f"the CRM did not answer within {TIME_LIMIT_MS} ms")
