"""The data set's shorthand in words a shopper reads. PURE."""

import re
from functools import cache

# A type that says little without its category.
_BARE = {"PREMIUM", "BLENDS", "DRESSINGS", "FURNITURE", "BRUSHES", "HAM", "JUICE", "REGULAR"}
_NAMES = {
    "ALL FABRIC LIQUID BLEACH": "Bleach for all fabrics",
    "ALL FAMILY CEREAL": "Family breakfast cereal",
    "ANTI-ACIDS": "Antacids",
    "AUTO DISH DETERGENT - GEL": "Dishwasher gel",
    "BITS & MORSELS": "Chocolate baking morsels",
    "BUTTER SPRAY CRACKER (RITZ/CLU": "Butter crackers",
    "CAN DOGFD GOURMET/SUPER PREM (": "Gourmet dog food in cans",
    "CANS SOUP/CHILI": "Soup and chili",
    "CHILI SAUCE COCKTAIL SAUCE": "Chili and cocktail sauce",
    "CONSUMER BUNCH (NON-ROSE)": "Fresh cut flowers",
    "CRANAPPLE CRAN GRAPE JUICE (5": "Cranberry juice blends",
    "DAIRY CASE 100% PURE JUICE - O": "Chilled orange juice",
    "DESIGNER PAPER: MEDIUM WEIGHT": "Patterned paper plates",
    "DISPOSABLE FD STORAGE CONTAINR": "Food storage boxes",
    "DRY CAT FOOD SUP PREM (ONE/NUT": "Premium dry cat food",
    "DRY DOG FOOD PREMIUM (ALPO/PUR": "Dry dog food",
    "DRY DOG FOOD SUPER PREM (ONE/N": "Premium dry dog food",
    "EGG NOG/BOILED CUSTARD": "Egg nog",
    "EGGS - LARGE": "Large eggs",
    "FLOOR - HARD SURFACE": "Floor care for hard floors",
    "FLUID MILK WHITE ONLY": "Fresh milk",
    "FOOD-MAGAZINE": "Food magazine",
    "FRUIT COCKTAIL FRUIT SALAD": "Fruit cocktail",
    "FRUIT DRINKS: CANNED & GLASS (": "Fruit drinks",
    "FRZN BAGGED VEGETABLES - PLAIN": "Frozen vegetables",
    "FRZN BAGGED VEGETABLES- VALUE": "Frozen vegetables with a twist",
    "FRZN BOXED VEGETABLES- VALUE A": "Frozen vegetables in sauce",
    "FRZN BRD STICK/PORTON": "Frozen fish sticks",
    "FRZN BREAKFAST ENTREES/SANDWIC": "Frozen breakfast sandwiches",
    "FRZN CONC ALLIEDS OVER 50% JUI": "Frozen juice concentrate",
    "FRZN MULTI SERVE ENTREES ALL": "Frozen family meals",
    "FRZN PASTRY&COOKIES": "Frozen pastry and cookies",
    "FRZN PIE SHELLS PASTRY SHELL": "Frozen pie shells",
    "FRZN SS PREMIUM ENTREES/DNRS/N": "Frozen meals for one",
    "FRZN SS PREMIUM ENTREES/DNRS/T": "Frozen dinners for one",
    "GARBAGE KITCHEN COMPACTOR BA": "Kitchen bin bags",
    "GENERAL EYE CARE": "Eye care",
    "GRAVY CAN/GLASS": "Gravy",
    "HAM - SPIRAL": "Spiral ham",
    "HOT CHOCOLATE COCOA MIX": "Hot chocolate",
    "ICE CREAM SANDWICHES": "Ice cream sandwiches",
    "IWS SINGLE CHEESE": "Sliced cheese",
    "JUICE (UNDER 10% JUICE)": "Juice drinks",
    "KIDS CEREAL": "Children's cereal",
    "LAYER CAKE MIX": "Cake mix",
    "LINKS - RAW": "Breakfast sausage links",
    "MACARONI & CHEESE DNRS": "Macaroni and cheese",
    "MEAT: SAUS DRY PPK/PRSLC": "Sliced salami",
    "MEXICAN SAUCESSALSAPICANTEE": "Salsa",
    "MISC REFRIG DOUGH PRODUCTS": "Chilled dough",
    "MISCELLANEOUS PACKAGE MIXES": "Baking mixes",
    "NON-CARB FLVRD DRNKNG/MNRL WAT": "Flavoured still water",
    "NON-CRBNTD DRNKING/MNERAL WATE": "Still mineral water",
    "ORIENTAL OTHER SAUCES MARINAD": "Asian sauces and marinades",
    "OTHER CITRUS JUICES (50% AND U": "Citrus juice",
    "PLASTIC/HEAVY PAPER PREM PLATE": "Sturdy party plates",
    "REFRIGERATED BISCUITS REGULAR": "Chilled biscuits",
    "REFRIGERATED COFFEE CREAMERS": "Coffee creamer",
    "REFRIGERATED SPECILATY ROLLS": "Chilled rolls to bake",
    "RICE - INSTANT & MICROWAVE": "Quick rice",
    "SEMI-SOLID SALAD DRESSING MAY": "Mayonnaise",
    "SNACK NUT(BAG)": "Nuts in the bag",
    "SNACKS/APPETIZERS": "Frozen pizza snacks",
    "SOFT DRINKS 12/18&15PK CAN CAR": "Soft drinks, 12 cans and up",
    "SOFT LENS - CHEMICAL": "Contact lens care",
    "SOLID/STK DEODORANTS": "Stick deodorant",
    "SOUP CRACKERS (SALTINE/OYSTER)": "Soup crackers",
    "TOMATOES: STEWED/DICED/CRMD": "Tomatoes in cans",
    "VITAMIN - NON HERBAL SUPPLEMEN": "Food supplements",
    "YOGURT NOT MULTI-PACKS": "Yogurt",
}
_TOKENS = {
    "asst": "assorted", "bg": "bags", "bkd": "baked", "brkfst": "breakfast", "brd": "breaded",
    "btr": "butter", "choc": "chocolate", "ckys": "cookies", "cleang": "cleaning",
    "cndy": "candy", "conc": "concentrate", "crkr": "crackers", "dnr": "dinner",
    "dnrs": "dinners", "drnk": "drinks", "drnks": "drinks", "drsng": "dressing", "dsh": "dishes",
    "fd": "food", "flvrd": "flavoured", "frt": "fruit", "frzn": "frozen", "jce": "juice",
    "mfg": "made", "misc": "other", "mixs": "mixes", "mw": "microwave", "mxs": "mixes",
    "pkgd": "packed", "pkld": "pickled", "pnt": "peanut", "prod": "products",
    "refrgratd": "chilled", "refrig": "chilled", "refrigerated": "chilled", "sald": "salad",
    "sherbts": "sherbets", "sndwch": "sandwich", "snks": "snacks", "sprd": "spreads",
    "stk": "stick", "sweetners": "sweeteners", "tiss": "tissues", "trsh": "trash",
    "veg": "vegetables", "whlsm": "wholesome", "wtr": "water",
}  # fmt: skip

