"""Barcodes as vector rectangles of whole modules, and what GS1 and the post want in them."""
