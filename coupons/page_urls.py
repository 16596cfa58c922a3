"""Where shoppers arrive: their sheets, by signed links, and where coupons' QR codes lead."""

from django.urls import path, re_path

from coupons import sheet_pages

urlpatterns = [
    path("s/<str:token>/", sheet_pages.page, name="sheet-page"),
    path("s/<str:token>/coupons.png", sheet_pages.picture, name="sheet-picture"),
    path("s/<str:token>/pictures/<str:sha256>", sheet_pages.photo, name="sheet-photo"),
    re_path(r"^255/(?P<digits>\d{13,25})/?$", sheet_pages.at_the_till, name="digital-link"),
]
