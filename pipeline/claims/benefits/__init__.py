"""What is paid and how much, a file for each kind of benefit."""
