"""`santunan webhooks` is killed in the middle of its posts: the next one posts what is left, and nothing is lost."""

import datetime as dt
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from agents.settings import read_settings
from agents.webhooks.courier import LEASE
from pipeline.access.principals import new_principal
from tests.support import events as e
from tests.support.command_line import PROGRAM, environment
from tests.support.ledgers import faults_after
from tests.support.receiver import Post, Received, running_receiver
from tests.support.site import Site

CLAIMS = 40
KILLS = 3
CLINIC = new_principal("clinic", "plkk-0012")


def test_every_decision_is_posted_though_the_process_is_killed(tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    post = Post(site, dt.datetime.now(dt.UTC))
    numbers = [str(20_000_000_000 + place) for place in range(CLAIMS)]
    with running_receiver() as receiver:
        reached = threading.Event()

        def answer(one: Received) -> tuple[int, dict[str, str]]:
            """After a few posts it waits with its answer, so that the kill comes between post and note."""
            if len(receiver.received) % 11 == 10:
                reached.set()
                time.sleep(0.5)
            return 204, {}

        receiver.answer = answer
        post.register(CLINIC, receiver.url)
        site.run(
            *(event for place, number in enumerate(numbers) for event in e.member(number, f"31710101{place:08}")),
            *(
                e.accident(f"K{place}", number=number, source=CLINIC.name, conclusion=None, report=None)
                for place, number in enumerate(numbers)
            ),
        )
        for _ in range(KILLS):
            reached.clear()
            kill_in_the_middle(tmp_path, reached)
            # the clock of the lease is the machine's: what the dead one had in work is free again at once
            site.change(["UPDATE webhooks SET leased_until = 0"])
        killed = len(receiver.received)
        post.now = dt.datetime.now(dt.UTC) + LEASE
        while post.book.all()[0].waiting:
            post.go_on(minutes=6)
        posted = Counter(one.event["id"] for one in receiver.received)
        assert posted.keys() == {f"K{place}.r1" for place in range(CLAIMS)}, "none is lost"
        assert CLAIMS > killed >= KILLS, "there was something left to lose"
        assert sum(posted.values()) - CLAIMS <= KILLS, "at most the one that was on its way comes again"
        ids = {(one.event["id"], one.id) for one in receiver.received}
        assert len(ids) == CLAIMS, "under the same id"
    post.close()
    site.close()
    assert faults_after(read_settings(database_url=site.url)) == []


def kill_in_the_middle(folder: Path, reached: threading.Event) -> None:
    own = {"SANTUNAN_DATABASE_URL": f"sqlite:///{folder}/santunan.db", "SANTUNAN_WEBHOOKS_PRIVATE": "true"}
    with (folder / "webhooks.log").open("ab") as log:
        running = subprocess.Popen([*PROGRAM, "webhooks"], env=environment() | own, stdout=log, stderr=log)  # noqa: S603
    try:
        assert reached.wait(60), (folder / "webhooks.log").read_text()[-2000:]
    finally:
        os.kill(running.pid, signal.SIGKILL)
        assert running.wait(30) == -signal.SIGKILL
    said = (folder / "webhooks.log").read_text()
    assert "path-secret" not in said and "127.0.0.1" in said, "the host alone"
