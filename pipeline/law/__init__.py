"""The law as dated numbers with their sources: parameters, the book that reads them, calendar, money."""
