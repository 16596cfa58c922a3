"""Which picture stands for a product: chosen from the words of the chain's own product tree.

Trees differ from chain to chain, so nothing here knows one by heart. Telling words ("yoghurt",
"shampoo") are looked for first in the category, then in the product type, then in the
department; broad ones ("dairy", "frozen") only when no telling word was found. Words are matched
at their beginning, so that "carrot" finds CARROTS, and abbreviations common on US shelves count.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Picture:
    """A line icon (its Tabler name), the colour of its lines, and the tint it stands on."""

    icon: str
    line: str
    tint: str


_BROWN: Final = ("#7a4a2b", "#f6ede7")
_WHEAT: Final = ("#b8722a", "#fbf1e2")
_YELLOW: Final = ("#b98a06", "#fdf5d9")
_ORANGE: Final = ("#cf6414", "#fdeede")
_RED: Final = ("#c2503a", "#fdeae6")
_ROSE: Final = ("#b83f6b", "#fbe9f0")
_VIOLET: Final = ("#7048b6", "#f0eafa")
_BLUE: Final = ("#2469b3", "#e8f1fb")
_ICE: Final = ("#2f86b5", "#e5f3fa")
_TEAL: Final = ("#2b7f8c", "#e3f2f4")
_GREEN: Final = ("#3f8f2f", "#ebf5e6")
_LEAF: Final = ("#5a8f35", "#eff6e7")
_SLATE: Final = ("#566372", "#edf0f3")

FALLBACK: Final = "basket"

PICTURES: Final[dict[str, Picture]] = {
    key: Picture(icon, *colours)
    for key, icon, colours in (
        # fruit, vegetables, flowers
        ("apple", "apple", _GREEN),
        ("avocado", "avocado", _GREEN),
        ("berries", "cherry", _ROSE),
        ("carrot", "carrot", _ORANGE),
        ("citrus", "lemon", _ORANGE),
        ("melon", "melon", _LEAF),
        ("tropical", "carambola", _YELLOW),
        ("mushroom", "mushroom", _BROWN),
        ("pepper", "pepper", _RED),
        ("salad", "salad", _LEAF),
        ("vegetables", "leaf", _LEAF),
        ("herbs", "plant-2", _GREEN),
        ("flowers", "flower", _ROSE),
        ("plants", "plant", _GREEN),
        ("garden", "shovel", _LEAF),
        # bread and breakfast
        ("bread", "bread", _WHEAT),
        ("baguette", "baguette", _WHEAT),
        ("cake", "cake", _ROSE),
        ("cookie", "cookie", _WHEAT),
        ("cereal", "bowl-spoon", _WHEAT),
        ("flour", "grain", _WHEAT),
        ("honey", "droplet-half", _YELLOW),
        # dairy and eggs
        ("milk", "milk", _BLUE),
        ("cheese", "cheese", _YELLOW),
        ("eggs", "eggs", _WHEAT),
        ("yogurt", "bowl-spoon", _BLUE),
        # meat and fish
        ("meat", "meat", _RED),
        ("poultry", "meat", _ORANGE),
        ("pork", "pig", _ROSE),
        ("sausage", "sausage", _RED),
        ("burger", "burger", _WHEAT),
        ("fish", "fish", _RED),
        # larder and ready meals
        ("soup", "soup", _ORANGE),
        ("noodles", "bowl-chopsticks", _YELLOW),
        ("rice", "bowl", _WHEAT),
        ("sauce", "bottle", _RED),
        ("oil", "droplet", _YELLOW),
        ("salt", "salt", _SLATE),
        ("pizza", "pizza", _RED),
        ("dumpling", "dumpling", _TEAL),
        ("meal", "tools-kitchen-2", _TEAL),
        ("frozen", "snowflake", _ICE),
        ("ice cream", "ice-cream-2", _ROSE),
        ("popsicle", "ice-cream", _ICE),
        # sweets and snacks
        ("candy", "candy", _VIOLET),
        ("snacks", "paper-bag", _ORANGE),
        ("nuts", "grain", _BROWN),
        # drinks
        ("coffee", "coffee", _BROWN),
        ("tea", "teapot", _GREEN),
        ("cocoa", "mug", _BROWN),
        ("juice", "glass-full", _ORANGE),
        ("soda", "cup", _RED),
        ("water", "droplets", _ICE),
        ("energy", "barbell", _BLUE),
        ("beer", "beer", _YELLOW),
        ("wine", "glass", _ROSE),
        ("spirits", "glass-cocktail", _VIOLET),
        # household
        ("laundry", "wash", _TEAL),
        ("dishes", "sparkles", _TEAL),
        ("cleaning", "spray", _TEAL),
        ("broom", "bucket", _TEAL),
        ("paper", "toilet-paper", _BLUE),
        ("trash", "trash", _SLATE),
        ("kitchen", "tools-kitchen", _SLATE),
        ("glassware", "glass-full", _SLATE),
        ("candle", "candle", _VIOLET),
        ("air care", "leaf", _TEAL),
        ("bulb", "bulb", _YELLOW),
        ("battery", "battery-3", _SLATE),
        ("tools", "hammer", _SLATE),
        ("car", "car", _SLATE),
        ("fuel", "gas-station", _SLATE),
        ("grill", "grill", _RED),
        ("insects", "bug", _SLATE),
        ("home", "armchair", _BROWN),
        ("appliance", "blender", _SLATE),
        ("sewing", "needle-thread", _VIOLET),
        # body and health
        ("hair", "scissors", _VIOLET),
        ("bath", "bath", _ICE),
        ("soap", "hand-sanitizer", _ICE),
        ("teeth", "dental", _ICE),
        ("razor", "razor", _SLATE),
        ("perfume", "perfume", _ROSE),
        ("beauty", "sparkles", _ROSE),
        ("sun", "sun", _YELLOW),
        ("pill", "pill", _TEAL),
        ("syrup", "medicine-syrup", _TEAL),
        ("first aid", "first-aid-kit", _RED),
        ("bandage", "bandage", _WHEAT),
        ("care", "heart", _ROSE),
        ("eyes", "eyeglass", _SLATE),
        ("fitness", "barbell", _TEAL),
        # families and pets
        ("baby", "baby-carriage", _ICE),
        ("baby bottle", "baby-bottle", _ICE),
        ("dog", "dog", _BROWN),
        ("cat", "cat", _ORANGE),
        ("bird", "feather", _LEAF),
        ("paw", "paw", _BROWN),
        ("toy", "horse-toy", _VIOLET),
        # everything else
        ("clothes", "shirt", _BLUE),
        ("socks", "sock", _BLUE),
        ("shoes", "shoe", _BROWN),
        ("umbrella", "umbrella", _BLUE),
        ("books", "books", _BROWN),
        ("news", "news", _SLATE),
        ("pencil", "pencil", _YELLOW),
        ("film", "disc", _VIOLET),
        ("camera", "camera", _SLATE),
        ("phone", "device-mobile", _SLATE),
        ("clock", "clock", _SLATE),
        ("ball", "ball-football", _GREEN),
        ("gift", "gift", _ROSE),
        ("gift card", "gift-card", _ROSE),
        ("balloon", "balloon", _ROSE),
        ("party", "confetti", _VIOLET),
        ("christmas", "christmas-tree", _GREEN),
        ("halloween", "ghost", _ORANGE),
        ("winter", "snowman", _ICE),
        ("summer", "beach", _YELLOW),
        ("valentine", "hearts", _ROSE),
        ("tobacco", "smoking", _SLATE),
        ("ticket", "ticket", _SLATE),
        (FALLBACK, "basket", _GREEN),
    )
}

# The first rule that matches decides, so what is special stands before what is general:
# "ice cream" before "cream", "cat food" before "food". A word is matched at its beginning; one
# ending in a full stop must match to its end.
_TELLING: Final = (
    # whose it is decides before what it is
    ("sausage", "hot dog|corn dog|breakfast sausage"),
    ("dog", "dog.|dogs|dogfd|rawhide"),
    ("cat", "cat.|cats.|catfd|litter"),
    ("bird", "bird|wild bird"),
    ("paw", "pet.|pets|aquarium|small animal|collars"),
    ("baby bottle", "infant formula|baby food|babyfood|baby juice|baby cereal|formula"),
    ("baby", "baby|infant|diaper|nappies|toddler"),
    # dry goods that borrow the names of food
    ("hair", "hair|shampoo|conditioner"),
    ("cat", "kitten"),
    ("camera", "film.|photo|camera|frames|one hour proc|overnight proc|develop"),
    ("film", "audio|video|dvd|vhs|music"),
    ("books", "book|hardback|paperback|calendar"),
    ("news", "magazine|newspaper|periodical"),
    ("gift card", "gift card|prepaid card|calling card"),
    ("phone", "prepaid wireless|wireless|cellular|phone"),
    ("ticket", "ticket|stamps|lottery|postal|charit|donation|deposit"),
    ("christmas", "christmas|xmas"),
    ("halloween", "halloween|costume"),
    ("valentine", "valentine"),
    ("eggs", "easter"),
    ("party", "greeting card|party sply|party everyday|party seasonal|firework|cards."),
    ("balloon", "balloon"),
    ("gift", "gift|wrap everyday"),
    ("plants", "foliage|floral foliage|bedding plant|annuals|perennial|pansies|dish garden"),
    ("flowers", "flower|floral|rose.|roses|bouquet|tulip|mums|carnation|poinsettia|lily|vase"),
    ("garden", "garden|lawn|hose.|sprinkler|planter|seeds."),
    ("summer", "spring summer|swim|inflatable|cooler"),
    ("winter", "fall and winter|heater|glove.|scarves"),
    ("tobacco", "cigar|tobacco|smoking|snuff|lighters"),
    ("candle", "candle|potpourri|incense"),
    ("socks", "sock|hosiery|legg"),
    ("shoes", "shoe|sandal|slipper"),
    ("umbrella", "umbrella|purse"),
    ("clothes", "apparel|underwear|t shirt|clothing|activewear|textile"),
    ("clock", "watch|clock"),
    ("ball", "sports|memorab|athletic|collegiate|nfl|mlb"),
    ("toy", "toy|games|plush|doll|puzzle"),
    ("pencil", "stationery|school|writing|pencil|art suppl|tape.mailing|office"),
    ("battery", "batter(?:y|ies)|flashlight"),
    ("bulb", "bulb|electrical|electric suppl|extension cord|lamp|night light"),
    ("car", "automotive|motor|antifreeze|windshield"),
    ("fuel", "fuel|gasoline|propane"),
    ("grill", "charcoal|grill|bbq tool|firewood"),
    ("insects", "insect|repell|ant and|roach|rodent"),
    ("sewing", "sewing|craft|yarn"),
    ("tools", "hardware|tool|fastener|adhesive|paint"),
    ("appliance", "portable electric|appliance|blender|toaster"),
    ("glassware", "glassware|dinnerware|tabletop|openstock|stemware"),
    (
        "kitchen",
        "kitchen gadget|cookware|bakeware|gadget|cutlery|housewares|foilware|utensil|canning",
    ),
    (
        "home",
        "home furnish|furniture|domestic good|bedding|sheets.|towels?.set|decor.|wall hang|curtain",
    ),
    ("air care", "air care|air fresh|deodoriz"),
    ("laundry", "laundry|fabric|bleach|starch|ironing|stain"),
    ("dishes", "dish detergent|dishwash|auto dish|rinse aid"),
    ("cleaning", "cleaner|cleaning|cleang|abrasive|disinfect|drain|polish|wipes|metal pol"),
    ("broom", "broom|mop|sponge|scour|vac.|vacuum|brush(?!es oral)|floor"),
    (
        "paper",
        "toilet tis|bath tis|tissue|paper towel|napkin|paper houseware|paper plate|cups.plates",
    ),
    ("trash", "trash|garbage|food storage|storage bag|fd wrap|alumin|plastic wrap|freezer bag"),
    # body and health
    ("teeth", "oral|tooth|mouth|dental|dentur|floss"),
    ("razor", "shav|razor|blade|dipil|depil"),
    ("sun", "suntan|sunscreen|sunless|sunburn|spf"),
    ("perfume", "fragranc|perfume|cologne|parfum|deodor|antipersp"),
    ("beauty", "makeup|make up|cosmetic|mascara|lip|nail|maybelline|covergirl|revlon|loreal|jewel"),
    ("soap", "soap|body wash|hand.body|lotion|facial|skin care|moistur|acne|hand and body"),
    ("bath", "bath"),
    ("eyes", "eye|glasses|vision|lens"),
    ("first aid", "first aid|home health|convalesc"),
    ("bandage", "bandage|foot care|corn pad"),
    ("syrup", "cold and flu|cough|sinus|allergy|nasal|throat"),
    ("pill", "analgesic|vitamin|antacid|anti acid|laxativ|pharmac|medic|aspirin|sleeping|hemorrh"),
    ("pill", "smoking cess|supplement|natural vit"),
    ("fitness", "diet|fitness|nutrition bar|protein|sports nutr|weight"),
    ("care", "feminine|fem.hyg|incontinen|family plan|personal care|hygiene|hbc|hba"),
    # drinks
    ("milk", "non dairy bev|fluid milk|soy bev|soy rice milk|rice bev"),
    ("coffee", "coffee(?! cake)|espresso|cappuccino|creamer"),
    ("tea", "teas?."),
    ("cocoa", "cocoa|hot choc|malted"),
    ("beer", "beer|ales?.|lager|malt liq|cider.hard"),
    ("wine", "wine|champagne|sparkling w|vermouth|prosecco"),
    (
        "spirits",
        "liquor|liqueur|spirits|vodka|whisk|rum.|gin.|tequila|cocktail mix|schnapps|bourbon|rtd",
    ),
    ("energy", "energy drink|isotonic|sports drink|new age"),
    ("soda", "soft drink|soda|cola|pop.|drnk mx|drink mix|drink powder|lemonade|carbonated bev"),
    ("water", "water(?!melon| gun| ice)|ice.crushed|frzn ice"),
    ("juice", "juice|jce|nectar|smoothie|punch|refrgratd juices|beverage"),
    # frozen sweets before dairy, ready meals before what is in them
    ("popsicle", "water ice|novelt|popsicle|sherbet|sorbet|sticks.enrobed"),
    ("ice cream", "ice cream|gelato|ice milk"),
    ("pizza", "pizza"),
    ("flour", "flour|cornmeal|baking need"),
    ("meal", "frzn breakfast|frozen breakfast"),
    ("soup", "soup|broth|bouillon|chili.|stew.|ramen"),
    ("dumpling", "sushi|dumpling|pierog|egg roll|oriental|asian|japanese|thai|chinese"),
    ("burger", "burger|sandwich(?!.bag|.bun|.spr|.sauce|.sprd|.cook)|handheld|burrito|taco"),
    ("salad", "salad dress|sald dr|dressing|salad|lettuce|slaw|spinach|greens"),
    (
        "meal",
        "frzn meat.meat dinner|dinner mx|dinner.mix|skillet|entree|prepared food|heat.serve",
    ),
    ("meal", "prep fd|prep food|lunch combo|stuffing|meal|quick service|frzn meat|breakfast ent"),
    ("vegetables", "pickle|olives?(?! oil)|pickld|sauerkraut"),
    (
        "sauce",
        "sauce|condiment|ketchup|catsup|mustard|mayo|salsa|gravy|marinad|relish|dip.|dips.|hispanic",
    ),
    # bread and sweet bakery
    ("honey", "honey|syrup|molasses|jam.|jams|jelly|preserve|marmalade|sweetener|sugar"),
    (
        "nuts",
        "peanut|pnt btr|pnut|nut butter|nuts?.|almond|pecan|walnut|cashew|pistach|trail mix",
    ),
    ("cake", "sweet good|baked sweet"),
    ("cookie", "cookie|biscuit|wafer|graham|brownie"),
    ("snacks", "cracker|chips?.|pretzel|popcorn|snack|rice cake|bag snack|corn snack|crouton"),
    (
        "cake",
        "cake|pies?.|pastry|pastries|dessert|donut|doughnut|muffin|sw gds|frosting|danish",
    ),
    (
        "cake",
        "baking mix|pudding|gelatin|icing|brkfst past|tart.|waffle|pancake|topping|breakfast sweet",
    ),
    ("candy", "candy|chocolate|gum.|mints?.|lollipop|marshmallow|licorice|sweets"),
    (
        "cereal",
        "cereal|oatmeal|granola|muesli|grits|brkfst|breakfast bar|fruit snack|breakfast food",
    ),
    ("baguette", "baguette|croissant|french bread|bread italian|breadstick"),
    ("bread", "bread|baked bread|loaf|loaves|toast|tortilla|pita|dough"),
    ("baguette", "rolls?.|buns?.|bagel"),
    # dairy and eggs
    ("eggs", "eggs?."),
    ("yogurt", "yog(?:h)?urt|kefir|cottage|sour cream|milk by"),
    ("cheese", "chees|mozzarella|cheddar|ricotta"),
    ("oil", "oils?.|shortening|cooking spray|olive oil|vinegar"),
    ("milk", "milk|butter|margarine|cream|soy bev|dairy.case"),
    # meat and fish
    (
        "fish",
        "fish|seafood|salmon|tuna|shrimp|crab|lobster|oyster|cod.|tilapia|shellfish|sardine|catfish",
    ),
    (
        "sausage",
        "sausage|frank|wiener|bratwurst|salami|pepperoni|bologna|lunchmeat|lunch meat|deli meat",
    ),
    ("pork", "pork|bacon|ham.|hams|ribs?.|smoked meat"),
    ("poultry", "chicken|chix|poultry|turkey|duck|fowl|hen.|wings"),
    ("meat", "beef|veal|lamb|steak|meat(?!less)|roast|ground|patties|game"),
    # larder
    ("rice", "rice|beans?.|bn.|lentil|barley|quinoa|couscous|grain"),
    ("noodles", "pasta|noodle|spaghetti|macaroni"),
    ("flour", "baking|yeast|breading"),
    ("salt", "spice|salt|extract|seasoning|seasoned"),
    # fruit and vegetables
    ("apple", "apple(?!.sauce)|pear.|pears"),
    ("citrus", "citrus|orange|lemon|lime.|limes|grapefruit|tangerin|clementin|mandarin"),
    ("berries", "berr|strawb|blueb|cherr|grape|peach|plum|stone fruit|nectarin|apricot"),
    ("avocado", "avocado|guacamol"),
    ("tropical", "tropical|banana|pineapple|mango|kiwi|papaya|coconut"),
    ("melon", "melon|cantaloupe|honeydew|watermelon"),
    ("mushroom", "mushroom"),
    ("pepper", "pepper|chili|jalap"),
    ("carrot", "carrot|radish|beet|parsnip"),
    ("herbs", "herb|garlic|parsley|basil|cilan"),
    (
        "vegetables",
        "vegetable|veg.|potato|onion|tomato|squash|pumpkin|broccoli|caulif|corn.|celery|cucumb",
    ),
    ("vegetables", "cabbage|asparag|peas.|zucchini|artichok|hashbrown|french fries|fries|tater"),
    ("apple", "fruit|raisin|dates|prune"),
)
_BROAD: Final = (
    ("ice cream", "ice cream.milk"),
    ("frozen", "frozen|frzn|ice."),
    ("milk", "dairy|refrigerated|cooler|chilled|refrig"),
    ("bread", "bakery|pastry"),
    ("fish", "seafood"),
    ("meat", "meat|butcher"),
    ("sausage", "deli"),
    ("salad", "salad bar"),
    ("vegetables", "produce|value added"),
    ("flowers", "floral"),
    ("beauty", "cosmetic|beauty"),
    ("spirits", "spirits"),
    ("coffee", "restaurant|cafe"),
    ("soup", "canned|shelf stable|prepared|pkgd"),
    ("herbs", "natural|organic|nutrition"),
    ("meal", "kosher|italian|german|ethnic|chef"),
    ("home", "continuit|seasonal|houseware|house"),
    ("pill", "health|drug|pharm"),
)

# Aisles so mixed that the product type is asked before the category.
_MIXED: Final = re.compile(
    r"^misc|\b(?:hispanic|tropical|organic|value added|dry bn|milk by|j hooks|continuit|dollar"
    r"|fresh fruit)"
)


def _compiled(rules: tuple[tuple[str, str], ...]) -> list[tuple[str, re.Pattern[str]]]:
    compiled = []
    for key, words in rules:
        pattern = words.replace(".|", r"\b|")
        pattern = pattern[:-1] + r"\b" if pattern.endswith(".") else pattern
        compiled.append((key, re.compile(rf"\b(?:{pattern})")))
    return compiled


_TELLING_RULES: Final = _compiled(_TELLING)
_BROAD_RULES: Final = _compiled(_BROAD)


@lru_cache(maxsize=10_000)
def picture_for(department: str, category: str, product_type: str) -> str:
    """Return the key in PICTURES that suits a product, by its place in the product tree.

    Each argument may be empty. What no rule knows gets a basket.
    """
    aisle, product, store = (
        " ".join(re.findall(r"[^\W_]+", text.lower()))
        for text in (category, product_type, department)
    )
    levels = (product, aisle, store) if _MIXED.search(aisle) else (aisle, product, store)
    for rules in (_TELLING_RULES, _BROAD_RULES):
        for text in levels:
            for key, pattern in rules:
                if pattern.search(text):
                    return key
    return FALLBACK
