"""Operations: what a person or a program may do, one function an operation, below all doors.

Each takes the front office, a principal and plain values. The roles table has a row for each; what it grants is decided
here and nowhere above. Never imports HTTP, a terminal, Kafka or Faust.
"""
