"""A browser of tests: keeps the cookie it was given, and says that a request comes from its own page."""

import datetime as dt
from typing import Any

from tests.support.gateway import Answer, Client

PASSWORD = "empat kucing naik"  # noqa: S105


class Browser:
    def __init__(self, port: int, site: str = "same-origin") -> None:
        self.client, self.site, self.cookie = Client(port), site, ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Sec_Fetch_Site": self.site, **({"Cookie": self.cookie} if self.cookie else {}), **headers}
        found = self.client.ask(method, path, body, **sent)
        if "set-cookie" in found.headers:
            self.cookie = found.headers["set-cookie"].partition(";")[0]
        return found

    def sign_in(self, name: str, password: str = PASSWORD, code: str | None = None) -> Answer:
        body = {"name": name, "password": password, **({"code": code} if code else {})}
        return self.ask("POST", "/v1/session", body)

    def who(self) -> Answer:
        return self.ask("GET", "/v1/session")


class Clock:
    """In place of a gateway's clock; `at` moves."""

    def __init__(self) -> None:
        self.at = dt.datetime.now(dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.at
