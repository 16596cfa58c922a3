"""Pictures: kept by their content, called by a name, and shown by offers and themes."""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from coupons.models import Offer, OfferProduct, Picture, PictureFile
from coupons.sheets import photos
from coupons.sheets.photos import PictureError, Prepared

__all__ = ["PictureError", "contents", "file_of", "keep", "photo_of", "said_of", "show", "show_on"]


def keep(name: str, data: bytes, by: Any = None) -> Picture:
    """Make `data` fit for paper and keep it as the picture called `name`; returns that.

    A picture of that name gets the new file; what it had stays, for what is printed already.
    by: the user who uploads it, if one does. Raises PictureError, and then nothing is kept.
    """
    if not name or len(name) > 60:
        raise PictureError(f"A picture's name has 1 to 60 characters, not {len(name)}.")
    prepared = photos.prepare(data)
    with transaction.atomic():
        return show(name, file_of(prepared), said_of(prepared), by)


def file_of(prepared: Prepared) -> PictureFile:
    """Return the one file of these bytes."""
    return PictureFile.objects.get_or_create(
        sha256=prepared.sha256,
        defaults={
            "content": prepared.content,
            "width": prepared.width,
            "height": prepared.height,
        },
    )[0]


def said_of(prepared: Prepared) -> str:
    """What was done to a picture, as it is kept beside it."""
    return "; ".join(prepared.changes)[:200]


def show(name: str, file: PictureFile, changes: str, by: Any = None) -> Picture:
    """Have the picture called `name`, there or not yet, show `file`."""
    values = {"file": file, "changes": changes, "uploaded_by": by}
    return Picture.objects.update_or_create(name=name, defaults=values)[0]


@transaction.atomic
def show_on(offer: int, sha256: str, changes: str, by: Any = None) -> Picture | None:
    """Have an offer show that file as a picture of its own; None if it does so already.

    It is called after the offer's code, with a number where another of that name shows more than
    this offer. What that picture was before stays as a file, for what is printed already.
    """
    kept = Offer.objects.select_for_update(of=("self",)).select_related("photo").get(pk=offer)
    if kept.photo is not None and kept.photo.file_id == sha256:
        return None
    name, number = kept.code, 1
    while others := Picture.objects.filter(name=name).first():
        if not (others.products.exists() or others.offers.exclude(pk=kept.pk).exists()):
            break
        number += 1
        name = f"{kept.code} {number}"
    picture = show(name, PictureFile.objects.get(pk=sha256), changes, by)
    kept.photo = picture
    kept.save(update_fields=["photo"])
    if by is not None:
        says = f"Shows the picture {picture}."
        LogEntry.objects.log_actions(by.pk, [kept], CHANGE, says, single_object=True)
    return picture


def photo_of(offers: Iterable[Offer]) -> dict[int, str]:
    """Return what each of `offers` shows, by its id: the SHA-256 of a PictureFile.

    That is its own photo, else the picture of the first of its products that has one; of a
    product's several, the one that was changed last. An offer of neither is left out. Takes at
    most two queries, whatever the number of offers and products.
    """
    own = {offer.pk: offer.photo_id for offer in offers}
    files = dict(
        Picture.objects.filter(pk__in={pk for pk in own.values() if pk}).values_list(
            "pk", "file_id"
        )
    )
    shown = {offer: files[photo] for offer, photo in own.items() if photo}
    picture = "product__pictures"
    rest = (
        OfferProduct.objects.filter(offer__in=own.keys() - shown.keys(), product__pictures__gt=0)
        .order_by("offer", "product", f"-{picture}__uploaded_at", f"-{picture}")
        .distinct("offer")
    )
    shown.update(rest.values_list("offer_id", f"{picture}__file_id"))
    return shown


def contents(shas: Collection[str]) -> dict[str, bytes]:
    """Return the bytes of pictures by their SHA-256; those that are not there are left out."""
    named = [sha for sha in shas if sha]
    rows = PictureFile.objects.filter(sha256__in=named).values_list("sha256", "content")
    return {sha256: bytes(content) for sha256, content in rows}
