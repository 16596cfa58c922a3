"""What the log may hold: that a shopper's page was asked for, never the link that opens it."""

import logging
import re
from typing import Final

_LINK: Final = re.compile(r"/s/[^/\s?]+")


class LinkFilter(logging.Filter):
    """Takes the signed part out of shoppers' links: who reads the log could open them."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _LINK.search(message):
            record.msg, record.args = _LINK.sub("/s/...", message), ()
        return True
