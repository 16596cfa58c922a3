"""What refusals, selections, measurements and files of offers say, as kept or told."""

from django.utils.translation import gettext_noop as _

SENTENCES = (
    _("It was cut short: select again."),
    _("its receipt is a void: nothing was sold on it"),
    _("its receipt is a return: nothing was sold on it"),
    _("%(code)s was made void"),
    _("used on %(day)s, good from %(first)s to %(last)s"),
    _("used in store %(store)s, good in another store only"),
    _("used in store %(store)s, good in %(n)s other stores only"),
    _("no coupon or offer has %(code)s"),
    _("no coupon or offer has %(code)s together with the card %(card)s"),
    _("no coupon or offer has %(code)s together with no card"),
    _("the coupon was redeemed before"),
    _("used at store %(store)s, till %(till)s, receipt %(receipt)s on %(day)s"),
    _(
        "used at store %(store)s, till %(till)s, receipt %(receipt)s on %(day)s; that came "
        "back, but it stays used"
    ),
    _(
        "used at store %(store)s, till %(till)s, receipt %(receipt)s on %(day)s, which was "
        "cleared first"
    ),
    _("the till took nothing off, %(due)s was due"),
    _("the till took %(took)s off, %(due)s was due"),
    _("no line of the receipt is of %(offer)s"),
    _("line %(line)s of the receipt is not of %(offer)s"),
    _("another coupon is on all of %(offer)s that it could be on"),
    _("%(spent)s was spent on it, %(wanted)s was wanted"),
    _("%(n)s of %(offer)s bought, %(wanted)s were wanted"),
    _("%(offer)s cost %(cost)s, of which nothing can be taken off"),
    _(
        "'%(offer)s' (%(code)s): none of its products was sold yet, so a usual price of "
        "%(price)s is assumed: check its products."
    ),
    _(
        "'%(offer)s' (%(code)s): at %(level)s it takes nothing off the usual price of "
        "%(price)s: lower its price."
    ),
    _("'%(mailing)s' has no offers: add some."),
    _("'%(offer)s' (%(code)s) is good on no product: give it products or rules."),
    _("'%(mailing)s' has no recipients: choose segments or add households by hand."),
    _("None of the %(n)s recipients of '%(mailing)s' gets a sheet: %(why)s."),
    _("No night has run yet: run 'manage.py nightly' first."),
    _("Coupons for '%(mailing)s' are being selected already: wait for it to end."),
    _(
        "'%(mailing)s' is for %(day)s, and the last night was that before %(night)s: choose later "
        "dates."
    ),
    _(
        "'%(mailing)s' allows beliefs of %(most)s days at most, and on %(day)s those of %(night)s "
        "are %(age)s days old: run a night and select again."
    ),
    _("Nobody would get a sheet of '%(mailing)s': look at its offers."),
    _("'%(mailing)s' has no selection that is ready: select again"),
    _("You selected '%(mailing)s' yourself: somebody else approves it, that two have looked"),
    _("The night that '%(mailing)s' was selected by is gone: select again"),
    _("'%(mailing)s' was selected after its morning, %(day)s"),
    _("'%(mailing)s' is being issued: it cannot go back"),
    _("'%(mailing)s' is being issued already: wait for it to end"),
    _("'%(mailing)s' is good until %(day)s: close it after that day"),
    _(
        "'%(offer)s' (%(code)s) is not good on all days of the mailing, %(first)s to %(last)s:"
        " nobody gets it."
    ),
    _(
        "'%(mailing)s' has %(n)s offers for sheets of %(places)s coupons: add offers or choose"
        " a smaller sheet."
    ),
    _("%(n)s households get a shorter sheet: too few offers fit them."),
    _("%(n)s households get no sheet: no offer, or too few, fit them."),
    _("These limits are what generic sheets, and coupons drawn by lot, leave of them."),
    _("The mailing"),
    _("%(who)s: %(used)s of %(budget)s is expected to be spent."),
    _(
        "%(who)s: %(used)s of %(budget)s is expected to be spent; %(more)s more would bring "
        "about %(gain)s of margin."
    ),
    _(
        "%(who)s: %(used)s of %(budget)s is expected to be spent; %(more)s more would bring "
        "about %(gain)s coupons used."
    ),
    _(
        "Every tier's and size's coupons are worth within %(band)s of the mean; that costs "
        "something."
    ),
    _(
        "Every tier's and size's coupons are worth within %(band)s of the mean, which costs "
        "nothing."
    ),
    _(
        "The last of the %(n)s guaranteed coupons costs about %(gain)s of margin: it displaces"
        " something better."
    ),
    _(
        "The last of the %(n)s guaranteed coupons costs about %(gain)s coupons used: it "
        "displaces something better."
    ),
    _("Its budget of %(budget)s is used: %(more)s more would bring about %(gain)s of margin."),
    _("Its budget of %(budget)s is used: %(more)s more would bring about %(gain)s coupons used."),
    _(
        "value %(value)s %(a)s circulation %(circulation)s %(b)s cost %(cost)s %(c)s fairness "
        "%(fairness)s = %(worth)s; chance %(chance)s; %(rest)s"
    ),
    _("no other offer fits in its place"),
    _("best left out: %(offer)s by %(figure)s"),
    _("%(offer)s would be better by %(figure)s"),
    _("%(first)s; balancing swap for more worth"),
    _("%(first)s; balancing swap for the mailing's budget"),
    _(
        "'%(offer)s' (%(code)s) lost %(total)s (95 %%: %(low)s to %(high)s) on %(n)s coupons, "
        "all told: leave it out of the next mailing."
    ),
    _(
        "It is measured against households that never get mailings: what earlier mailings "
        "changed is in these figures as well."
    ),
    _(
        "Households with a sheet and those held out bought differently before the mailing "
        "already, by %(by)s each: chance does this once in a thousand times. Find out whether "
        "everybody who was selected for got the sheet."
    ),
    _(
        "'%(offer)s' (%(code)s) was chosen for %(share)s of the sheets and for %(held)s of "
        "those held out: its limits sorted households, so take its own figures with care."
    ),
    _("%(n)s households have no card any more: they were merged or erased, and are left out."),
    _("The house's own reference"),
    _("What the shopper reads"),
    _("Maker and size"),
    _("What it takes off; of other kinds than amount and threshold: the most it may come to"),
    _("Off, 1 to 100"),
    _("A fixed price, or that of all units together"),
    _("That are bought together, of a multi_buy; empty: 1"),
    _("How many of these the percent is off; empty: 1"),
    _("To be spent, of a threshold"),
    _("What a sheet has only so many of: a name, or Department > Category > Type"),
    _("Who pays, by name"),
    _("Their part, 0 to 1 or in percent; empty: all"),
    _("The first day, such as 2026-03-01 or 1.3.2026"),
    _("The last day"),
    _("A line each, two at most on paper"),
    _("What is drawn, by name; empty: a basket"),
    _("An uploaded picture, by name; empty: that of a product, else what is drawn"),
    _("On one item at most one coupon of each group; empty: coupon"),
    _("What a coupon is after a return: good_again or used"),
    _("One code for everybody"),
    _("Of a barcode by rules of GS1: %(kinds)s; empty: codes of our own"),
    _("What that barcode says: ean, 255, 8110 or 8112"),
    _("Of that barcode: GS1's for its owner"),
    _("Of that barcode: the offer, in digits"),
    _("Of a barcode of 8110: which of the maker's items; empty: 000"),
    _("Copies handed out elsewhere"),
    _("One word: a sheet has at most one offer of a category with it"),
    _("Where it is good: numbers with semicolons; empty: everywhere"),
    _("Coupons guaranteed to its funder, all mailings together"),
    _("Coupons at most, all mailings together"),
    _("Times one household is given it"),
    _("Most it may be expected to cost"),
    _("Most it may really cost"),
    _("Good on these: GTINs or in-house numbers with semicolons"),
    _("And on all in these, with semicolons, each as in category"),
    _("And on all of these, with semicolons; 'Brand @ Category': on those in a category"),
    _("But not on these, as in products"),
    _("But not on these, as in categories"),
    _("But not on these, as in brands"),
    _("%(kinds)s; empty: amount"),
    _(
        "Of level %(n)s, as face_value; empty, where its percent or price is given: as of the "
        "level below"
    ),
    _("Of level %(n)s, as percent"),
    _("Of level %(n)s, as price"),
)
