"""Made-up names and addresses, the same every time: plausible on paper, nobody's in fact. PURE."""

import hashlib
from typing import NamedTuple

_FIRST = (
    "Ada Alba Alma Anton Arlo August Beatrix Bruno Camille Casper Cleo Conrad Cora Dexter Dora "
    "Edith Edmund Elsa Emil Esme Felix Fern Flora Florian Freya Gemma Gus Hattie Hazel Hugo Ida "
    "Imogen Ines Iris Ivo Jasper Jonas Juniper Kit Lena Leopold Linus Lotte Luca Mabel Magnus "
    "Maren Matilda Milo Mina Nell Nico Noor Odette Olive Orla Oscar Otto Pearl Petra Quentin "
    "Ramona Remy Rosa Rufus Saskia Selma Silas Stella Tabitha Theo Tilda Ursula Vera Viola Wanda "
    "Wilfred Xenia Yara Zora"
).split()
_LAST = (
    "Applebarrow Barleycorn Breadlow Brightkettle Butterfield Candlewick Cloverdale Crumbleton "
    "Dillweed Driftwood Elderflower Fennelworth Figgins Gingerbread Gooseberry Hazelmere Honeywell "
    "Inkberry Jamworth Kettlewell Larkspur Lemonfield Loaflin Maplethorpe Marmalade Mintwood "
    "Muffinley Nettlebed Nutbrook Oatfield Oliveday Parsleyford Peppercorn Picklesworth Plumtree "
    "Porridgeham Quincewood Radishby Ryecroft Saltmarsh Sorrelby Spoonhill Strudelman Sugarloaf "
    "Teacakes Thymely Truffleton Turnipseed Vinegarden Walnutgrove Whiskerby Yeastwick"
).split()
_STREET = (
    "Almond Basil Biscuit Butterscotch Caraway Chestnut Cinnamon Coriander Custard Dumpling "
    "Gherkin Hazelnut Juniper Lavender Liquorice Marjoram Mulberry Nutmeg Paprika Pumpkin "
    "Rosemary Saffron Sesame Tamarind Tarragon Vanilla Walnut"
).split()
_WAY = ("Street", "Lane", "Avenue", "Road", "Court", "Way")
_TOWNS = (
    ("Exampleton", "00101"), ("Sampleford", "00214"), ("Mockingham", "00327"),
    ("Placeholder Falls", "00433"), ("Testbury", "00548"), ("Demoville", "00652"),
    ("Pretend Springs", "00761"), ("Fictional Heights", "00879"),
)  # fmt: skip


class Person(NamedTuple):
    name: str
    street: str
    postcode: str  # in a range that the post never gave out
    city: str
    region: str


def person(number: int) -> Person:
    """The made-up head of household `number` and where they would live."""
    digest = hashlib.sha256(f"household {number}".encode()).digest()
    first, last, street, way, town, house, offset = digest[:7]
    city, postcode = _TOWNS[town % len(_TOWNS)]
    return Person(
        name=f"{_FIRST[first % len(_FIRST)]} {_LAST[last % len(_LAST)]}",
        street=f"{1 + (house + 256 * digest[7]) % 899} {_STREET[street % len(_STREET)]} "
        f"{_WAY[way % len(_WAY)]}",
        postcode=f"{int(postcode) + offset % 40:05}",
        city=city,
        region="ZZ",
    )
