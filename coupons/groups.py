"""The groups of staff, and what each may see and do."""

from itertools import product
from typing import Any

from django.apps import apps as live_apps
from django.contrib.auth.management import create_permissions

APPS = ("pos_integration", "loyalty", "coupons")
ADD, CHANGE, DELETE, VIEW = "add", "change", "delete", "view"


def _may(verbs: tuple[str, ...], app: str, *models: str) -> set[tuple[str, str]]:
    return {(app, f"{verb}_{model}") for verb, model in product(verbs, models)}


STORE_STAFF = (
    _may((ADD, CHANGE), "loyalty", "household")
    | _may((ADD, CHANGE), "loyalty", "address", "card", "note")
    | _may((ADD,), "loyalty", "consent", "datarequest")
    | _may((ADD, CHANGE, DELETE), "loyalty", "preference")
    # At the service desk: make up for something, put another sheet in a lost one's place, make a
    # coupon void. How much goodwill is worth, and how often, `goodwill.py` limits.
    | _may((ADD,), "coupons", "goodwill")
    | _may((CHANGE,), "coupons", "sheet", "coupon")
    # Of their own tills: hand in a file, set a reject aside, decide about a refusal, let a till
    # that guessed too often try again.
    | _may((ADD,), "pos_integration", "upload")
    | _may((CHANGE,), "pos_integration", "reject")
    | _may((ADD, DELETE), "coupons", "refusalverdict")
    | _may((DELETE,), "coupons", "tillmiss")
)
# What adds all stores up: a store's own entries and disputes are in the ledger.
OF_ALL_STORES = _may((VIEW,), "coupons", "funder", "statement", "statemententry")
MARKETING = STORE_STAFF | (
    _may((ADD, CHANGE, DELETE), "coupons", "offer", "offerlevel", "offerrule", "offerproduct")
    | _may((ADD, CHANGE, DELETE), "coupons", "offerfile", "segment")
    | _may((ADD, CHANGE, DELETE), "coupons", "mailing", "recipient", "funderbudget")
    | _may((ADD, CHANGE, DELETE), "coupons", "offertext", "offerbarcode", "mailingtext", "picture")
    | _may((ADD, CHANGE, DELETE), "coupons", "theme", "themefont", "fontfile", "pressprofile")
    # Print, note what the press spoiled, put another sheet in a lost one's place.
    | _may((ADD, CHANGE, DELETE), "coupons", "seedaddress")
    | _may((ADD, CHANGE), "coupons", "printrun", "spoilage")
    # Say that two households are one, and take it back; hand over a copy of somebody's data. To
    # erase is for Administrators.
    | _may((ADD, CHANGE), "loyalty", "merger")
    | _may((CHANGE,), "loyalty", "datarequest")
    # Let the house bear what a till gave too much; try an offer on the last weeks.
    | _may((CHANGE,), "coupons", "refusal")
    | _may((ADD,), "coupons", "offertrial")
    # Choose anew, measure anew; where law restricts goods, and whom no mailing reaches as long as
    # it takes to measure them all.
    | _may((ADD,), "coupons", "selection", "measurement")
    | _may((ADD, CHANGE, DELETE), "coupons", "restriction")
    | _may((ADD, CHANGE), "coupons", "standingholdout")
    # Who pays for an offer, and what they owe: settled, paid, disputed.
    | _may((ADD, CHANGE), "coupons", "funder", "statement", "dispute")
    # Start the night, learn anew, put another version to use.
    | _may((ADD,), "loyalty", "modelrun")
    | _may((ADD, CHANGE), "loyalty", "fittedmodel")
    # The catalogue and the stores. Tills and their tokens are for Administrators.
    | _may((ADD, CHANGE), "pos_integration", "product", "category", "store")
    | _may((ADD, CHANGE, DELETE), "pos_integration", "scalelabel", "storealias")
    | _may((CHANGE,), "pos_integration", "upload")  # have one loaded again, or replayed
)


def ensure_groups(apps: Any = live_apps, using: str = "default") -> None:
    """Bring the product's three groups to what is written here; groups of other names are left.

    Everybody may look at everything but the tokens of tills; who works in stores sees nothing of
    what funders owe, which is owed for all stores. "Administrators" may do all of it and look
    after users: whoever may change users can make anybody a superuser, so this group is
    for those who could be one.

    Does nothing where the tables of users are not there yet (`migrate loyalty` alone).
    """
    try:
        group_model = apps.get_model("auth", "Group")
        permission_model = apps.get_model("auth", "Permission")
        for label in (*APPS, "auth"):
            # Permissions of an app are made when its own turn comes, after this app's.
            create_permissions(live_apps.get_app_config(label), 0, using=using, apps=apps)
    except LookupError:
        return

    known = {
        (app, codename): pk
        for pk, app, codename in permission_model.objects.using(using)
        .filter(content_type__app_label__in=[*APPS, "auth"])
        .values_list("pk", "content_type__app_label", "codename")
    }
    look = {
        (app, codename)
        for app, codename in known
        if app in APPS and codename.startswith("view_") and codename != "view_terminaltoken"
    }
    everything = {(app, codename) for app, codename in known if app in APPS} | _may(
        (ADD, CHANGE, DELETE, VIEW), "auth", "user", "group"
    )
    for name, rights in {
        "Store staff": (look - OF_ALL_STORES) | STORE_STAFF,
        "Marketing": look | MARKETING,
        "Administrators": everything,
    }.items():
        group, _ = group_model.objects.using(using).get_or_create(name=name)
        group.permissions.set([known[right] for right in rights if right in known])
