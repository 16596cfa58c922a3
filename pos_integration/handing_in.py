"""A file of sales that staff hand in: what kind it is, told from its name and its first bytes."""

from pathlib import PurePath
from typing import Final

from django.utils.translation import gettext as _

BY_NAME: Final = {
    ".csv": "text/csv",
    ".txt": "text/csv",
    ".xml": "application/xml",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
}
JSON_FEEDS: Final = (
    "application/json",
    "application/vnd.square+json",
    "application/vnd.lightspeed-x+json",
    "application/vnd.loyverse+json",
    "application/vnd.shopify+json",
)
HEAD_BYTES: Final = 4_096
_WRONG: Final = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "Excel, Word, ZIP"),
    (b"\xd0\xcf\x11\xe0", "Excel, Word"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x1f\x8b", "gzip"),
)


class WrongFileError(ValueError):
    """A file that cannot be a till's sales; the message says why, and what is wanted."""


def media_type_of(name: str, head: bytes, said: str = "") -> str:
    """Return the media type of a file by what staff said of it, or else by its name.

    head: its first HEAD_BYTES; said: a media type, "" where staff left it to the name
    Raises WrongFileError where the bytes are plainly of something else.
    """
    if not head.strip():
        raise WrongFileError(_("The file is empty."))
    for magic, kind in _WRONG:
        if head.startswith(magic):
            raise WrongFileError(
                _(
                    "This is a file of another kind (%(kind)s). Wanted are a till's sales as CSV, "
                    "XML (POSLog) or JSON."
                )
                % {"kind": kind}
            )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        raise WrongFileError(_("The file is not in UTF-8. Save it as UTF-8 and try again."))
    media_type = said or BY_NAME.get(PurePath(name).suffix.lower(), "")
    if not media_type:
        raise WrongFileError(
            _("'%(name)s' does not say what it is. Choose it under 'What it is'.")
            % {"name": name[:80]}
        )
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    looks = "xml" if start == b"<" else "json" if start in b"{[" else "csv"
    wants = media_type.rpartition("/")[2].rpartition("+")[2].removeprefix("x-nd")
    if looks != wants:
        raise WrongFileError(
            _("It should be %(wants)s and begins like %(looks)s. Is it the right file?")
            % {"wants": wants.upper(), "looks": looks.upper()}
        )
    return media_type
