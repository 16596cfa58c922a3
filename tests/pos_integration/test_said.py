"""Sentences kept in English are read in the language of the desk, figures and days included."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.utils import translation

from coupons.fault_sentences import FAULTS
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
        (
            "'May' is coupons selected, wait for approval; wanted: approved, waits for its night "
            "or printed",
            "„May“ hat den Stand „Coupons gewählt, wartet auf Freigabe“; nötig ist: Freigegeben, "
            "wartet auf seine Nacht oder Gedruckt",
        ),
        (
            "'May' cannot be printed:\n'Tea': Tea 500 g: nothing says what the coupon is worth\n"
            "And 3 more.",
            "„May“ lässt sich nicht drucken:\n„Tea“: Tea 500 g: Nirgends steht, was der Coupon "
            "wert ist\nUnd 3 mehr.",
        ),
        (
            "Funder Bell: the budget is 2.00, but coupons guaranteed for its offers are expected "
            "to cost 1,234.50 at the least. Raise it or lower guarantees.",
            "Kostenträger Bell: Das Budget ist 2,00, aber für seine Angebote zugesagte Coupons "
            "kosten voraussichtlich mindestens 1.234,50. Heben Sie es an, oder senken Sie Zusagen.",
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
    sentences = PROMISED + FAULTS if app == "coupons" else REJECTED
    assert [one for one in sentences if one not in known] == []


NOT_AT_THE_DESK = {
    *(
        "demo",
        "management",
        "exporting.py",
        "engine.py",
        "localpg.py",
        "migrations",
    ),  # what a terminal shows
    *("auth.py", "till.py", "wallet.py", "catalogue.py"),  # the API, which answers in English
    "admin",  # which marks what it says itself
}
NO_SENTENCES = {"ValueError", "TypeError", "RuntimeError", "AssertionError", "FileNotFoundError"}


def refusals() -> Iterator[tuple[str, list[str]]]:
    """Where something is raised with a sentence, and the sentence in parts: gaps are empty."""
    for app in ("coupons", "loyalty", "pos_integration"):
        for path in sorted(Path(app).rglob("*.py")):
            if not NOT_AT_THE_DESK & set(path.parts):
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                        name = ast.unparse(node.exc.func).rpartition(".")[2]
                        if name.endswith("Error") and name not in NO_SENTENCES and node.exc.args:
                            said = parts(node.exc.args[0])
                            if len("".join(said).split()) >= 4:
                                yield f"{path}:{node.lineno}", said


def parts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [str(p.value) if isinstance(p, ast.Constant) else "" for p in node.values]
    return []


def test_whatever_refuses_staff_something_says_so_in_german():
    def is_known(said: list[str]) -> bool:
        gaps = [place for place, part in enumerate(said) if not part]
        for filled in product(("Tea", "", "are"), repeat=min(len(gaps), 6)):
            whole = list(said)
            for place, text in zip(gaps, filled, strict=False):
                whole[place] = text
            kept = "".join(whole)
            if in_german(kept) != kept:
                return True
        return False

    assert [(where, "_".join(said)) for where, said in refusals() if not is_known(said)] == []
