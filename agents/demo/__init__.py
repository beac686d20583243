"""The made-up portfolio of the demo: 200 workers in Tangerang, their accidents and deaths, 2019-11 to 2026-11.

Everything follows from the seed, so two runs make the same events byte for byte. All people are invented.
"""

from random import Random
from typing import Final

from agents.demo import accidents, bad_data, deaths, office
from agents.demo.answers import answered, write_days
from agents.demo.people import second_memberships, workers, write_lives
from agents.demo.world import World
from agents.demo.writer import Writer
from pipeline.law.book import Book

SEED: Final = 2019


def world(seed: int = SEED) -> World:
    """The portfolio without answers: the events of businesses, clinics, families and the office."""
    people = _random(seed, "people")
    everyone = workers(people)
    everyone += second_memberships(people, everyone)
    made = World(_random(seed, "deaths"), Writer(), everyone)
    _write_stories(made, deaths.STORIES)
    write_lives(made.writer, _random(seed, "lives"), everyone)
    made.random = _random(seed, "accidents")
    _write_stories(made, accidents.STORIES)
    made.random = _random(seed, "mess")
    _write_stories(made, bad_data.STORIES)
    bad_data.unreadable(made)
    bad_data.send_again(made)
    return made


def portfolio(seed: int = SEED) -> tuple[bytes, ...]:
    """Every event of the portfolio in order of time, one CloudEvents document each."""
    made = world(seed)
    write_days(made.writer)
    return tuple(answered(_random(seed, "answers"), made.writer, Book.load()))


def simulated_office(seed: int = SEED) -> tuple[tuple[bytes, ...], bytes]:
    """The events of the office's other members, in order of time, and its list of all 3,000 workers as a sheet."""
    enrolled = workers(_random(seed, "people"))
    known = office.known_workers(_random(seed, "office"), len(enrolled))
    return tuple(office.events(known)), office.known_list(known, enrolled)


def _write_stories(made: World, stories: tuple[tuple[int, deaths.Story], ...]) -> None:
    for count, story in stories:
        for _ in range(count):
            story(made)


def _random(seed: int, part: str) -> Random:
    """A stream of its own for each part, so that a change of one leaves the others as they were."""
    return Random(f"{seed}:{part}")  # noqa: S311 (a story, no secret)
