"""What loading says of a basket or a file that it cannot take, as kept in rejects."""

from django.utils.translation import gettext_noop as _

SENTENCES = (
    _("'store' is missing: the number of a store is wanted"),
    _("'till' is missing: the number of a till is wanted"),
    _("No store has the number %(found)s"),
    _("This terminal speaks for store %(own)s, not for store %(store)s"),
    _("till is %(found)s: the number of a till is wanted"),
    _("Store %(store)s has no till %(till)s, or it was revoked"),
    _("ended_at is %(found)s: a time of our age is wanted"),
    _("'business_date' is missing, and 'ended_at' is too"),
    _("The business date is %(day)s, but at the store it is %(today)s"),
    _("The basket is in %(found)s, the store sells in %(currency)s"),
    _("Two lines have the number %(line)s"),
    _("Line %(line)s: %(fault)s"),
    _("The code of line %(line)s is blank"),
    _("The quantity of line %(line)s: %(fault)s"),
    _("The quantity of line %(line)s is %(found)s; what comes back is told by the kind 'return'"),
    _("A coupon took off %(found)s, less than nothing"),
    _("%(field)s is missing at %(place)s"),
    _("%(field)s is missing"),
    _('%(place)s is %(found)s: a decimal string such as "0.50" is wanted'),
    _('%(place)s is %(found)s: a decimal string such as "1" is wanted'),
    _('%(place)s is %(found)s: a date such as "2017-01-01" is wanted'),
    _('%(place)s is %(found)s: a time such as "2017-01-01T11:53:26" is wanted'),
    _("%(place)s is %(found)s: 'sale', 'return' or 'void' is wanted"),
    _("%(found)s is not a decimal number"),
    _("%(found)s has %(n)s decimals, not at most %(most)s"),
    _("%(found)s has more than %(most)s digits before the decimals"),
    _("%(found)s is not 8, 12, 13 or 14 digits"),
    _("%(found)s ends in %(last)s, not %(wanted)s"),
    _("%(found)s says %(verifier)s for the verifier of the %(what)s %(digits)s, not %(wanted)s"),
    _("The sale holds a NUL character, which no text can keep"),
    _("The basket holds a NUL character, which no text can keep"),
    _("The sale holds bytes or half characters that are no text"),
    _("The basket holds bytes that are no text in UTF-8"),
    _("The basket holds half of a character, a single surrogate"),
    _("The sale is nested too deeply"),
    _("The basket is nested too deeply"),
    _("A row has more or fewer fields than the header has columns"),
    _("The column %(name)s is there twice"),
    _("The column %(name)s is missing"),
    _("This JSON is cut off"),
    _("This JSON is nested too deeply"),
    _("This is not UTF-8: %(why)s"),
    _("This is not JSON as it should be: %(why)s"),
    _("This is empty, not XML"),
    _("This XML is nested too deeply"),
    _("This is no POSLog: it begins with %(found)s"),
    # Of the cells of a file of offers, products, categories or stores.
    _("This cell is empty; a value is wanted"),
    _("%(found)s has more than one line; one is wanted"),
    _("%(found)s has %(n)s characters; %(most)s is the most"),
    _("%(found)s is not one word of letters, digits, hyphens and underscores"),
    _("%(found)s is not one of %(choices)s"),
    _("%(found)s is not a plain number such as %(example)s"),
    _("%(found)s is below 0"),
    _("%(found)s is too much: less than %(most)s is wanted"),
    _("%(found)s is too much: %(most)s is the most"),
    _("%(found)s has more than %(most)s decimals"),
    _("%(found)s is no day of the calendar"),
    _("%(found)s stands in row %(others)s too; one row is wanted"),
    _("%(found)s stands in rows %(others)s too; one row is wanted"),
    _("%(found)s stands in row %(others)s, too; one is wanted"),
    _("%(found)s stands below no department: fill this cell, too"),
    _("Row %(others)s names the same product: one is wanted"),
    _("It stands in row %(other)s, too"),
    _("There is no %(above)s yet: give it a row of its own"),
    _("This file was confirmed or dropped already, or waited too long"),
    _("This file was confirmed already: it did what it says once"),
    _(
        "Nothing was changed: since you looked, the catalogue changed, and with it what this file "
        "would do. Look at it once more, then confirm"
    ),
    _(
        "Nothing was changed: %(faulty)s of %(rows)s rows are faulty. Put right what is wrong in "
        "the file, or say that the right rows are to be applied without them"
    ),
    _(
        "Nothing was changed: %(faulty)s of %(rows)s rows is faulty. Put right what is wrong in "
        "the file, or say that the right rows are to be applied without them"
    ),
    # Of uploads that cannot be read at all.
    _("'%(media_type)s' cannot be read: send one of %(known)s"),
    _("This is not CSV: %(why)s"),
    _("field larger than %(most)s characters in %(shown)s"),
    _("A row of this CSV has more than a million characters"),
    _("No column is called '%(name)s'; known are %(known)s"),
    _('This is not {"baskets": [...]}: %(why)s'),
    _("This is not {%(wanted)s: [...]}"),
    _("'%(name)s' is given twice"),
    _("This is not JSON: a '%(sign)s' closes nothing"),
    _("This JSON has many million bytes beside '%(key)s'"),
    _("This is not JSON: a comma in '%(key)s' parts nothing"),
    _("This XML has no transaction for many million bytes"),
    _("This XML has more than %(most)s names of elements"),
    # Of labels from scales.
    _(
        "'%(pattern)s' is no layout: fixed digits beginning with 2, I for the item, V for the "
        "verifier, 3 to 6 P for the price or W for the weight, and C for the check digit, in "
        "this order, are wanted, as in 21IIIIIVPPPPC"
    ),
    _("'%(pattern)s' has %(n)s places, not 13 for EAN-13 or 12 for UPC-A"),
    _("'%(pattern)s' has a verifier of %(n)s digits: GS1 defines one for 4 and 5"),
    _("'%(pattern)s' begins with %(fixed)s as '%(other)s' does: a label could be read either way"),
    _("'%(code)s' is not a number of up to %(n)s digits"),
    _("%(currency)s has 3 decimals; at most 2 can be kept"),
    # Of cells and files that somebody imports.
    _(
        "'%(text)s' is what a spreadsheet left of a long number. Format the column as text and "
        "enter all digits"
    ),
    _(
        "The spreadsheet has made the day %(cell)s of this. Format the cell as text and enter "
        "it again"
    ),
    _("A character that no paper shows stands here: %(character)s"),
    _("'%(text)s' is before the year 2000"),
    _("'%(text)s' is not %(wanted)s"),
    _("'%(text)s' is neither yes nor no"),
    _(
        "'%(text)s' is not a list with semicolons: %(why)s. A name with a semicolon or a quote "
        "stands in quotes"
    ),
    _(
        "'%(text)s' may be thousands or have decimals; write it without the point, or with two "
        "decimals"
    ),
    _("'%(text)s' may be read in two ways: write year-month-day, such as 2026-03-31"),
    _(
        "'%(text)s' is not a day such as 2026-03-31 or 31.3.2026, or a cell that the "
        "spreadsheet shows as a date"
    ),
    _("This is no text in UTF-8, UTF-16 or Windows-1252. Save the file as 'CSV UTF-8' or as XLSX"),
    _(
        "Row %(number)s is not CSV: %(why)s. A text with quotes in it stands in quotes itself, "
        "and each of those within is doubled"
    ),
    _("This file has %(n)s MiB; %(most)s MiB is the most. Cut it into several"),
    _("This file is empty"),
    _(
        "This is an Excel file of before 2007, or one with a password. Save it as XLSX without "
        "a password, or as 'CSV UTF-8'"
    ),
    _("This file has a header and no row below it"),
    _("This is %(what)s, not a table. Save the table as XLSX or 'CSV UTF-8' and choose that file"),
    _(
        "This row has %(n)s cells and the header %(most)s: a text with a separator in it wants "
        "quotes around it, and an empty cell its separator"
    ),
    _("Row %(row)s has a value in column %(column)s; no column after %(last)s is read. Clear it"),
    _("This file has more than %(most)s rows. Cut it into files of that many at most"),
    _("This workbook declares entities of its own, which no spreadsheet does. It was not read"),
    _("This workbook has no sheet of cells that is not hidden"),
    _(
        "This workbook unpacks to %(n)s MiB in %(parts)s parts; %(most)s MiB is the most that "
        "is read. Save only the sheet that is wanted, or save it as 'CSV UTF-8'"
    ),
    _("This is an OpenDocument file. Save it as XLSX or 'CSV UTF-8'"),
    _("More than %(most)s rows are too many for one workbook: filter the list first, or take CSV"),
    # More of cells and files.
    _("Column %(n)s has values but no name above them"),
    _("There is no column '%(text)s'"),
    _("There is no column '%(text)s'. Is '%(near)s' meant?"),
    _("The column '%(name)s' stands there %(n)s times; once is wanted"),
    _("The column is missing: %(names)s"),
    _("The columns are missing: %(names)s"),
    _(
        "A formula stands here that was never calculated. Open the file in a spreadsheet and "
        "save it, or put the value itself here"
    ),
    _("Hidden in the spreadsheet, and read all the same: row %(rows)s"),
    _("Hidden in the spreadsheet, and read all the same: rows %(rows)s"),
    _("The cells %(area)s are merged: take them apart and fill each of them"),
    _("The spreadsheet has the error %(text)s here; a value is wanted"),
    _("The spreadsheet calls %(text)s a day, and there is no such day"),
    _(
        "This workbook cannot be read: it is damaged, or no XLSX file. Open it in a "
        "spreadsheet, save it anew as XLSX or 'CSV UTF-8', and try that file"
    ),
    _("Only the sheet '%(name)s' was read, not %(others)s"),
    _(
        "This file is not UTF-8: it was read as Windows-1252. Look at letters with accents "
        "before you confirm"
    ),
    _(
        "The %(column)s of '%(row)s' are too many for a cell of such a file: %(n)s characters "
        "where %(most)s fit. Say them by category or brand"
    ),
    _(
        "The %(column)s of '%(row)s' are too many for a cell of such a file: %(n)s characters "
        "where %(most)s fit. Say them by category or brand, or take CSV"
    ),
    _("A product wants its code, its GTIN, or both"),
    _(
        "%(number)s is the number of '%(name)s': it stays with that one. Empty this cell, or "
        "put it right there first"
    ),
    _(
        "%(number)s is the number of '%(name)s', code %(code)s: it stays with that one. Empty "
        "this cell, or put it right there first"
    ),
    _("New in the tree of categories (%(n)s): %(names)s"),
    _("%(value)s is more than the whole price: 0 to 1 is wanted"),
    _("a whole percent such as 25"),
    _("a whole number such as 5"),
    _("a PDF"),
    _("a picture"),
    _("a packed file"),
    _("a text document"),
    _("'%(text)s' may be thousands or have decimals; write 1500 or 1,50"),
    _("'%(text)s' has a comma; decimals want a point, such as 1.50, and thousands nothing"),
    # What stands in each column of a file of the catalogue.
    _("The chain's own number"),
    _(
        "As on the pack: 8, 12, 13 or 14 digits. One of both numbers is wanted; a product is "
        "known by its code, else by this. Empty: as it was"
    ),
    _("What it is"),
    _("Whose it is"),
    _("What is in the pack, such as 500 g"),
    _("Where it stands; the top of the tree"),
    _("Below the department"),
    _("Below the category"),
    _("No coupon brings a unit below this: fixed and minimum prices; empty: none"),
    _("The top of the tree, by name"),
    _("Below it; empty: the department itself"),
    _("Below that; empty: the category itself"),
    _("no: it says nothing of what a household needs, as fuel and deposits; empty: yes"),
    _("What law restricts, also all below it: %(goods)s; empty: nothing"),
    _("yes: tells of health, faith or private life; empty: no"),
    _("Of the price, 0 to 1 or in percent; empty: as the one above it"),
    _("GLN or the chain's own number"),
    _("What it is called"),
    _("Three letters of ISO 4217; empty: USD"),
    _("Such as Europe/Berlin, for tills whose clocks name none; empty: UTC"),
    _("field larger than %(most)s characters"),
)
