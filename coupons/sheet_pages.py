"""A sheet without paper: a page for large print and screen readers, behind its signed link."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from coupons import links, looks, payloads, sheet_pictures, shopper_wishes
from coupons.models import Coupon, OfferText, Sheet, Theme
from coupons.models.offers import worth_in
from coupons.pictures import contents, photo_of
from coupons.printing import PrintError
from coupons.sheets import codes, screens
from coupons.sheets.words import Words, in_language
from loyalty import privacy, voice
from loyalty.models import Household

PNG = b"\x89PNG"
KEPT = timedelta(days=28)  # after its last coupon's last day a link still shows what was used
PICTURES = 30  # of one sheet within ten minutes: to draw one takes a second of a processor
Answer = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Shown:
    """One coupon, in words."""

    value: str
    product: str
    language: str  # of what is said of the product
    detail: str
    reason: str
    terms: tuple[str, ...]
    valid: str
    state: str  # "" for one that is good
    code: str
    spelt: str  # as a screen reader is to say it, character by character
    barcode: SafeString
    photo: str  # the name of its picture; none: ""
    place: int  # on the sheet
    is_of_kind: bool  # so that something can be said of its kind of goods
    said: str  # favourite, never or nothing


def _in_private(view: Answer) -> Answer:
    """Let nobody keep, list or pass on what a link shows."""

    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        response = view(request, *arguments, **named)
        response["Cache-Control"] = "no-store, private"
        # Not no-referrer: browsers would then say "null" of where a form was sent from, and Django
        # could not tell our own form from a stranger's.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answered


def _sheet(token: str) -> Sheet:
    """The sheet that a link names. Raises Http404 for a link that we did not make."""
    pk = links.sheet_of(token)
    sheet = (
        Sheet.objects.select_related("mailing__theme", "household").filter(pk=pk).first()
        if pk is not None
        else None
    )
    if sheet is None:
        raise Http404
    return sheet


@require_http_methods(["GET", "HEAD", "POST"])
@_in_private
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The sheet as a page, and what its household wishes; 410 once its coupons are long over.

    A POST notes one wish and leads back here, so that going back or twice changes nothing.
    """
    sheet = _sheet(token)
    theme = looks.theme_of(sheet.mailing)
    home = shopper_wishes.household_of(sheet)
    words = in_language(home.language or sheet.language or theme.language)
    shown: dict[str, Any] = {"words": words.page, "language": words.language, "theme": theme}
    if privacy.is_erased(sheet.household_id):
        shown |= {"title": words.page["forgotten"], "says": [words.page["forgotten_says"]]}
        return _said(request, "coupons/sheet_says.html", shown, status=410)
    if _is_over(sheet):
        return _said(request, "coupons/sheet_gone.html", shown, status=410)
    if request.method == "POST":
        return _noted(request, sheet, home, shown)
    said = request.GET.get("said", "")
    shown |= _told(sheet, theme, words, home) | {
        "said": words.page[said] if said in shopper_wishes.SAID else "",
        "wishes": shopper_wishes.heard(home, words),
        "may_wish": True,
    }
    return _said(request, "coupons/sheet.html", shown)


