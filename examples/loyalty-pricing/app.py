"""The component: settings and the contract."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import variables
from wit_world.imports.pricing_types import Basis, Line

import crm
import rules


class Pricing(exports.Pricing):
    def adjust(self, basis: Basis) -> list[Line]:
        # An estimate that nobody has asked for yet is nobody's.
        if basis.customer_id is None:
            return []
        try:
            status, body = crm.get(rules.target(loyalty_url(), basis.customer_id))
            line = rules.taken_off(rules.loyalty(status, body), basis.amount)
        except rules.Unknown as reason:
            raise Err(str(reason)) from None
        return [Line(*line)] if line else []


def loyalty_url() -> str:
    try:
        url = variables.get("loyalty_url")
    except Err as error:
        if not isinstance(error.value, variables.Error_Undefined):
            raise rules.Unknown(f"variable loyalty_url cannot be read: {error.value}") from None
        url = ""
    if not url:
        raise rules.Unknown("variable loyalty_url is not set")
    return url
