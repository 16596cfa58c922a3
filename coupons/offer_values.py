"""What offers are, column by column of a file: names turned into rows of ours, and back.

A value is kept as a file's column has it, except where it names something: a category and a photo
are their ids, stores, products and categories are sets of ids, brands are pairs of the brand and
the id of the category it is limited to, or None.
"""

import difflib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final

from coupons.importing.columns import BARCODE, BY_NAME, COLUMNS, LEVELS, RULES
from coupons.models import (
    Funder,
    Offer,
    OfferBarcode,
    OfferLevel,
    OfferProduct,
    OfferRule,
    Picture,
)
from pos_integration import catalogue, gtin
from pos_integration.models import Category, Product, Store
from pos_integration.tables.cells import CellError, Value

Values = dict[str, Any]
Brand = tuple[str, int | None]

LEVEL_FIELDS: Final = ("face_value", "percent", "price")
PRODUCTS: Final = ("products", "not_products")
CATEGORIES: Final = ("categories", "not_categories")
BRANDS: Final = ("brands", "not_brands")
LEVEL_COLUMNS: Final = tuple(f"level_{number}_{name}" for number in LEVELS for name in LEVEL_FIELDS)
# The columns that are a field of Offer each, under the field's name.
FIELDS: Final = tuple(
    column.name
    for column in COLUMNS
    if column.name not in ("category", "photo", "stores", *BARCODE, *RULES, *LEVEL_COLUMNS)
)
_MOST_SUGGESTED: Final = 50  # a wrong column of 50,000 brands is not worth minutes of likenesses


