"""A member, and what follows from the facts about one on a day: cover, arrears, wages, contributions."""