@_in_private
def as_staff_see_it(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    """The same page for staff, however long its coupons are over.

    It has no wishes: what staff press on a shopper's own page would be noted as the shopper's word.
    """
    theme = looks.theme_of(sheet.mailing)
    home = shopper_wishes.household_of(sheet)
    words = in_language(home.language or sheet.language or theme.language)
    shown: dict[str, Any] = {"words": words.page, "language": words.language, "theme": theme}
    if privacy.is_erased(sheet.household_id):
        shown |= {"title": words.page["forgotten"], "says": [words.page["forgotten_says"]]}
        return _said(request, "coupons/sheet_says.html", shown, status=410)
    return _said(request, "coupons/sheet.html", shown | _told(sheet, theme, words, home))


def _told(sheet: Sheet, theme: Theme, words: Words, home: Household) -> dict[str, Any]:
    """What a sheet's page tells, whoever reads it."""
    return {
        "greeting": words.greet(sheet.household.name),
        "savings": words.savings_lines(
            sheet.coupons.count(), sheet.mailing.valid_to, is_generic=sheet.is_generic
        )[1],
        "coupons": _shown(sheet, theme, words, home),
        "token": links.token_of(sheet.pk),
        "is_replaced": sheet.voided_at is not None,
        "how_chosen": "" if sheet.is_generic else theme.how_chosen or words.how_chosen,
    }


def _said(
    request: HttpRequest, template: str, shown: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The page, in the household's language whatever the browser's own is."""
    response = render(request, template, shown, status=status)
    response["Content-Language"] = shown["language"]
    return response


def _is_over(sheet: Sheet) -> bool:
    return sheet.mailing.valid_to + KEPT < timezone.localdate()


def _noted(
    request: HttpRequest, sheet: Sheet, home: Household, shown: dict[str, Any]
) -> HttpResponse:
    words = shown["words"]
    shown["back"] = request.path
    try:
        said = shopper_wishes.note(sheet, home, request.POST)
    except shopper_wishes.TooManyError:
        shown |= {"title": words["too_many"], "says": [words["too_many_says"]]}
        return _said(request, "coupons/sheet_says.html", shown, status=429)
    except ValueError:
        shown |= {"title": words["unclear"], "says": [words["unclear_says"]]}
        return _said(request, "coupons/sheet_says.html", shown, status=400)
    return HttpResponseRedirect(f"{request.path}?said={said}#said")


def _shown(sheet: Sheet, theme: Theme, words: Words, home: Household) -> list[Shown]:
    rows = list(
        sheet.coupons.select_related("offer__barcode", "level__offer")
        .prefetch_related("redemptions")
        .order_by("position")
    )
    offers = [row.offer for row in rows]
    texts = {
        text.offer_id: text
        for text in OfferText.objects.filter(offer__in=offers, language=words.language)
    }
    photos = photo_of(offers)
    wishes = voice.words_on(home, [offer.category_id or 0 for offer in offers])
    today = timezone.localdate()
    # A reason was written when the sheet was made: in another language it would be read wrongly.
    has_reasons = (
        sheet.mailing.shows_reasons
        and in_language(sheet.language or theme.language).language == words.language
    )
    shown = []
    for row in rows:
        said = texts.get(row.offer_id, row.offer)
        bars = payloads.bars_of(row, theme.home)
        code = codes.grouped(row.code)
        label = escape(words.page["barcode"].format(said.name))
        image = screens.svg(bars.symbology, bars.payload, label)
        shown.append(
            Shown(
                value=" ".join(worth_in(words, row.terms)).strip(),
                product=said.name,
                language=words.language if row.offer_id in texts else theme.language,
                detail=said.detail,
                reason=row.reason if has_reasons else "",
                terms=tuple(said.terms.splitlines()),
                valid=words.dates(row.valid_from, row.valid_to),
                state=_state(row, words, today),
                code=code,
                spelt=" ".join(code.replace("-", " ")),
                barcode=mark_safe(image),  # noqa: S308 - our own drawing, its label escaped
                photo=photos.get(row.offer_id, ""),
                place=row.position,
                is_of_kind=row.offer.category_id is not None,
                said=wishes.get(row.offer.category_id or 0, ""),
            )
        )
    return shown


def _state(coupon: Coupon, words: Words, today: date) -> str:
    """Why it is not good today, in words; "" if it is."""
    if (use := coupon.live_redemption) is not None:
        return words.page["used"].format(words.day_of(use.business_date))
    if coupon.state != Coupon.State.OPEN:
        return words.page["void"]
    if today < coupon.valid_from:
        return words.page["not_yet"].format(words.day_of(coupon.valid_from))
    if today > coupon.valid_to:
        return words.page["expired"].format(words.day_of(coupon.valid_to))
    return ""


@require_safe
def at_the_till(request: HttpRequest, digits: str) -> HttpResponse:
    """Where the link in a coupon's QR code leads a telephone: it says what to do, not whose it is.

    digits: of the coupon; every answer is alike, so that nobody learns which there are.
    """
    theme = looks.house_theme()
    words = in_language(theme.language)
    shown = {"words": words.page, "language": words.language, "theme": theme}
    return render(request, "coupons/sheet_at_the_till.html", shown)


@require_safe
@_in_private
def photo(request: HttpRequest, token: str, sha256: str) -> HttpResponse:
    """A photograph of one of the sheet's offers."""
    sheet = _sheet(token)
    if _is_over(sheet) or privacy.is_erased(sheet.household_id):
        return HttpResponse(status=410)
    offers = [coupon.offer for coupon in sheet.coupons.select_related("offer")]
    if sha256 not in photo_of(offers).values():
        raise Http404
    content = contents([sha256])[sha256]
    kind = "image/png" if content.startswith(PNG) else "image/jpeg"
    return HttpResponse(content, content_type=kind)


@require_safe
@_in_private
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """The coupons as one picture, for a message: neither name nor address is on it."""
    sheet = _sheet(token)
    if _is_over(sheet) or privacy.is_erased(sheet.household_id):
        return HttpResponse(status=410)
    try:
        shopper_wishes.count(f"pictures.{sheet.pk}", PICTURES)
        return HttpResponse(sheet_pictures.png_of(sheet), content_type="image/png")
    except shopper_wishes.TooManyError:
        wait = int(shopper_wishes.WINDOW.total_seconds())
        return HttpResponse(status=429, headers={"Retry-After": str(wait)})
    except PrintError as error:  # the fault of its data, which staff see when they print
        raise Http404 from error
