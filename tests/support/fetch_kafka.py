"""Fetch Apache Kafka's published artifacts with Maven: ``python -m tests.support.fetch_kafka`` prints the directory.

The jars of ``org.apache.kafka:kafka_2.13`` and what it needs at run time come from Maven Central (or the mirror that the
machine's own Maven settings name) into ``.cache/kafka/<version>`` of the checkout, once.
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "4.1.1"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "kafka"

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""


class UnavailableError(Exception):
    """Apache Kafka can't be had here; the message says what is missing."""


def fetch(cache: Path = CACHE, seconds: float = 240) -> Path:
    """Return the directory that holds the jars, fetching them if they are not there yet. Raises :class:`UnavailableError`."""
    jars = cache / VERSION
    if jars.is_dir():
        return jars
    if shutil.which("mvn") is None:
        raise UnavailableError("Maven (mvn) is not installed: it fetches Apache Kafka")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test sessions at once
        if jars.is_dir():
            return jars
        work = cache / "fetching"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        (work / "pom.xml").write_text(_POM, "utf-8")
        command = ["mvn", "-q", "-B", PLUGIN, "-DincludeScope=runtime", f"-DoutputDirectory={work / 'jars'}"]
        try:
            done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise UnavailableError(
                f"Maven did not fetch Apache Kafka within {seconds:.0f} s: is Maven Central reachable?"
            ) from None
        if done.returncode != 0 or not any((work / "jars").glob(f"kafka_2.13-{VERSION}.jar")):
            said = next(
                (line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line), "no reason given"
            )
            raise UnavailableError(f"Maven could not fetch Apache Kafka: {said}")
        (work / "jars").rename(jars)
        shutil.rmtree(work)
    return jars


if __name__ == "__main__":
    try:
        print(fetch())
    except UnavailableError as error:
        sys.exit(str(error))
