"""The way to a sheet without paper: a link that nobody can guess, signed with the chain's key."""

from django.core import signing

SALT = "coupons.sheet"


def token_of(sheet_id: int) -> str:
    """The part of a link that names a sheet; the same sheet always has the same one."""
    return signing.Signer(salt=SALT).sign(str(sheet_id))


def sheet_of(token: str) -> int | None:
    """The id of the sheet that a token names; None for a token that we did not make."""
    try:
        return int(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None


def address_of(home: str, sheet_id: int) -> str:
    """Where a sheet is to be read, below the chain's own address; "" where it has none."""
    return f"{home.rstrip('/')}/s/{token_of(sheet_id)}/" if home else ""
