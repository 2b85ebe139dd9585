"""The export."""

from wit_world import exports
from wit_world.imports.pricing_types import Basis, Line

from rules import LABEL, adjustment


class Pricing(exports.Pricing):
    def adjust(self, basis: Basis) -> list[Line]:
        taken = adjustment(basis.amount, basis.audio_minutes)
        return [] if taken is None else [Line(LABEL, taken)]