# What a coupon for a whole range is for, and its picture, by the category that most of its sales
# have.
_GREENS = ("Fruit and vegetables", "apple")
_DAIRY = ("Milk, cheese and yogurt", "milk")
_FROZEN = ("Frozen food", "frozen")
_CARE = ("Health, beauty and baby", "baby")
_RANGES = {
    "BABY FOODS": _CARE,
    "BEEF": ("Fresh meat", "meat"),
    "CHEESE": _DAIRY,
    "FLUID MILK PRODUCTS": _DAIRY,
    "FROZEN PIZZA": _FROZEN,
    "FRZN MEAT/MEAT DINNERS": _FROZEN,
    "HAIR CARE PRODUCTS": _CARE,
    "MAKEUP AND TREATMENT": _CARE,
    "PROCESSED": _GREENS,
    "TROPICAL FRUIT": _GREENS,
}


def range_of(category: str) -> tuple[str, str]:
    """Name a whole range of products by the category that sells most in it, with its picture's
    key, which is empty for a category of no known range.
    """
    return _RANGES.get(category) or (f"{plain(category)} and more", "")


@cache
def plain(text: str) -> str:
    """Write shorthand out: lower case but for the first letter, abbreviations as words.

    >>> plain("FRZN NOVELTIES/WTR ICE")
    'Frozen novelties or water ice'
    """
    if text in _NAMES:
        return _NAMES[text]
    spaced = re.sub(r"\(.*?(\)|$)", " ", text.lower()).replace("&", " and ").replace("/", " or ")
    spaced = re.sub(r"\s*:\s*|\s+-\s+|-\s", ", ", spaced)
    words = [_TOKENS.get(word.strip(".,"), word) for word in spaced.split()]
    joined = re.sub(r"\s+,", ",", " ".join(words)).strip(" ,")
    return joined[:1].upper() + joined[1:]


def item_name(kind: str, category: str) -> str:
    """Name what is sold by its type, and by its category too where the type says little."""
    if kind in _BARE and kind != category:
        return f"{plain(category)}, {plain(kind).lower()}"
    return plain(kind)


def size_text(size: str) -> str:
    """A pack size as printed: '16 OZ' becomes '16 oz'; anything odd is left out."""
    tidy = size.strip().lower()
    return tidy if re.fullmatch(r"[0-9][0-9./ ]* ?[a-z][a-z ]*", tidy) else ""
