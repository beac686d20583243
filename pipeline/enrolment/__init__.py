"""Enrolment: rows of a sheet of members against law, registry and each other; the events they become. Pure."""
