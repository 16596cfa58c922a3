"""Offers as a spreadsheet has them: files read into rows and rows into offers, and back again."""
