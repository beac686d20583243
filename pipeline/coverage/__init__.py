"""The coverage picture: who is known, registered and covered on a day, who must be called, and what may be published."""
