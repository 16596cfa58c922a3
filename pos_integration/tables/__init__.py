"""Tables that staff send and fetch: CSV and XLSX read safely into typed rows, and written again."""
