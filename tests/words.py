"""The words each app shows to people: marked in Python and templates, and the labels of models.

`python -m tests.words` from the repository's root says which of them no catalogue translates.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from django.apps import apps

from pos_integration.labels import labels_of

ROOT = Path(__file__).parent.parent
APPS = ("pos_integration", "loyalty", "coupons")
MARKS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
# A text and its plural, which is empty where none is said.
Word = tuple[str, str]

TRANSLATE = re.compile(r"""{%-?\s*trans(?:late)?\s+(?:"([^"]*)"|'([^']*)')[^%]*%}""")
BLOCK = re.compile(
    r"{%\s*blocktrans(?:late)?\b([^%]*)%}(.*?)"
    r"(?:{%\s*plural\s*%}(.*?))?{%\s*endblocktrans(?:late)?\s*%}",
    re.DOTALL,
)


def words_of(app: str) -> dict[Word, set[str]]:
    """Each (text, plural or "") of `app`, and the files that show it."""
    found: dict[Word, set[str]] = {}
    for path in sorted((ROOT / app).rglob("*.py")):
        if "migrations" not in path.parts:
            for word in _in_python(path.read_text(encoding="utf-8")):
                found.setdefault(word, set()).add(str(path.relative_to(ROOT)))
    for path in sorted((ROOT / app / "templates").rglob("*.*")):
        for word in _in_template(path.read_text(encoding="utf-8")):
            found.setdefault(word, set()).add(str(path.relative_to(ROOT)))
    for label in labels_of(apps.get_app_config(app)):
        found.setdefault((label, ""), set()).add("labels of models")
    return found


def untranslated() -> dict[str, dict[Word, set[str]]]:
    """For each app the words that neither its catalogue nor another app's translates."""
    known: set[Word] = set()
    for app in APPS:
        path = ROOT / app / "locale/de/LC_MESSAGES/django.po"
        known |= {(e.msgid, e.msgid_plural) for e in polib.pofile(str(path)) if e.translated()}
    return {app: {w: at for w, at in words_of(app).items() if w not in known} for app in APPS}


def _in_python(source: str) -> Iterator[Word]:
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
            name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
            said = [
                a.value
                for a in call.args[: MARKS.get(name, 0)]
                if isinstance(a, ast.Constant) and isinstance(a.value, str)
            ]
            if said and said[0]:
                yield said[0], said[1] if len(said) > 1 else ""


def _in_template(source: str) -> Iterator[Word]:
    for double, single in TRANSLATE.findall(source):
        yield double or single, ""
    for options, one, many in BLOCK.findall(source):
        texts = [re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", t) for t in (one, many)]
        if "trimmed" in options:
            texts = [re.sub(r"\s*\n\s*", " ", t.strip()) for t in texts]
        yield texts[0], texts[1]


def main() -> None:
    import django

    django.setup()
    for words in untranslated().values():
        for (text, plural), files in sorted(words.items()):
            sys.stdout.write(f"{', '.join(sorted(files))}\n    {text!r} {plural!r}\n")


if __name__ == "__main__":
    main()
