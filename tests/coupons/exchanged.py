"""What of PDF/X-4 and PDF/VT-1 can be told from a file's objects: which rules it breaks."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pikepdf

_CODES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/pdf/1.3/": "pdf",
    "http://www.npes.org/pdfx/ns/id/": "pdfxid",
    "http://www.npes.org/pdfvt/ns/id/": "pdfvtid",
}
_RGB = {"rg", "RG"}
_NOT_FOR_PRINT = ("/OpenAction", "/AA", "/AcroForm", "/OCProperties", "/Names", "/Encrypt")


def said(pdf: pikepdf.Pdf) -> dict[str, str]:
    """Return what the XMP packet says, by prefix and name."""
    packet = pdf.Root.Metadata.read_raw_bytes().decode()
    says = {}
    for element in ElementTree.fromstring(packet).iter():
        space, _, name = element.tag[1:].partition("}")
        if space in _CODES:
            says[f"{_CODES[space]}:{name}"] = "".join(element.itertext()).strip()
    return says


def broken_rules(pdf: pikepdf.Pdf) -> list[str]:
    """Return every rule that the file breaks, in words; none if it keeps all that are checked."""
    return [*_whole(pdf), *_same_twice(pdf), *_pages(pdf), *_parts(pdf), *_objects(pdf)]


def _whole(pdf: pikepdf.Pdf) -> Iterator[str]:
    yield from pdf.check_pdf_syntax()
    root, says = pdf.Root, said(pdf)
    if pdf.pdf_version != "1.6":
        yield f"it is PDF {pdf.pdf_version}"
    if "/ID" not in pdf.trailer:
        yield "it has no ID"
    yield from (f"there is {key}" for key in _NOT_FOR_PRINT if key in root or key in pdf.trailer)
    if "/Filter" in root.Metadata:
        yield "the XMP packet is compressed"
    if says.get("pdfxid:GTS_PDFXVersion") != "PDF/X-4":
        yield "it does not say that it is PDF/X-4"
    if says.get("pdfvtid:GTS_PDFVTVersion") != "PDF/VT-1":
        yield "it does not say that it is PDF/VT-1"
    if says.get("pdfvtid:GTS_PDFVTModDate") != says["xmp:ModifyDate"]:
        yield "the date of its claim is not that of its last change"
    if says.get("xmpMM:VersionID") != "1" or says.get("xmpMM:RenditionClass") != "default":
        yield "version or rendition is missing"
    intents = [intent for intent in root.get("/OutputIntents", []) if intent.S == "/GTS_PDFX"]
    if len(intents) != 1:
        yield f"it has {len(intents)} output intents"
        return
    profile = intents[0].DestOutputProfile
    if profile.N != 4 or profile.read_bytes()[12:20] != b"prtrCMYK":
        yield "the profile is not of a CMYK press"
    if not str(intents[0].OutputConditionIdentifier):
        yield "the printing condition has no name"


def _same_twice(pdf: pikepdf.Pdf) -> Iterator[str]:
    """What stands both in the information dictionary and in the XMP packet."""
    info, says = pdf.docinfo, said(pdf)

    def date(text: str) -> str:
        return re.sub(r"D:(....)(..)(..)(..)(..)(..)Z", r"\1-\2-\3T\4:\5:\6Z", text)

    if str(info.get("/Trapped")) not in ("/True", "/False"):
        yield "nobody says whether it is trapped"
    for key, name in (
        ("/Title", "dc:title"),
        ("/Creator", "xmp:CreatorTool"),
        ("/Producer", "pdf:Producer"),
        ("/CreationDate", "xmp:CreateDate"),
        ("/ModDate", "xmp:ModifyDate"),
    ):
        if date(str(info.get(key))) != says.get(name):
            yield f"{key} is {info.get(key)}, {name} is {says.get(name)}"
    if str(info.get("/Trapped"))[1:] != says.get("pdf:Trapped"):
        yield "/Trapped and pdf:Trapped differ"


def _inside(inner: Any, outer: Any) -> bool:
    left, low, right, high = map(float, inner)
    return float(outer[0]) <= left < right <= float(outer[2]) and float(
        outer[1]
    ) <= low < high <= float(outer[3])


def _pages(pdf: pikepdf.Pdf) -> Iterator[str]:
    for place, page in enumerate(pdf.pages):
        own = page.obj
        if "/TrimBox" not in own or "/ArtBox" in own:
            yield f"page {place} has no TrimBox of its own, or an ArtBox too"
        elif not _inside(own.TrimBox, own.BleedBox) or not _inside(own.BleedBox, page.mediabox):
            yield f"page {place}: its boxes do not lie in each other"
        yield from (f"page {place} has {key}" for key in ("/Annots", "/AA", "/Group") if key in own)


def _parts(pdf: pikepdf.Pdf) -> Iterator[str]:
    """One part a household, in order; each page in one; all on the level of records."""
    tree = pdf.Root.get("/DPartRoot")
    if tree is None:
        yield "there are no document parts"
        return
    numbers = {page.obj.objgen: place for place, page in enumerate(pdf.pages)}
    covered: list[int] = []
    for level, part, parent in _walk(tree.DPartRootNode, tree, 0):
        if part.Parent.objgen != parent.objgen:
            yield f"a part of level {level} names another parent"
        if level >= len(tree.NodeNameList):
            yield f"level {level} has no name"
        if "/Start" in part:
            if level != tree.RecordLevel:
                yield f"a household stands on level {level}"
            pages = range(numbers[part.Start.objgen], numbers[part.End.objgen] + 1)
            covered += pages
            for place in pages:
                if pdf.pages[place].obj.DPart.objgen != part.objgen:
                    yield f"page {place} names another part"
        elif sum(map(len, part.DParts)) == 0:
            yield f"a part of level {level} is empty"
    if covered != list(range(len(pdf.pages))):
        yield "the parts are not the pages, one after the other"


def _walk(part: Any, parent: Any, level: int) -> Iterator[tuple[int, Any, Any]]:
    yield level, part, parent
    for row in part.get("/DParts", []):
        for child in row:
            yield from _walk(child, part, level + 1)


def _objects(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Fonts are inside, nothing is see-through, nothing comes from elsewhere, no RGB is left."""
    for made in pdf.objects:
        if not isinstance(made, pikepdf.Dictionary | pikepdf.Stream):
            continue
        kind, subtype = made.get("/Type"), made.get("/Subtype")
        has_outlines = kind == "/Font" and subtype in ("/TrueType", "/CIDFontType2")
        if has_outlines and "/FontFile2" not in made.get("/FontDescriptor", {}):
            yield f"the font {made.BaseFont} is not inside"
        if kind == "/Font" and subtype in ("/TrueType", "/Type0") and "/ToUnicode" not in made:
            yield f"text in {made.BaseFont} cannot be copied"
        for key in ("/SMask", "/ca", "/CA", "/BM", "/TR", "/HTP", "/OPI", "/Alternates", "/Ref"):
            if key in made:
                yield f"an object has {key}"
        if isinstance(made, pikepdf.Stream):
            if "/F" in made or "LZW" in str(made.get("/Filter")) or subtype == "/PS":
                yield "a stream is elsewhere, or packed as none may be"
            if subtype == "/Image" and made.get("/ColorSpace") == "/DeviceRGB":
                yield "a picture is in RGB"
            if subtype == "/Form" and "/Group" in made:
                yield "a form is a group of its own"
    drawn = [page.obj for page in pdf.pages]
    forms = {
        form.objgen: form
        for page in pdf.pages
        for form in page.resources.get("/XObject", {}).values()
        if form.Subtype == "/Form"
    }
    for stream in (*drawn, *forms.values()):
        if any(str(step.operator) in _RGB for step in pikepdf.parse_content_stream(stream)):
            yield "something is painted in RGB"
