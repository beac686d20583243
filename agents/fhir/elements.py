"""Elements of a resource, each read once. What was never asked for is refused when its element is closed."""

from typing import Any, Final

from agents.fhir.faults import Fault, below, fault, of_type
from agents.fhir.systems import CURRENCY, Json

_HARMLESS: Final = ("id", "display")  # of an element: where it stands, and words beside a code or an identifier
_CURRENT: Final = ("usual", "official")  # uses of an identifier; others say that it is old or not meant so
Identifier = tuple[str, str]


class Element:
    """One JSON object. Readers return None and note a fault where what they read is missing or not of its form."""

    def __init__(self, found: Json, path: str, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        self._left = dict(found)

    def at(self, *parts: str | int) -> str:
        return below(self.path, *parts)

    def note(self, kind: str, *parts: str | int, values: tuple[str, ...] = ()) -> None:
        self.faults.append(fault(kind, self.at(*parts), *values))

    def has(self, name: str) -> bool:
        return name in self._left

    def value(self, name: str, kind: type, *, is_needed: bool = False) -> Any:
        if name not in self._left:
            if is_needed:
                self.note("missing", name)
            return None
        found = self._left.pop(name)
        if not of_type(found, kind):
            self.note("form", name)
            return None
        return found

    def element(self, name: str, *, is_needed: bool = False) -> "Element | None":
        found = self.value(name, dict, is_needed=is_needed)
        return None if found is None else Element(found, self.at(name), self.faults)

    def elements(self, name: str) -> list["Element"]:
        found = self.value(name, list) or []
        made = []
        for place, one in enumerate(found):
            if isinstance(one, dict):
                made.append(Element(one, self.at(name, place), self.faults))
            else:
                self.note("form", name, place)
        return made

    def only(self, name: str) -> "Element | None":
        """The one element of a list that must have exactly one."""
        found = self.elements(name)
        if len(found) != 1:
            self.note("one", name)
            return None
        return found[0]

    def one_of(self, name: str, *allowed: str, is_needed: bool = True) -> str | None:
        found: str | None = self.value(name, str, is_needed=is_needed)
        if found is not None and found not in allowed:
            self.note("value", name, values=allowed)
            return None
        return found

    def code(self, name: str, system: str, *allowed: str, is_needed: bool = True) -> str | None:
        """Of a CodeableConcept with one coding of this system. `allowed` empty: any code."""
        concept = self.element(name, is_needed=is_needed)
        if concept is None:
            return None
        concept.ignore("text")
        coding = concept.only("coding")
        found = None
        if coding is not None:
            is_ours = coding.one_of("system", system) is not None
            code = coding.one_of("code", *allowed) if allowed else coding.value("code", str, is_needed=True)
            coding.close()
            found = code if is_ours else None
        concept.close()
        return found

    def identifier(self, *systems: str) -> Identifier | None:
        """This element as an Identifier of one of these systems; none given: of any, or of no system."""
        self.one_of("use", *_CURRENT, is_needed=False)
        system = self.one_of("system", *systems) if systems else self.value("system", str) or ""
        value = self.value("value", str, is_needed=True)
        self.close()
        return (system, value) if system is not None and value is not None else None

    def referred(self, name: str, *systems: str, is_needed: bool = True) -> Identifier | None:
        """The identifier of a reference."""
        reference = self.element(name, is_needed=is_needed)
        return reference.referent(*systems) if reference is not None else None

    def referent(self, *systems: str) -> Identifier | None:
        """This element as a reference by identifier: an address would have to be looked up at its sender."""
        if self.value("reference", str) is not None:
            self.note("reference", "reference")
        self.ignore("type")
        inner = self.element("identifier", is_needed=True)
        found = inner.identifier(*systems) if inner is not None else None
        self.close()
        return found

    def rupiah(self, name: str, *, is_needed: bool = True) -> int | None:
        money = self.element(name, is_needed=is_needed)
        if money is None:
            return None
        amount = money._left.pop("value", None)
        currency = money._left.pop("currency", None)
        money.close()
        if not of_type(amount, int) or currency != CURRENCY:
            self.note("money", name)
            return None
        return int(amount)

    def ignore(self, *names: str) -> None:
        """Read, and of no meaning for us."""
        for name in names:
            self._left.pop(name, None)

    def close(self) -> None:
        """All that is left could change the meaning of what was read."""
        self.ignore(*_HARMLESS)
        for name in self._left:
            self.note("unread", name)
        self._left = {}
