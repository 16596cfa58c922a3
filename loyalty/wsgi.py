"""The door for gunicorn: `gunicorn loyalty.wsgi`."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # every view is imported now, and no till waits for it
gc.freeze()  # what is loaded by now stays: no collection need look at it again
gc.set_threshold(50_000, 20, 100)  # an upload is thousands of objects that live for a moment
