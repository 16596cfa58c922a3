"""Offers as a spreadsheet has them."""
