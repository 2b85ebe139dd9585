"""What is answered to whom, with the problem details (RFC 9457) that the other services give."""

import json
from http import HTTPStatus

from componentize_py_types import Err
from wit_world.imports.database import Error_Unavailable
from wit_world.imports.mutrapro_http_types import Field, Request, Response

import openapi
import rules
import store
from identity import GATEWAY, User, user_of

ENTRIES_MAX = 20


class Problem(Exception):
    """Why a request is not answered as asked; `code` is stable, for programs."""

    def __init__(self, status: HTTPStatus, code: str, detail: str):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


def answer(request: Request) -> Response:
    headers = {field.name: field.value.decode("latin-1") for field in request.headers}
    try:
        return json_response(HTTPStatus.OK, "application/json", content(request, headers))
    except Problem as problem:
        return problem_response(problem, headers)
    except Err as error:
        if not isinstance(error.value, Error_Unavailable):
            # A mistake of this service: the trap costs this request alone, and the host logs it.
            raise
        unavailable = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable", "try again in a moment")
        return problem_response(unavailable, headers)


def content(request: Request, headers: dict[str, str]) -> dict:
    if request.method not in ("GET", "HEAD"):
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "the path has no such method")
    match request.path_with_query.partition("?")[0].split("/"):
        case ["", "loyalty", "me"]:
            return own_account(signed_in(headers))
        case ["", "loyalty", customer_id]:
            return account_of_customer(signed_in(headers), customer_id)
        case ["", "internal", "openapi.json"] if headers.get("x-mutrapro-caller") == GATEWAY:
            return openapi.DOCUMENT
        case _:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found", "there is no such path")


def signed_in(headers: dict[str, str]) -> User:
    user = user_of(headers)
    if user is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "not_authenticated", "log in, and send the access token")
    return user


def own_account(user: User) -> dict:
    """Whoever has paid nothing yet has an account with nothing in it."""
    nothing = {"customer_id": None, "points": 0, "level": rules.level_for(0), "updated_at": None}
    return with_entries(store.account_of_user(user.user_id) or nothing)


def account_of_customer(user: User, customer_id: str) -> dict:
    if not user.is_any("service_coordinator", "system_admin"):
        detail = "this is for service_coordinator or system_admin only"
        raise Problem(HTTPStatus.FORBIDDEN, "role_required", detail)
    customer_id = rules.uuid_or_none(customer_id)
    account = store.account_of_customer(customer_id) if customer_id else None
    if account is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", "there is no such account")
    return with_entries(account)


def with_entries(account: dict) -> dict:
    customer_id = account["customer_id"]
    return account | {"entries": store.last_entries(customer_id, ENTRIES_MAX) if customer_id else []}


def problem_response(problem: Problem, headers: dict[str, str]) -> Response:
    details = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    # W3C Trace Context: version, trace, parent and flags; the host sends one along with every request.
    traceparent = headers.get("traceparent", "").split("-")
    if len(traceparent) == 4:
        details["trace_id"] = traceparent[1]
    response = json_response(problem.status, "application/problem+json", details)
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers.append(Field("allow", b"GET, HEAD"))
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.append(Field("retry-after", b"1"))
    return response


def json_response(status: int, media_type: str, body: dict) -> Response:
    return Response(status, [Field("content-type", media_type.encode())], json.dumps(body).encode())
