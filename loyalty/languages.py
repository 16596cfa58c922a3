"""Which language an answer is in: the reader's at the desk, English for tills."""

from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

_FOR_PROGRAMS = ("/api/", "/healthz")


class LanguageMiddleware(LocaleMiddleware):
    """Django's, but for what programs read: an interface says the same whoever asks."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(_FOR_PROGRAMS):
            translation.activate("en")
            request.LANGUAGE_CODE = "en"
        else:
            super().process_request(request)
