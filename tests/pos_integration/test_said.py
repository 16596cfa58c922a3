"""Sentences kept in English are read in the language of the desk, figures and days included."""

import polib
import pytest
from django.apps import apps
from django.utils import translation

from coupons.sentences import SENTENCES as PROMISED
from pos_integration.money import MoneyError, normal_form
from pos_integration.said import retold
from pos_integration.sentences import SENTENCES as REJECTED


def in_german(kept: str) -> str:
    with translation.override("de"):
        return retold(kept)


@pytest.mark.parametrize(
    ("kept", "german"),
    [
        ("'3,00 kg' is not a decimal number.", "'3,00 kg' ist keine Dezimalzahl."),
        (
            "Nothing was changed: 1,204 of 5,000 rows are faulty. Put right what is wrong in the "
            "file, or say that the right rows are to be applied without them.",
            "Nichts wurde geändert: 1.204 von 5.000 Zeilen sind fehlerhaft. Berichtigen Sie die "
            "Datei, oder geben Sie an, dass die richtigen Zeilen ohne sie übernommen werden.",
        ),
        (
            "You selected 'May' yourself: somebody else approves it, that two have looked",
            "Sie haben 'May' selbst ausgewählt: Jemand anders gibt sie frei, damit zwei "
            "hingesehen haben",
        ),
        (
            "'abc' is not a plain number such as 1.50.",
            "'abc' ist keine einfache Zahl wie 1,50.",
        ),
        (
            "'O-17' stands in rows 5, 6 too; one row is wanted.",
            "'O-17' steht auch in den Zeilen 5, 6; nur eine Zeile ist erlaubt.",
        ),
        (
            "Line 3: '4006381333932' ends in 2, not 1.",
            "Zeile 3: '4006381333932' endet auf 2 statt auf 1.",
        ),
        (
            "The business date is 2026-11-24, but at the store it is 2026-11-22.",
            "Der Geschäftstag ist 24. Nov 2026, in der Filiale ist aber 22. Nov 2026.",
        ),
        (
            "1,075 households get a shorter sheet: too few offers fit them.",
            "1.075 Haushalte bekommen einen kürzeren Bogen: Zu wenige Angebote passen zu ihnen.",
        ),
        (
            "The mailing: 1.98 of 2.00 is expected to be spent; 1.00 more would bring about 0.24 "
            "of margin.",
            "Die Aussendung: Voraussichtlich werden 1,98 von 2,00 ausgegeben; 1,00 mehr brächten "
            "etwa 0,24 Ertrag.",
        ),
        (
            "value 1.92 - circulation 0.43 - cost 0.11 + fairness 0.00 = 1.38; chance 0.31; best "
            "left out: Oat drink by 0.020; balancing swap for more worth",
            "Wert 1,92 - Auflage 0,43 - Kosten 0,11 + Fairness 0,00 = 1,38; Chance 0,31; das beste "
            "nicht gewählte: Oat drink, um 0,020 schlechter; Ausgleichstausch für mehr Wert",
        ),
        (
            "'Soup' (S-1) is not good on all days of the mailing, Jan. 4, 2018 to 31 May 2018: "
            "nobody gets it.",
            "„Soup“ (S-1) gilt nicht an allen Tagen der Aussendung, 4. Jan 2018 bis 31. Mai 2018: "
            "Niemand bekommt es.",
        ),
        ("Something nobody foresaw.", "Something nobody foresaw."),
        ("", ""),
    ],
)
def test_a_kept_sentence_is_read_in_german(kept, german):
    assert in_german(kept) == german
    with translation.override("en"):
        assert retold(kept) == kept


def test_what_a_till_is_told_of_an_amount_is_known_by_its_template():
    with pytest.raises(MoneyError) as told:
        normal_form("1.234", 2, 8)
    assert "Nachkommastellen" in in_german(f"{told.value}.")


@pytest.mark.parametrize("app", ["coupons", "pos_integration"])
def test_every_sentence_that_is_known_is_said_in_german(app):
    path = f"{apps.get_app_config(app).path}/locale/de/LC_MESSAGES/django.po"
    known = {entry.msgid for entry in polib.pofile(path) if entry.translated()}
    sentences = PROMISED if app == "coupons" else REJECTED
    assert [one for one in sentences if one not in known] == []
