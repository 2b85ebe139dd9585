"""This service's part of the application's OpenAPI document, which the gateway joins with the others'."""


def operation(summary: str, parameters: list, problems: dict[str, str]) -> dict:
    account = {"application/json": {"schema": {"$ref": "#/components/schemas/LoyaltyAccount"}}}
    responses = {"200": {"description": "The account with its last entries", "content": account}}
    for status, description in problems.items():
        problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Details"}}}
        responses[status] = {"description": description, "content": problem}
    return {"get": {"tags": ["loyalty"], "summary": summary, "parameters": parameters, "responses": responses}}


def nullable(kind: str, **more) -> dict:
    return {"type": [kind, "null"], **more}


def record(required: dict) -> dict:
    return {"type": "object", "properties": required, "required": list(required)}


UUID = {"type": "string", "format": "uuid"}
INSTANT = {"type": "string", "format": "date-time"}
AMOUNT = {"type": "integer", "format": "int64"}

ENTRY = record({
    "payment_id": UUID,
    "milestone_id": UUID,
    "amount": AMOUNT | {"description": "In minor units"},
    "currency": {"type": "string", "enum": ["VND", "USD", "EUR"]},
    "points": AMOUNT | {"description": "What the payment is worth, as long as it is not given back"},
    "refunded_at": nullable("string", format="date-time"),
    "created_at": INSTANT,
})
ACCOUNT = record({
    "customer_id": nullable("string", format="uuid", description="`null` for whoever has paid nothing yet"),
    "points": AMOUNT,
    "level": {"type": "string", "enum": ["none", "silver", "gold"]},
    "updated_at": nullable("string", format="date-time"),
    "entries": {"type": "array", "items": {"$ref": "#/components/schemas/LoyaltyEntry"}},
})
# As the other services describe it (RFC 9457).
DETAILS = record({
    "type": {"type": "string"},
    "title": {"type": "string"},
    "status": {"type": "integer", "format": "int32", "minimum": 0},
    "code": {"type": "string"},
    "detail": {"type": "string"},
})
CUSTOMER = {
    "name": "customer_id",
    "in": "path",
    "required": True,
    "schema": UUID,
    "description": "The customer's profile",
}
OF_ANYONE = "A customer's points and level, for coordinators and administrators"

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "loyalty-service", "version": "0.1.0"},
    "paths": {
        "/loyalty/me": operation("One's own points and level", [], {"401": "`not_authenticated`"}),
        "/loyalty/{customer_id}": operation(OF_ANYONE, [CUSTOMER], {
            "401": "`not_authenticated`",
            "403": "`role_required`",
            "404": "`not_found`",
        }),
    },
    "components": {"schemas": {"LoyaltyAccount": ACCOUNT, "LoyaltyEntry": ENTRY, "Details": DETAILS}},
}
