"""The export.

Put your provider's API in place of the vouchers; what a charge and its repetition mean is said in
`wit/deps/plugins/payment-gateway.wit`.
"""

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.payment_gateway_types import (
    Answer,
    ChargeOrder,
    Notice,
    Outcome_Declined,
    Outcome_Succeeded,
    RefundOrder,
    Webhook,
    WebhookRefusal_BadSignature,
)

from rules import refusal


class PaymentGateway(exports.PaymentGateway):
    def charge(self, order: ChargeOrder) -> Answer:
        """The answer hangs on the order alone, so that a charge that comes again has the same."""
        reason = refusal(order.token, order.amount)
        return Answer(f"charge-{order.reference}", Outcome_Declined(reason) if reason else Outcome_Succeeded(), "{}")

    def refund(self, order: RefundOrder) -> Answer:
        return Answer(f"refund-{order.reference}", Outcome_Succeeded(), "{}")

    def verify_webhook(self, webhook: Webhook, received_at: str) -> Notice:
        """Nobody signs anything here, so no webhook is genuine."""
        raise Err(WebhookRefusal_BadSignature("this gateway sends no webhooks"))

    def simulated_webhooks(self, order: ChargeOrder, sent_at: str) -> list[Webhook]:
        return []
