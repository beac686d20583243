"""Asking a worker how it is, over HTTP."""

import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def asked(port: int, path: str) -> tuple[int, bytes]:
    """Status and body. Status 0: nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b""


def metrics_of(port: int) -> dict[tuple[str, ...], float]:
    return values_of(asked(port, "/metrics")[1])


def values_of(text: bytes) -> dict[tuple[str, ...], float]:
    """Value by name and values of labels, those in the order of the labels' names."""
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text.decode())
        for one in family.samples
    }
