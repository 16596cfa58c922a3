"""An app as most people would write it: plain models, nested serializers, bulk_create."""
