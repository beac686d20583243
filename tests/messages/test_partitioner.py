"""The embedded partitioner is Kafka's."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.messages.partitioner import murmur2, partition_of

with warnings.catch_warnings():  # its way of reading its own files is deprecated
    warnings.simplefilter("ignore")
    from kafka.partitioner.default import DefaultPartitioner
    from kafka.partitioner.default import murmur2 as kafka_murmur2


@pytest.mark.parametrize(
    ("key", "signed"),
    [  # org.apache.kafka.common.utils.UtilsTest
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_hashes_as_kafkas_java_client_does(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFFFFFF


@given(st.binary(max_size=80))
def test_hashes_any_key_as_kafka_python_does(key: bytes) -> None:
    assert murmur2(key) == kafka_murmur2(key) & 0xFFFFFFFF


class _Cluster:
    def __init__(self, partitions: int) -> None:
        self._partitions = set(range(partitions))

    def topics(self) -> set[str]:
        return {"t"}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self._partitions

    available_partitions_for_topic = partitions_for_topic


@given(st.binary(max_size=40), st.integers(1, 64))
def test_chooses_the_partition_that_kafka_python_chooses(key: bytes, partitions: int) -> None:
    theirs = DefaultPartitioner().partition("t", None, key, None, None, _Cluster(partitions))
    assert partition_of(key, partitions) == theirs
