"""Claims by the sheet: rows of accidents or deaths as a clinic's clerk writes them; the events they become. Pure."""
