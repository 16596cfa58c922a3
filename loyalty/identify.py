"""Whose card is it: card numbers seen at tills, and the households that claim them."""

from datetime import date

from django.db import connection, transaction

from loyalty.models import Card, Household, slot_of


def note_cards(upload_ids: list[int]) -> int:
    """Keep every card number of these uploads, unclaimed where it is new. Returns how many are.

    A card that nobody has claimed is a fact like any other: its purchases count for its
    household from the night after it is claimed, back to the first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_card (number) "
            "SELECT DISTINCT card_number FROM pos_integration_basket "
            "WHERE upload_id = ANY(%s) AND card_number <> '' "
            "ORDER BY card_number ON CONFLICT (number) DO NOTHING",
            [upload_ids],
        )
        return int(cursor.rowcount)


@transaction.atomic
def join(number: str, name: str, on: date) -> Household:
    """Make a new household whose first card is `number`, and return it.

    Raises ValueError if the card is another household's.
    """
    card, _ = Card.objects.select_for_update().get_or_create(number=number)
    if card.household is not None:
        raise ValueError(f"card {number} belongs to household {card.household_id} already")
    household = Household.objects.create(name=name, joined_on=on, slot=slot_of(number))
    card.household, card.claimed_on = household, on
    card.save(update_fields=["household", "claimed_on"])
    return household


@transaction.atomic
def move_card(number: str, household: Household, on: date | None) -> Card:
    """Let `household` have the card: a merger moves every card, a split some of them.

    on: since when; None where that is not known any more. The next night moves its purchases.
    Raises Card.DoesNotExist for a number never seen.
    """
    card = Card.objects.select_for_update().get(number=number)
    card.household, card.claimed_on = household, on
    card.save(update_fields=["household", "claimed_on"])
    return card
