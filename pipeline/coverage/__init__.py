"""The coverage picture: who is known, registered and covered on a day, whom to call, and what may be published."""
