"""Where tills ask about coupons and cards, below /api/v1/.

What a scanner reads may be a link, with slashes: so a coupon's own page comes after its acts.
"""

from django.urls import path

from coupons.api import (
    CardCouponsView,
    CardPreferencesView,
    CouponView,
    LockView,
    RedeemView,
    ReleaseView,
    ReverseView,
)

urlpatterns = [
    path("coupons/<path:code>/lock", LockView.as_view(), name="coupon-lock"),
    path("coupons/<path:code>/redeem", RedeemView.as_view(), name="coupon-redeem"),
    path("coupons/<path:code>/release", ReleaseView.as_view(), name="coupon-release"),
    path("coupons/<path:code>", CouponView.as_view(), name="coupon"),
    path("redemptions/<str:redemption>/reverse", ReverseView.as_view(), name="redemption-reverse"),
    path("cards/<str:card>/coupons", CardCouponsView.as_view(), name="card-coupons"),
    path("cards/<str:card>/preferences", CardPreferencesView.as_view(), name="card-preferences"),
]
