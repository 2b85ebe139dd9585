"""Who is asking. Pure: no bindings."""

from dataclasses import dataclass

from rules import uuid_or_none

GATEWAY = "api-gateway"


@dataclass(frozen=True)
class User:
    """The user on whose behalf the gateway sent a request."""

    user_id: str
    roles: frozenset[str]

    def is_any(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)


def user_of(headers: dict[str, str]) -> User | None:
    """The user that the gateway names.

    The host says which component calls and lets nobody else say so; what the gateway says of the user is believed because
    the gateway says it, and from any other caller it is ignored.
    """
    if headers.get("x-mutrapro-caller") != GATEWAY:
        return None
    user_id = uuid_or_none(headers.get("x-mutrapro-user", ""))
    if user_id is None:
        return None
    roles = headers.get("x-mutrapro-roles", "").split(",")
    return User(user_id, frozenset(role.strip() for role in roles))
