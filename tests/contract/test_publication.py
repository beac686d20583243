"""`doctor --deep` compares topics and store. The topics are what a site published, changed by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline.audit.publication import compare
from pipeline.messages.published import PublishedOutput, published_output
from pipeline.messages.records import Message
from schemas import topics
from tests.support import events as e
from tests.support.site import GROUP, NOW_MS, Site

HERE = (topics.HISTORY, 0)


@pytest.fixture
def site(new_database: Callable[..., str]) -> Iterator[Site]:
    site = Site(new_database())
    site.run(*e.member(), e.accident(), b"no event")
    yield site
    site.close()


def outputs(messages: list[Message]) -> list[PublishedOutput]:
    found = [published_output(one.topic, one.value) for one in messages]
    assert None not in found
    return [one for one in found if one is not None]


def differences(site: Site, messages: list[Message], bounds: tuple[int, int] = (0, 6), late: Any = ()) -> list[str]:
    """`late`: what is published while the topics are compared."""
    published = list(messages)
    return compare(site.store, GROUP, lambda: [outputs(published)], {HERE: bounds}, lambda: published.extend(late))


def test_topics_that_hold_what_the_store_made_are_well(site: Site) -> None:
    assert len(site.published) > 2 and topics.DEAD_LETTERS in {one.topic for one in site.published}
    assert differences(site, site.published) == []
    assert differences(site, site.published[:-1], late=site.published[-1:]) == []


def test_an_output_that_a_topic_lacks_is_named(site: Site) -> None:
    for at, one in enumerate(site.published):
        [output] = outputs([one])
        rest = site.published[:at] + site.published[at + 1 :]
        assert differences(site, rest) == [
            f"{output.identity} is stored and not in {one.topic}: start a worker, which publishes it"
        ]


def test_an_output_that_is_there_twice_is_named(site: Site) -> None:
    for one in site.published:
        [output] = outputs([one])
        assert differences(site, [*site.published, one]) == [f"{output.identity} is in {one.topic} more than once"]


def test_an_output_that_the_store_did_not_make_is_named(site: Site) -> None:
    [decision] = [one for one in site.published if one.topic == topics.DECISIONS]
    strange = Message(topics.DECISIONS, b"k", decision.value.replace(b'"K1.r1"', b'"K1.r2"'))
    assert differences(site, [*site.published, strange]) == [
        f"K1.r2 is in {topics.DECISIONS}, and the store did not make it"
    ]


@pytest.mark.parametrize(
    ("bounds", "said"), [((0, 6), ""), ((6, 6), ""), ((7, 9), "no longer has 1 offset"), ((0, 5), "log ends at 5")]
)
def test_a_position_outside_the_log_is_named(site: Site, bounds: tuple[int, int], said: str) -> None:
    found = differences(site, site.published, bounds)
    assert len(found) == bool(said) and all(said in one for one in found)


def test_outputs_of_before_a_topic_was_made_again_are_not_missed(site: Site) -> None:
    row = f"{NOW_MS}000, 'somebody', 'topic', '{topics.DECISIONS}', 0, 0, 0"
    site.change([f"INSERT INTO acceptances SELECT 1, {row}, max(id) + 1 FROM chunks"])  # noqa: S608
    rest = [one for one in site.published if one.topic != topics.DECISIONS]
    assert differences(site, rest) == []


def test_what_is_no_output_is_no_difference() -> None:
    for value in (b"", b"null", b"[]", b"{}", b'{"id": 1, "data": {}}', b"\xff"):
        assert all(published_output(topic, value) is None for topic in topics.OUTPUT)
