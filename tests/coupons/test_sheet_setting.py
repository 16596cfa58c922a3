"""Words on a coupon: they never leave their box, never overlap, and are cut at words if at all."""

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.sheets.coupon_plan import PlanError
from coupons.sheets.faces import LAYOUTS, Format, Leaf, OfferFace, Page
from coupons.sheets.fitting import face_for, fit, fit_block, settable, width_mm, wrap
from coupons.sheets.layout import plan_for
from coupons.sheets.setting import set_offer, set_reason
from coupons.sheets.symbols.symbol import Extent
from coupons.sheets.typefaces import Family
from tests.coupons.sheets_made import COFFEE

FAMILY = Family.of()
POINT = 25.4 / 72
faces = st.sampled_from(FAMILY.faces[:-1])
letters = st.characters(max_codepoint=0x2FFF)
texts = st.one_of(
    st.text(letters, max_size=120),
    st.lists(st.text("aeißŻłΩжM.", min_size=1, max_size=30), max_size=20).map(" ".join),
)
SIZES = (
    Extent(178, 0, 10, 10, 0, 0),
    Extent(200, 0, 10, 10, 0, 0),
    Extent(95, 0, 11, 7, 0, 0),
    Extent(200, 71, 1, 1, 1, 1),
    Extent(200, 108, 1, 1, 1, 1),
    Extent(26, 26, 1, 1, 1, 1),
    Extent(33, 33, 4, 4, 4, 4),
)


def _plans():
    for page in Page:
        for leaf in (Leaf.ONE, Leaf.LETTER):
            for places in LAYOUTS:
                for size in SIZES:
                    for code_letters in (16, 32):
                        form = Format(page=page, leaf=leaf, places=places)
                        try:
                            yield plan_for(form, size, code_letters)
                        except PlanError:
                            continue


PLANS = list(_plans())


@given(texts, faces, st.floats(3, 90))
def test_a_line_never_exceeds_its_box(text, face, width):
    line = fit(text, face, 10, 7, width)
    assert width_mm(line.text, face, line.size) <= width + 1e-9
    assert 7 <= line.size <= 10


@given(texts, faces, st.floats(3, 90), st.integers(1, 4))
def test_a_block_never_exceeds_its_box_nor_its_lines(text, face, width, lines):
    block = fit_block(text, face, 10, 7, width, lines)
    assert len(block.lines) <= lines
    assert all(width_mm(line, face, block.size) <= width + 1e-9 for line in block.lines)


@given(texts, faces, st.floats(10, 90))
def test_breaking_lines_loses_no_letter(text, face, width):
    kept = "".join(wrap(text, face, 9, width)).replace(" ", "").replace("-", "")
    assert kept == settable(text, face).replace(" ", "").replace("-", "")


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(PLANS),
    st.builds(
        OfferFace,
        value=texts,
        suffix=texts,
        product=texts,
        detail=texts,
        picture=st.just("coffee"),
        terms=st.lists(texts, max_size=4).map(tuple),
        valid=texts,
    ),
    texts,
)
def test_an_offer_of_any_words_stays_inside_its_coupon_and_nothing_overlaps(plan, offer, reason):
    setting = set_offer(plan, FAMILY, offer)
    black, bold = face_for(offer.value, FAMILY.black), face_for(offer.suffix, FAMILY.bold)
    figure = width_mm(setting.value.text, black, setting.value.size)
    assert figure <= plan.value_right - plan.value_left + 1e-9
    if setting.suffix.text:
        end = width_mm(setting.suffix.text, bold, setting.suffix.size)
        assert setting.suffix_left >= plan.value_left + figure
        assert setting.suffix_left + end <= plan.value_right + 1e-9
    words, aside = plan.words, plan.aside
    room = words.right - words.left
    assert _widest(setting.product, FAMILY.semibold) <= room + 1e-9
    assert _widest(setting.detail, FAMILY.regular) <= room + 1e-9
    assert _widest(setting.terms, FAMILY.regular) <= aside.box.width + 1e-9
    valid = width_mm(setting.valid.text, FAMILY.bold, setting.valid.size)
    assert setting.valid_left + valid <= aside.box.right + 1e-9
    assert len(setting.product.lines) <= len(setting.product_baselines)

    where = setting.reason
    face = face_for(reason, FAMILY.italic)
    block = set_reason(where, face, reason)
    assert len(block.lines) <= where.lines
    assert _widest(block, face) <= where.width + 1e-9
    last = where.baseline + (where.lines - 1) * where.size * 1.2 * POINT
    column = [
        plan.value_baseline,
        *setting.product_baselines,
        setting.detail_baseline,
        where.baseline,
    ]
    assert column == sorted(column)
    for one, next_one in itertools.pairwise(column[1:]):
        if setting.detail.lines or next_one != column[-1]:
            assert next_one - one >= 1.9  # mm: small type on its own line
    lowest = max(last, *setting.product_baselines, setting.detail_baseline)
    covers = where.left + where.width > plan.quiet_zone.x and where.left < plan.quiet_zone.right
    if covers:
        assert lowest <= plan.quiet_zone.y + 1e-6 or where.left >= plan.quiet_zone.right
    if setting.terms.lines:
        top = setting.terms_baselines[0] - setting.terms.size * 0.75 * POINT
        assert top >= min(aside.box.y, setting.valid_baseline) - 1e-6
        assert max(setting.terms_baselines) <= aside.box.bottom + 1e-6
    if not aside.valid_left and setting.terms.lines:
        assert setting.valid_baseline < setting.terms_baselines[0] - 1.8
        assert setting.valid_baseline - setting.valid.size * 0.7 * POINT >= aside.box.y - 0.6


def _widest(block, face):
    return max((width_mm(line, face, block.size) for line in block.lines), default=0)


def test_a_name_is_cut_after_a_word_and_not_inside_it():
    line = fit("Dark roast coffee beans from Colombia", FAMILY.semibold, 10, 9, 40)
    assert line.text == "Dark roast coffee beans…"


def test_a_name_is_set_smaller_before_it_is_cut():
    line = fit("Dark roast coffee beans", FAMILY.semibold, 12, 8, 40)
    assert line.text == "Dark roast coffee beans"
    assert 8 <= line.size < 12


def test_a_long_product_is_folded_before_it_is_cut():
    plan = plan_for(Format(), SIZES[0])
    name = "Mountain cheese from the summer pastures, aged nine months"
    setting = set_offer(plan, FAMILY, dataclasses.replace(COFFEE, product=name))
    assert len(setting.product.lines) == 2
    assert " ".join(setting.product.lines) == name


def test_each_of_the_terms_has_its_own_line_where_that_can_be():
    plan = plan_for(Format(places=12), SIZES[0])
    setting = set_offer(plan, FAMILY, COFFEE)
    assert setting.terms.lines == COFFEE.terms


def test_letters_no_face_has_lose_their_accent_or_become_a_question_mark():
    assert settable("Ja\u0308ger\tund  So\u0308hne", FAMILY.bold) == "Jäger und Söhne"
    assert settable("Wochen\u00admarkt\u200b \r\n", FAMILY.bold) == "Wochenmarkt"
    assert settable("豆 beans", FAMILY.bold) == "? beans"


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="from 8 down to 9"):
        fit("x", FAMILY.bold, 8, 9, 40)