class Names:
    """What products, categories, brands, stores and funders are called, as of now."""

    def __init__(self) -> None:
        self.funders = set(Funder.objects.values_list("name", flat=True))
        self.photos = dict(Picture.objects.values_list("pk", "name"))
        self.stores = dict(Store.objects.values_list("pk", "number"))
        self.categories = _paths()
        self.products: dict[int, str] = {}
        self._photo_ids = {name: pk for pk, name in self.photos.items()}
        self._store_ids = {number: pk for pk, number in self.stores.items()}
        self._bare_stores = _by_key((number.lstrip("0"), pk) for pk, number in self.stores.items())
        # How a category may be written, the surest first.
        self._category_ids = (
            _by_key((path, pk) for pk, path in self.categories.items()),
            _by_key((_path_key(path), pk) for pk, path in self.categories.items()),
            _by_key((end, pk) for pk, path in self.categories.items() for end in _ends(path)),
        )
        brands = set(Product.objects.exclude(brand="").values_list("brand", flat=True).distinct())
        brands |= set(OfferRule.objects.exclude(brand="").values_list("brand", flat=True))
        self._brands = brands
        self._folded_brands = _by_key((brand.casefold(), brand) for brand in brands)
        self._product_ids: dict[str, int] = {}
        self._suggested: dict[str, str] = {}

    def learn_products(self, numbers: Collection[str]) -> None:
        """Find the products that `numbers`, as a file has them, stand for."""
        found = catalogue.known_products(numbers)
        # A number that a spreadsheet took for one has lost the zeros before it.
        padded = {
            number: number.zfill(12)
            for number in numbers
            if number not in found and number.isdecimal() and 6 <= len(number) <= 11
        }
        known = catalogue.known_products(set(padded.values())) if padded else {}
        found.update((number, known[whole]) for number, whole in padded.items() if whole in known)
        self._product_ids.update(found)

    def learn_numbers(self, products: Iterable[int]) -> None:
        """Find what products of these ids are numbered, to write them."""
        rows = Product.objects.filter(pk__in=set(products) - self.products.keys())
        for pk, number, code in rows.values_list("pk", "gtin", "code"):
            self.products[pk] = number or code or ""

    def meant(self, name: str, value: Any) -> Any:
        """Return what a file's `value` in the column `name` refers to. Raises CellError."""
        if name == "funder":
            return self._funder(value)
        if name == "category":
            return self._category(value) if value else None
        if name == "photo":
            return self._photo(value) if value else None
        if name == "stores":
            return frozenset(map(self._store, value))
        if name in PRODUCTS:
            return frozenset(map(self._product, value))
        if name in CATEGORIES:
            return frozenset(map(self._category, value))
        if name in BRANDS:
            return frozenset(map(self._brand, value))
        return value

    def written(self, name: str, value: Any) -> Value:
        """Return `value` of the column `name` as a file has it: the reverse of `meant`.

        Products are those whose numbers were learned.
        """
        if name == "category":
            return self.categories[value] if value else ""
        if name == "photo":
            return self.photos[value] if value else ""
        if name == "stores":
            return tuple(sorted(self.stores[pk] for pk in value))
        if name in PRODUCTS:
            return tuple(sorted(self.products[pk] for pk in value))
        if name in CATEGORIES:
            return tuple(sorted(self.categories[pk] for pk in value))
        if name in BRANDS:
            return tuple(sorted(self._brand_text(*brand) for brand in value))
        kept: Value = value
        return kept

    def text(self, name: str, value: Any) -> str:
        return BY_NAME[name].write(self.written(name, value))

    def _funder(self, text: str) -> str:
        if text not in self.funders:
            raise CellError(
                f"There is no funder '{text}'.{self._like(text, self.funders)} Add it first, or "
                "correct the name."
            )
        return text

    def _photo(self, name: str) -> int:
        if name not in self._photo_ids:
            raise CellError(
                f"No picture is called '{name}'.{self._like(name, self._photo_ids)} Upload it "
                "first, or correct the name."
            )
        return self._photo_ids[name]

    def _store(self, number: str) -> int:
        if number in self._store_ids:
            return self._store_ids[number]
        bare = self._bare_stores.get(number.lstrip("0"), [])
        if len(bare) != 1:
            raise CellError(f"There is no store '{number}'.{self._like(number, self._store_ids)}")
        pk: int = bare[0]
        return pk

    def _category(self, text: str) -> int:
        exact, folded, ends = self._category_ids
        key = _path_key(text)
        found = exact.get(text) or folded.get(key) or ends.get(key)
        if not found:
            raise CellError(
                f"There is no category '{text}'.{self._like(text, self.categories.values())}"
            )
        if len(found) > 1:
            paths = " or ".join(f"'{self.categories[pk]}'" for pk in found[:4])
            raise CellError(f"'{text}' may be {paths}: write the one that is meant.")
        pk: int = found[0]
        return pk

    def _brand(self, text: str) -> Brand:
        """A brand as the catalogue writes it, or one in a category: `Oatly @ Drinks`."""
        brand = self._known_brand(text)
        if brand is None and " @ " in text:
            before, _, category = text.rpartition(" @ ")
            brand = self._known_brand(before.strip())
            if brand is not None:
                return brand, self._category(category)
        if brand is None:
            raise CellError(f"No product has the brand '{text}'.{self._like(text, self._brands)}")
        return brand, None

    def _known_brand(self, text: str) -> str | None:
        folded = self._folded_brands.get(text.casefold(), [])
        if text in self._brands:
            return text
        return folded[0] if len(folded) == 1 else None

    def _brand_text(self, brand: str, category: int | None) -> str:
        return brand if category is None else f"{brand} @ {self.categories[category]}"

    def _product(self, number: str) -> int:
        if number in self._product_ids:
            return self._product_ids[number]
        if gtin.is_shaped(number):
            try:
                gtin.normal_form(number)
            except gtin.GtinError as error:
                raise CellError(f"{error}: a digit is wrong.") from error
        hint = " Numbers are parted by semicolons." if "," in number or " " in number else ""
        raise CellError(f"No product has the number '{number[:60]}'.{hint}")

    def _like(self, text: str, names: Iterable[str]) -> str:
        if text not in self._suggested:
            if len(self._suggested) >= _MOST_SUGGESTED:
                return ""
            near = difflib.get_close_matches(text, names, n=1)
            self._suggested[text] = f" Is '{near[0]}' meant?" if near else ""
        return self._suggested[text]


def empty_values() -> Values:
    """What an offer is of which a file says nothing yet."""
    values: Values = {column.name: column.empty for column in COLUMNS}
    values["category"] = values["photo"] = None
    for name in ("stores", *RULES):
        values[name] = frozenset()
    return values


