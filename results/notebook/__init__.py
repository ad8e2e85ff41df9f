"""A recorded study in a notebook: `open_study` and what it returns. pandas and matplotlib are imported when used."""
