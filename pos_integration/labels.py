"""What models, fields, choices and apps are called, in the language of who reads.

The names stand once, in plain English, where a model declares them, and as such in migrations.
Here they become gettext's, so that no model needs to mark its words and no language a migration.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig
from django.db.models import Choices, Field
from django.utils.translation import gettext_lazy


def translate_labels(app: AppConfig) -> None:
    """Let every label of `app` be looked up when it is shown. To be called once models are there.

    Migrations do not change: they take a field's name from what was declared, and a lazy text
    equals its English.
    """
    app.verbose_name = _lazy(app.verbose_name)
    for kind in _choices_of(app):
        for member in kind:
            member._label_ = _lazy(member.label)
    for model in app.get_models():
        names = model._meta
        names.verbose_name = _lazy(names.verbose_name)
        names.verbose_name_plural = _lazy(names.verbose_name_plural)
        for field in names.local_fields + names.local_many_to_many:
            field.verbose_name = _lazy(field.verbose_name)
            field.help_text = _lazy(field.help_text)
            if field.choices:
                field.choices = [(value, _lazy(label)) for value, label in field.flatchoices]


def labels_of(app: AppConfig) -> set[str]:
    """The English of every label of `app`, for who keeps a catalogue of them."""
    said = {str(app.verbose_name)}
    said |= {str(member.label) for kind in _choices_of(app) for member in kind}
    for model in app.get_models():
        said |= {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
        fields: list[Field[Any, Any]] = [*model._meta.local_fields, *model._meta.local_many_to_many]
        for field in fields:
            said |= {str(field.verbose_name), str(field.help_text)}
            said |= {str(label) for _, label in field.flatchoices}
    return said - {""}


def _choices_of(app: AppConfig, kind: type[Choices] = Choices) -> Iterator[type[Choices]]:
    for narrower in kind.__subclasses__():
        if narrower.__module__.startswith(f"{app.name}."):
            yield narrower
        yield from _choices_of(app, narrower)


def _lazy(text: Any) -> Any:
    """Empty stays empty: gettext answers "" with a catalogue's head.

    Any: Django's stubs type each label's place in another way. A plural that
    Django made of the singular is lazy already, yet no catalogue's.
    """
    return gettext_lazy(str(text)) if text else text