def values_of(offers: Collection[Offer]) -> dict[int, Values]:
    """Return what each of `offers` is, by its id.

    An offer without rules is good on the products it was given one by one; one with rules, on
    what these say.
    """
    keys = [offer.pk for offer in offers]
    values = {offer.pk: empty_values() | _fields(offer) for offer in offers}
    sets: dict[int, dict[str, set[Any]]] = {key: defaultdict(set) for key in keys}
    for key, store in Offer.stores.through.objects.filter(offer__in=keys).values_list(
        "offer_id", "store_id"
    ):
        sets[key]["stores"].add(store)
    ruled = set()
    for rule in OfferRule.objects.filter(offer__in=keys):
        ruled.add(rule.offer_id)
        prefix = "not_" if rule.is_excluded else ""
        if rule.product_id:
            sets[rule.offer_id][f"{prefix}products"].add(rule.product_id)
        elif rule.brand:
            sets[rule.offer_id][f"{prefix}brands"].add((rule.brand, rule.category_id))
        else:
            sets[rule.offer_id][f"{prefix}categories"].add(rule.category_id)
    lines = OfferProduct.objects.filter(offer__in=set(keys) - ruled)
    for key, product in lines.values_list("offer_id", "product_id"):
        sets[key]["products"].add(product)
    for level in OfferLevel.objects.filter(offer__in=keys):
        for field in LEVEL_FIELDS:
            values[level.offer_id][f"level_{level.number}_{field}"] = getattr(level, field)
    for barcode in OfferBarcode.objects.filter(offer__in=keys):
        values[barcode.offer_id].update((name, getattr(barcode, name)) for name in BARCODE)
    for key, its in sets.items():
        values[key].update((name, frozenset(members)) for name, members in its.items())
    return values


def levels_of(values: Values) -> list[dict[str, Any]]:
    """The levels among `values`, each with the fields of OfferLevel and its number."""
    found = []
    for number in LEVELS:
        level = {field: values[f"level_{number}_{field}"] for field in LEVEL_FIELDS}
        if any(value is not None for value in level.values()):
            found.append({"number": number, **level})
    return found


def barcode_of(values: Values) -> dict[str, str] | None:
    """The barcode among `values` with the fields of OfferBarcode; None if they name none."""
    said = {name: values[name] or "" for name in BARCODE}
    return said if any(said[name] for name in BARCODE if name != "family_code") else None


def keep_barcode(values: Values, was: Values) -> None:
    """Printing may have given an offer its barcode: empty cells do not take that away."""
    if barcode_of(values) is None:
        values.update((name, was[name]) for name in BARCODE)


def fill_barcode(values: Values) -> None:
    """A barcode has a family code, and none has where there is no barcode."""
    values["family_code"] = (values["family_code"] or "000") if barcode_of(values) else None


def fill_levels(values: Values) -> None:
    """Where a level says its percent or price alone, it may come to as much as the one below."""
    below = values["face_value"]
    for level in levels_of(values):
        name = f"level_{level['number']}_face_value"
        if values[name] is None and (level["percent"] is not None or level["price"] is not None):
            values[name] = below
        below = values[name]


def rules_of(values: Values) -> list[dict[str, Any]]:
    """The rules among `values`, each with the fields of OfferRule except its offer."""
    rules: list[dict[str, Any]] = []
    for name in RULES:
        is_excluded = name.startswith("not_")
        for member in sorted(values[name], key=str):
            if name in PRODUCTS:
                rule = {"product_id": member}
            elif name in CATEGORIES:
                rule = {"category_id": member}
            else:
                rule = {"brand": member[0], "category_id": member[1]}
            rules.append({"is_excluded": is_excluded, **rule})
    return rules


def _fields(offer: Offer) -> Values:
    values: Values = {"category": offer.category_id, "photo": offer.photo_id}
    for name in FIELDS:
        value = offer.funder_id if name == "funder" else getattr(offer, name)
        if isinstance(value, str):
            value = value.strip().replace("\r\n", "\n")
        values[name] = value
    values["shared_code"] = values["shared_code"] or None
    return values


def _paths() -> dict[int, str]:
    """What each category is called, with all above it: 'Grocery > Drinks > Oat drinks'."""
    rows = {
        pk: (parent, name)
        for pk, parent, name in Category.objects.values_list("pk", "parent_id", "name")
    }
    paths = {}
    for pk in rows:
        names = []
        at: int | None = pk
        while at is not None:
            at, name = rows[at]
            names.append(name)
        paths[pk] = " > ".join(reversed(names))
    return paths


def _path_key(path: str) -> str:
    return ">".join(part.strip() for part in path.split(">")).casefold()


def _ends(path: str) -> Iterable[str]:
    key = _path_key(path)
    while ">" in key:
        _, _, key = key.partition(">")
        yield key


def _by_key(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)
