"""One file a revision. What was released is never edited: a change is a revision of its own."""
