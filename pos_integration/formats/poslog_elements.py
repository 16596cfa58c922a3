"""The transactions of an XML stream of any length, one small tree at a time."""

from collections.abc import Iterator
from typing import Any
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped] # brings none
from defusedxml.expatreader import DefusedExpatParser  # type: ignore[import-untyped] # brings none

from pos_integration.formats.entries import (
    LONGEST_BASKET,
    PIECE,
    SHOWN_BYTES,
    Source,
    UnreadableError,
)

_DEEPEST = 500  # elements in elements
MOST_ELEMENTS = 100_000  # of one transaction; each takes many times its bytes in memory
_MOST_NAMES = 10_000  # of elements and attributes; the parser never forgets one


class Element:
    """An element by its local name: vendors' namespaces and prefixes differ, their words do not."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""  # without blanks around it

    def each(self, *names: str) -> Iterator["Element"]:
        """Yield the children with one of these names, in order."""
        return (child for child in self.children if child.name in names)

    def find(self, *path: str) -> "Element | None":
        """Return the first element at the end of `path`, which may fork on the way."""
        for child in self.children:
            if child.name == path[0]:
                found = child if len(path) == 1 else child.find(*path[1:])
                if found is not None:
                    return found
        return None

    def said(self, *path: str) -> str:
        """Return the text of `find(*path)`, or "" if there is none."""
        found = self.find(*path)
        return found.text if found is not None else ""

    def flag(self, name: str) -> bool:
        """Whether the attribute `name` says yes."""
        return self.attributes.get(name, "").strip().lower() in ("true", "1", "yes", "y")


class _Builder(ContentHandler):
    """Builds the tree of each Transaction, and nothing else."""

    def __init__(self, parser: Any) -> None:
        super().__init__()
        self.root = ""
        self.seen = 0
        self.done: list[tuple[int, int, Element | None]] = []  # first byte, that of the end tag
        self.begin: int | None = None  # where the open transaction starts
        self.start = b""  # of the last transaction that was too long
        self._parser = parser
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._depth = 0
        self._elements = 0  # of the open transaction
        self._outside = 0  # the depth at which the open transaction ends
        self._names: dict[str, str] = {}

    def place(self) -> int:
        """Where the parser stands, in bytes from the start."""
        index: int = self._parser._parser.CurrentByteIndex  # SAX itself tells lines and columns
        return index

    @property
    def builds(self) -> bool:
        """Whether a transaction is open, and not too long to be kept."""
        return bool(self._open)

    def drop(self) -> None:
        """Build no more of the open transaction: it is too long."""
        self._open.clear()
        self._texts.clear()

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX says so
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnreadableError("This XML is nested too deeply")
        local = self._names.get(name) or self._local(name)
        if self.begin is None:
            if self._depth == 1:
                self.root = local
            if local != "Transaction":
                return
            self.begin, self._outside = self.place(), self._depth - 1
            self._elements = 0
        elif not self._open:
            return
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            self.drop()
            return
        attributes = {}
        if len(attrs):
            attributes = {self._local(key): value for key, value in attrs.items()}
        element = Element(local, attributes)
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)
        self._texts.append([])

    def characters(self, content: str) -> None:
        if self._texts:
            self._texts[-1].append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX says so
        self._depth -= 1
        element = None
        if self._open:
            element = self._open.pop()
            element.text = "".join(self._texts.pop()).strip()
        if self.begin is not None and self._depth == self._outside:
            self.done.append((self.begin, self.place(), element))
            self.begin = None
            self.seen += 1

    def _local(self, name: str) -> str:
        local = self._names.get(name)
        if local is None:
            if len(self._names) >= _MOST_NAMES:
                raise UnreadableError(f"This XML has more than {_MOST_NAMES} names of elements")
            local = self._names[name] = name.rpartition(":")[2]
        return local


def transactions(source: Source) -> Iterator[tuple[bytes, Element | None]]:
    """Yield the bytes and the tree of every Transaction; no tree if it is too long.

    Raises UnreadableError where the bytes are no XML, have a document type or end too early.
    """
    parser = DefusedExpatParser(forbid_dtd=True)
    builder = _Builder(parser)
    parser.setContentHandler(builder)
    window, first = b"", 0  # the bytes still needed, and the place of the first of them
    ended = False
    while not ended:
        piece = source.read(PIECE)
        ended = not piece
        window += piece
        error = _feed(parser, piece)
        for begin, last, element in builder.done:
            end = window.find(b">", max(0, last - first)) + 1 or len(window)
            if begin < first:  # too long, and its bytes are gone
                yield builder.start, None
            else:
                yield window[begin - first : end], element
        builder.done.clear()
        if error:
            raise error
        if ended:
            break
        if builder.begin is not None and len(window) - (builder.begin - first) > LONGEST_BASKET:
            builder.drop()
        if builder.begin is not None and not builder.builds and builder.begin >= first:
            builder.start = window[builder.begin - first :][:SHOWN_BYTES]
        needed = builder.begin if builder.builds else builder.place()
        if needed is not None and needed > first:
            window, first = window[needed - first :], needed
        if len(window) > LONGEST_BASKET + PIECE:
            raise UnreadableError("This XML has no transaction for many million bytes")
    if not builder.root:
        raise UnreadableError("This is empty, not XML")
    if not builder.seen and builder.root != "POSLog":
        raise UnreadableError(f"This is no POSLog: it begins with <{builder.root[:40]}>")


def _feed(parser: Any, piece: bytes) -> UnreadableError | None:
    """Parse on, or end with an empty piece; return what is wrong with it."""
    try:
        if piece:
            parser.feed(piece)
        else:
            parser.close()
    except UnreadableError as error:
        return error
    except SAXParseException as error:
        return UnreadableError(
            f"This is not XML: {error.getMessage()} in line {error.getLineNumber()}"
        )
    except DefusedXmlException:
        return UnreadableError("This XML has a document type, which no POSLog needs")
    except (LookupError, ValueError) as error:  # an encoding that is not known, or wrong
        return UnreadableError(f"This is not XML: {error}")
    return None
