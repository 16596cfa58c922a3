"""Why services, files and the press refuse something, as told to staff or kept."""

from django.utils.translation import gettext_noop as _

FAULTS = (
    # What is asked of a mailing in a state that does not allow it.
    _("'%(what)s' is %(state)s; wanted: %(wanted_state)s"),
    _("'%(what)s' is %(state)s meanwhile"),
    _("'%(what)s' is %(state)s: its recipients stay as they are; wanted: %(wanted_state)s"),
    _(
        "'%(what)s' is %(state)s: another selection is chosen for a draft, or one that waits "
        "for approval; take the approval back first"
    ),
    _("'%(what)s' is %(state)s: it is issued once it is selected and approved"),
    _("'%(what)s' is %(state)s: it is measured once its coupons are issued"),
    _("'%(what)s' is %(state)s: only a draft is selected for"),
    _("'%(what)s' is %(state)s; sheets are replaced from when they are issued until it is closed"),
    _(
        "'%(what)s' is %(state)s and has no sheets; wanted: issued ('manage.py issue_mailing "
        "%(code)s')"
    ),
    _("Coupons for '%(mailing)s' are being selected: wait for it to end"),
    _("This selection of '%(mailing)s' is not ready: choose another"),
    _("The night it was selected by is gone: select again"),
    _("There is no card number in it; wanted: one a line"),
    _("%(n)s of %(all)s are no cards of a household, such as %(named)s; the list stays as it was"),
    # Of measurements.
    _("'%(mailing)s' held nobody out: what it changed cannot be told"),
    _(
        "'%(mailing)s' keeps no selection: what those held out would have got is not known, so "
        "what it changed cannot be told"
    ),
    _("%(day)s is still to come: measure until today at the latest"),
    _("The coupons of '%(mailing)s' are good from %(first)s on: measure it from %(day)s on"),
    _("Only %(n)s days of '%(mailing)s' are seen: measure it from %(day)s on"),
    # Of cells of files of offers, and the files themselves.
    _("'%(file)s' was dropped. Import it once more to apply it"),
    _("'%(file)s' was applied already"),
    _("No product has the number '%(text)s'"),
    _("No product has the number '%(text)s'. %(hint)s"),
    _("Is '%(near)s' meant?"),
    _("There is no funder '%(text)s'. Add it first, or correct the name"),
    _("There is no funder '%(text)s'. Is '%(near)s' meant? Add it first, or correct the name"),
    _("No picture is called '%(text)s'. Upload it first, or correct the name"),
    _("No picture is called '%(text)s'. Is '%(near)s' meant? Upload it first, or correct the name"),
    _("There is no store '%(text)s'"),
    _("There is no store '%(text)s'. %(hint)s"),
    _("There is no category '%(text)s'"),
    _("There is no category '%(text)s'. %(hint)s"),
    _("'%(text)s' may be %(paths)s: write the one that is meant"),
    _("No product has the brand '%(text)s'"),
    _("No product has the brand '%(text)s'. %(hint)s"),
    _("%(fault)s: a digit is wrong"),
    # Of pictures.
    _("%(n)s MiB are too many"),
    _("More than %(most)s pictures at once: upload them in parts"),
    _("This ZIP unpacks to %(n)s MiB; %(most)s MiB are the most: pack it in parts"),
    _("This ZIP has %(n)s MiB; %(most)s MiB are the most: pack it in parts"),
    _("This is not a ZIP"),
    _("This ZIP is broken: pack it anew"),
    _(
        "Nothing was changed: since you looked, products, offers or pictures changed, and with "
        "them what these files would do. Look once more, then confirm"
    ),
    _(
        "Nothing was changed: some files are faulty. Put them right, or say that the others "
        "are to be taken without them"
    ),
    _("A picture's name has 1 to 60 characters, not %(n)s"),
    _("This picture has %(n)s MiB; %(most)s MiB is the most"),
    _(
        "This is an SVG drawing, which is not printed: upload a PNG of it, of at least %(n)s "
        "pixels on its longer side"
    ),
    _("This is a PDF document: upload the picture as a JPEG or PNG"),
    _("This is a HEIC or AVIF picture, or a film: upload a JPEG or PNG"),
    _(
        "%(width)s x %(height)s pixels are too coarse for print: at least %(n)s on each side "
        "are wanted"
    ),
    _("This picture has more than 16 bits a colour: save it with 8"),
    _("This is not a picture that can be read: a JPEG, PNG, WebP, GIF, TIFF or BMP is wanted"),
    _("This picture is broken: it cannot be read"),
    _("This picture is broken or cut short: save it anew"),
    # Of barcodes and print.
    _("'%(what)s': %(fault)s"),
    _("its picture is gone; give it another"),
    _("The logo's picture is gone; give the theme another"),
    _(
        "'%(offer)s' needs a barcode of its own: after the prefix %(prefix)s of the theme "
        "'%(theme)s' %(n)s digits are left, and its number is %(number)s"
    ),
    _("The theme '%(theme)s' has no GS1 company prefix, which its barcodes want"),
    _("'%(offer)s' needs a barcode of its own: %(prefix)s %(reference)s names '%(other)s' already"),
    _(
        "The barcode of '%(offer)s' says %(n)s characters, and tills send %(most)s at most: "
        "%(payload)s"
    ),
    _("The barcode of '%(offer)s': %(fault)s"),
    _("'%(mailing)s' has no offers: there is nothing to put on paper"),
    _(
        "%(code)s is for an offer that its mailing does not have; wanted: one of the mailing's "
        "offers, or of those that fill places"
    ),
    _("%(product)s: nothing says what the coupon is worth"),
    _("an offer has no product's name"),
    _(
        "%(product)s: value, %(n)s letters, would be cut short in a coupon of %(size)s mm. "
        "What would help: fewer words"
    ),
    _(
        "%(product)s: value, %(n)s letters, would be cut short in a coupon of %(size)s mm. "
        "What would help: fewer words, or fewer coupons a sheet"
    ),
    _(
        "%(product)s: what stands beside the value, %(n)s letters, would be cut short in a "
        "coupon of %(size)s mm. What would help: fewer words"
    ),
    _(
        "%(product)s: what stands beside the value, %(n)s letters, would be cut short in a "
        "coupon of %(size)s mm. What would help: fewer words, or fewer coupons a sheet"
    ),
    _(
        "%(product)s: validity, %(n)s letters, would be cut short in a coupon of %(size)s mm. "
        "What would help: fewer words"
    ),
    _(
        "%(product)s: validity, %(n)s letters, would be cut short in a coupon of %(size)s mm. "
        "What would help: fewer words, or fewer coupons a sheet"
    ),
    _(
        "%(product)s: terms, %(n)s letters, would be cut short in a coupon of %(size)s mm. "
        "What would help: fewer words"
    ),
    _(
        "%(product)s: terms, %(n)s letters, would be cut short in a coupon of %(size)s mm. "
        "What would help: fewer words, or fewer coupons a sheet"
    ),
    _(
        "%(product)s: a barcode of %(bars)s with its quiet zones (%(width)s mm wide, "
        "%(height)s mm high) leaves a coupon of %(size)s mm. %(remedy)s"
    ),
    _(
        "%(product)s: a barcode of %(bars)s leaves no room for words in a coupon of %(size)s "
        "mm. %(remedy)s"
    ),
    _(
        "%(product)s: a barcode of %(bars)s with its quiet zones leaves no room for the "
        "%(part)s in a coupon of %(size)s mm. %(remedy)s"
    ),
    _(
        "%(product)s: a barcode of %(bars)s leaves no room for its code in a coupon of "
        "%(size)s mm. %(remedy)s"
    ),
    _("What would help: %(remedies)s"),
    _("Nothing but larger paper helps"),
    _("at most %(n)s coupons a sheet"),
    _("%(n)s dots a module instead of %(now)s"),
    _("a GS1 DataMatrix"),
    _("at most %(n)s coupons a sheet, or %(remedies)s"),
    _("%(n)s dots a module instead of %(now)s, or a GS1 DataMatrix"),
    _("sheet %(number)s, coupon %(place)s: its barcode reads %(found)s, not %(wanted)s"),
    _("sheet %(number)s, coupon %(place)s: its barcode reads nothing, not %(wanted)s"),
    _("sheet %(number)s has %(n)s coupons on paper, and %(promised)s are promised"),
    _(
        "sheet %(number)s, coupon %(place)s: on paper it is %(found)s, which is not the coupon "
        "%(code)s that was promised"
    ),
    _("the match mark %(mark)s reads %(found)s"),
    _("the match mark %(mark)s reads nothing"),
    _("%(file)s.pdf: %(fault)s"),
    _("%(fault)s. Nothing of this run is to be mailed"),
    _("a proof of %(n)s sheets shows nothing; wanted: 1 or more"),
    _("its files are not those that were to be written: print it again"),
    _(
        "its files hold %(n)s sheets, and %(due)s are promised: some were changed meanwhile; "
        "print it again"
    ),
    _("there is nothing on paper: sheet %(number)s: %(why)s"),
    _("there is nothing on paper"),
    _("'%(mailing)s' is printed sheet by sheet, from its households' pages"),
    _("'%(mailing)s' cannot be printed:"),
    _("And %(n)s more"),
    _("'%(mailing)s' is being printed: wait for it to end"),
    _("'%(mailing)s' was not printed: %(fault)s"),
    _(
        "%(path)s is not there as it was written: workers on other machines must have the same "
        "PRINT_DIR"
    ),
    _("'%(sheet)s' was replaced by sheet %(number)s already"),
    _("Every coupon of '%(sheet)s' was used: nothing is left to replace"),
    _("Say why: whoever asks later wants to know"),
    _("Say why in %(n)s letters at most"),
    _("'%(mailing)s' was good until %(day)s: nothing to replace"),
    _("No sheets are named: write numbers and ranges, as 17, 40-60"),
    _("'%(run)s' has sheets 1 to %(end)s: no others can be printed again"),
    _("'%(part)s' names no sheets: write numbers and ranges, as 17, 40-60"),
    _("'%(part)s' is no range of sheets: the smaller number comes first"),
    _("Nothing is spoiled that was not printed again"),
    _("Sheets %(first)s to %(last)s are not in '%(run)s', which ends at %(end)s"),
    _("No sheet can be set so: %(why)s"),
    # Of fonts and profiles.
    _("A %(what)s may have %(most)s MiB at most"),
    _("It does not say which inks make a colour"),
    _("this is %(kind)s; wanted: a TrueType font, a .ttf file of one cut"),
    _("this font names no letter that its glyphs stand for"),
    _("this is a variable font; wanted: one cut of it, which its maker calls static"),
    _("this font has no TrueType outlines"),
    _("its maker does not allow this font to be embedded in part (fsType %(rights)s)"),
    _("this font's table of characters has no end"),
    _("this file cannot be read as a TrueType font: %(fault)s"),
    _("the font %(sha256)s is not among the files given"),
    _("the font %(sha256)s cannot be read: %(fault)s"),
    _("this profile describes %(space)s of class %(kind)s; wanted: CMYK of a press, 'prtr'"),
    _("this file is not an ICC profile"),
    _("the press profile %(sha256)s is not among the files given"),
    _("this profile separates no colours: %(fault)s"),
    # Of settlement.
    _("the period until %(until)s is not over; wanted: %(latest)s at the latest"),
    _("the period ends on %(until)s, before %(begin)s"),
    _("paid on %(day)s; wanted: a day after %(after)s, until today"),
    _("%(statement)s is marked as paid already"),
    _("'%(funder)s' has entries in %(currencies)s: say which"),
    _("a '%(state)s' entry claims nothing"),
    _("the entry is in no statement yet: nobody was asked to pay it"),
    _("a dispute on this entry is open: concede or uphold it first"),
    _("%(amount)s is no amount to dispute; wanted: more than 0, with %(n)s decimals at most"),
    _("the dispute is closed already: %(state)s"),
    _("%(amount)s is more than the %(still)s still claimed for this coupon"),
    # Of trials, nights and what shoppers' pages are given.
    _("This offer is good on nothing yet: add rules or a product, then try it"),
    _("There is no history yet to try it on: receipts are added to it every night"),
    _("a night is running already: wait for it to end"),
    _("The parameters of %(model)s do not match their hash"),
    _("%(text)s names no coupon"),
    _("Nothing is written in '%(language)s' here; wanted: %(known)s"),
    _("Several departments have a category '%(text)s': write it with its department, '%(path)s'"),
    # Of limits that contradict each other.
    _(
        "These limits contradict each other: sheets within them could be worth %(bound)s at "
        "the most, and no full sheets are worth so little. Those that come nearest have:"
    ),
    _("Offer %(offer)s: %(n)s coupons are guaranteed; the most is %(most)s"),
    _("Offer %(offer)s: %(n)s coupons; the most is %(most)s"),
    _("Offer %(offer)s: %(n)s coupons; %(least)s are guaranteed"),
    _("Offer %(offer)s: cost %(cost)s; its budget is %(budget)s"),
    _("Funder %(funder)s: cost %(cost)s; the budget is %(budget)s"),
    _("All offers: cost %(cost)s; the budget is %(budget)s"),
    _(
        "Offer %(offer)s: %(n)s coupons are guaranteed, but %(most)s are the most. Lower the "
        "guarantee or raise the limit"
    ),
    _(
        "Offer %(offer)s: %(least)s coupons are guaranteed, but only %(n)s households can get "
        "it. Lower the guarantee to %(most)s, or let more households have it"
    ),
    _(
        "%(n)s coupons are guaranteed, but there are only %(places)s places on %(sheets)s "
        "sheets. Lower guarantees by %(by)s, or mail to more households"
    ),
    _(
        "There are %(places)s places to fill, but all offers together may be printed only "
        "%(n)s times. Raise limits of circulation by %(by)s, add offers, or print fewer "
        "coupons a sheet"
    ),
    _(
        "Offers %(offers)s: %(n)s coupons are guaranteed together, but with at most one of "
        "them a sheet only %(room)s can be printed. Lower guarantees by %(by)s"
    ),
    _(
        "Offers %(offers)s: %(n)s coupons are guaranteed together, but with at most %(each)s "
        "of their category a sheet only %(room)s can be printed. Lower guarantees by %(by)s"
    ),
    _(
        "Offer %(offer)s: its %(n)s guaranteed coupons are expected to cost %(cost)s at the "
        "least, and its budget is %(budget)s. Raise it or lower the guarantee"
    ),
    _(
        "Funder %(funder)s: the budget is %(budget)s, but coupons guaranteed for its offers "
        "are expected to cost %(cost)s at the least. Raise it or lower guarantees"
    ),
    _(
        "The budget is %(budget)s, but the guaranteed coupons alone are expected to cost "
        "%(cost)s at the least. Raise it or lower guarantees"
    ),
    _(
        "The budget is %(budget)s, but even the cheapest coupons in all %(places)s places are "
        "expected to cost %(cost)s. Raise it by %(by)s, print fewer coupons a sheet, or mail "
        "to fewer households"
    ),
    _("Fairness: the mean face value of tier %(tier)s is held within its band"),
    _("Fairness: the mean face value of tier %(tier)s is above its band"),
    _("Fairness: the mean face value of tier %(tier)s is below its band"),
    _(
        "Fairness: coupons of tier %(tier)s take off %(own)s on average at the least, those of "
        "all others %(rest)s at the most, and they may differ from the mean of all by %(band)s "
        "%% only. Allow for more, or give both offers alike"
    ),
    _(
        "Fairness: coupons of tier %(tier)s take off %(own)s on average at the most, those of "
        "all others %(rest)s at the least, and they may differ from the mean of all by "
        "%(band)s %% only. Allow for more, or give both offers alike"
    ),
    _("Fairness: the mean face value of size %(size)s is held within its band"),
    _("Fairness: the mean face value of size %(size)s is above its band"),
    _("Fairness: the mean face value of size %(size)s is below its band"),
    _(
        "Fairness: coupons of size %(size)s take off %(own)s on average at the least, those of "
        "all others %(rest)s at the most, and they may differ from the mean of all by %(band)s "
        "%% only. Allow for more, or give both offers alike"
    ),
    _(
        "Fairness: coupons of size %(size)s take off %(own)s on average at the most, those of "
        "all others %(rest)s at the least, and they may differ from the mean of all by "
        "%(band)s %% only. Allow for more, or give both offers alike"
    ),
    # Of an offer's own fields, and of its levels.
    _("Either the price of all units or a percent off some, not both"),
    _("Say the price of all units together, or the percent off some of them"),
    _("Say how many percent it takes off, from 1 to 100"),
    _("Say what one item costs with it"),
    _("Leave this empty: '%(kind)s' has no percent"),
    _("Leave this empty: '%(kind)s' has no price"),
    _("Say how much must be spent"),
    _("Leave this empty: '%(kind)s' asks for no amount to be spent"),
    _("%(n)s is too few: 2 or more are bought together"),
    _("%(n)s is too many: %(most)s at most are bought together"),
    _("%(n)s of %(units)s cannot be reduced: %(most)s at most"),
    _("%(n)s is too few: 1 or more are reduced"),
    _("'%(kind)s' is about one unit: 1 is wanted, not %(n)s"),
    _("%(n)s is not enough: more than 0 is wanted"),
    _("%(n)s is not from 1 to 100"),
    _("%(n)s is not from 0 to 1, such as 0.5 for one half"),
    _("%(day)s is before the first day, %(first)s"),
    _("%(most)s at most is less than the %(least)s that are guaranteed"),
    _("%(n)s is too few: 1 or more, or empty for as often as it fits"),
    _("There is no level %(n)s: 2 and 3 are above the offer"),
    _("Level %(n)s is there twice"),
    _("There is a level %(n)s, and no level %(below)s"),
    _("Say the face value of this level, as of the offer"),
    _("Leave this empty: the offer itself has no percent"),
    _("Leave this empty: the offer itself has no price"),
    _("Say the percent of this level, as of the offer"),
    _("Say the price of this level, as of the offer"),
    _(
        "%(face)s is the most it may come to, and %(below)s on the level below: the same or "
        "more is wanted"
    ),
    _(
        "%(value)s is not more than the %(below)s of the level below: each level is worth more "
        "than the one before"
    ),
    _(
        "%(value)s is not less than the %(below)s of the level below: each level is worth more "
        "than the one before"
    ),
    _("There is no picture '%(text)s'"),
    _("There is no picture '%(text)s'. %(hint)s"),
    _("'%(text)s' is the code of the offer '%(offer)s'"),
    _("The code %(code)s is taken by '%(offer)s': choose another"),
    _("Coupons of this offer are out: this stays %(was)s, not %(said)s"),
    _("It is good on nothing: name products, categories or brands"),
    _("Coupons of this offer are out: no product is taken from it"),
    _("coupons of it are out, or were used: its dates and its stores stay as they are"),
    _("Numbers are parted by semicolons"),
    # Of an offer's barcode.
    _("A barcode wants it: fill it in, or leave all of its columns empty"),
    _("This barcode names the offer '%(offer)s'"),
    _("%(content)s stands in %(symbologies)s only"),
    _("Prefix and reference have %(n)s digits together; a global coupon number wants 12"),
    _("'%(text)s' has %(n)s digits; 6 to 12 are wanted"),
    _("'%(text)s' has %(n)s digits; 6 are wanted"),
    _("'%(text)s' is not %(n)s digits"),
    _("'%(text)s' is not %(least)s to %(most)s digits"),
    _("'%(text)s' begins no EAN-13 coupon: those begin with 99 or 981-984"),
    _(
        "Prefix and reference have %(n)s digits together; an EAN-13 coupon that begins with "
        "%(prefix)s wants %(wanted)s"
    ),
    _(
        "Prefix and reference have %(n)s digits together; an EAN-13 coupon that begins with "
        "%(prefix)s wants %(wanted)s, before three that say what it is worth"
    ),
    _(
        "A coupon that begins with %(prefix)s cannot say %(worth)s: it says up to %(most)s, in "
        "steps of %(step)s"
    ),
    # Of pictures beside what they are of.
    _("'%(file)s' is of the same: leave one of them out"),
    _("'%(file)s' is the product %(product)s and the offer %(offer)s: rename the file"),
    _("a picture of this name"),
    _("product %(product)s"),
    _("offer %(offer)s"),
    _("No product, offer or picture is called so"),
    _("No product, offer or picture is called so. Is the offer '%(near)s' meant?"),
    _("This file is locked by a password: pack it without one"),
    _("This file is broken within the ZIP: pack it anew"),
    # Of what runs when, and of what limits cost.
    _("%(one)s and %(other)s are both good on the same product from %(first)s to %(last)s"),
    _(
        "%(one)s and %(other)s are both good on %(n)s of the same products from %(first)s to "
        "%(last)s"
    ),
    _(
        "%(offer)s: %(n)s of %(all)s coupons guaranteed to %(funder)s are not given out, and "
        "it is over"
    ),
    _(
        "%(offer)s: %(n)s of %(all)s coupons guaranteed to %(funder)s are not given out, and "
        "no mailing to come has it"
    ),
    _("Its cap of %(most)s coupons binds: %(more)s more would bring about %(gain)s of margin"),
    _("Its cap of %(most)s coupons binds: %(more)s more would bring about %(gain)s coupons used"),
    _("Its cap of %(most)s coupons binds: one more would bring about %(gain)s of margin"),
    _("Its cap of %(most)s coupons binds: one more would bring about %(gain)s coupons used"),
    _(
        "Its %(least)s guaranteed coupons take every household that can get it, whatever it "
        "displaces"
    ),
    _(
        "Nothing was changed: since you looked, offers or the catalogue changed, and with them "
        "what this file would do. Look at it once more, then confirm"
    ),
    _("%(text)s has %(n)s characters, not %(wanted)s"),
    _("%(text)s contains %(found)s, which no coupon code contains"),
    _(
        "a barcode of %(bars)s with its quiet zones (%(width)s mm wide, %(height)s mm high) "
        "leaves a coupon of %(size)s mm"
    ),
    _("a barcode of %(bars)s leaves no room for words in a coupon of %(size)s mm"),
    _(
        "a barcode of %(bars)s with its quiet zones leaves no room for the %(part)s in a "
        "coupon of %(size)s mm"
    ),
    _("a barcode of %(bars)s leaves no room for its code in a coupon of %(size)s mm"),
)
