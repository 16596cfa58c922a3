"""The door for gunicorn: `gunicorn loyalty.wsgi`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
application = get_wsgi_application()
gc.freeze()  # what is loaded by now stays: no collection need look at it again
