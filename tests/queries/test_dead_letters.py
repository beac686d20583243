"""Dead letters by name and in order; members by number, by NIK and from a file."""

import pytest

from pipeline.queries.coverage import members_in, members_of
from pipeline.queries.dead_letters import dead_letter, dead_letters
from pipeline.queries.pages import NotFound
from pipeline.queries.statistics import events_waiting
from pipeline.store.dead_letters import mark_retried
from schemas import topics
from tests.support import events as e
from tests.support.office import TWICE
from tests.support.site import GROUP, Site


def test_dead_letters_are_listed_until_they_are_retried(office: Site) -> None:
    office.run(b"[]")
    first, second = dead_letters(office.store)
    assert [(one.reason, one.original) for one in (first, second)] == [("NOT_JSON", b"no event"), ("INVALID", b"[]")]
    topic, partition, offset = first.place.rsplit("/", 2)
    mark_retried(office.store, topic, int(partition), int(offset))
    assert [one.place for one in dead_letters(office.store)] == [second.place]
    assert [one.is_retried for one in dead_letters(office.store, with_retried=True)] == [True, False]
    assert dead_letter(office.store, first.place).is_retried


@pytest.mark.parametrize("place", ["x", "a/0/x", f"{topics.HISTORY}/0/0", f"{topics.HISTORY}/0/{10**18}"])
def test_a_name_without_a_dead_letter_is_one_sentence(place: str, office: Site) -> None:
    with pytest.raises(NotFound, match="dead letter"):
        dead_letter(office.store, place)


def test_members_are_found_by_number_and_by_nik(office: Site) -> None:
    assert [one.nik for one in members_of(office.store, number=e.NUMBER)] == [e.NIK]
    assert [one.number for one in members_of(office.store, nik=TWICE[1])] == list(TWICE[0])
    assert members_of(office.store, number="19110000000") == []


def test_members_of_a_file_are_those_of_the_store(office: Site) -> None:
    events = e.member()
    documents = [e.raw(one) for one in (*events, events[1])] + [b"no event", e.raw(e.accident())]
    [found], [stored] = members_in(documents), members_of(office.store, number=e.NUMBER)
    assert (found.number, found.nik, found.version) == (stored.number, stored.nik, stored.version)


def test_a_source_that_may_not_write_an_event_is_not_believed_in_a_file_either() -> None:
    document = e.registered()
    assert len(members_in([e.raw(document)])) == 1
    assert members_in([e.raw(document | {"source": e.CLINIC})]) == []


def test_events_waiting_are_those_that_were_not_read(office: Site) -> None:
    assert events_waiting(office.store, GROUP) == 0
    office.send(e.accident("K10"), e.accident("K11"))
    office.send(e.accident("K12"), topic=topics.ACCIDENTS, partition=1)
    assert events_waiting(office.store, GROUP) == 3
    assert events_waiting(office.store, "another") == len(office.order)
