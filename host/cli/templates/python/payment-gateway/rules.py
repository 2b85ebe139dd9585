"""Vouchers: means of payment that are worth what is written on them. Pure: tested without a component."""

import re


def worth(token: str) -> int | None:
    """The amount of a voucher such as `VOUCHER-200000`, in minor units; None when it is none."""
    found = re.fullmatch(r"VOUCHER-([1-9][0-9]{0,17})", token)
    return int(found[1]) if found else None


def refusal(token: str, amount: int) -> str | None:
    """Why a voucher does not pay for `amount`: a stable reason; None when it does."""
    own = worth(token)
    if own is None:
        return "invalid_voucher"
    return "insufficient_voucher" if own < amount else None
