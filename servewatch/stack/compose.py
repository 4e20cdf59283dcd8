"""Compose mode: the same stack in containers, as docker-compose.yml describes it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from alerts import alertmanager
from servewatch.stack import dotenv, hints, owned, ports, rolling, sight
from servewatch.stack.errors import StackError, ToolMissing
from servewatch.stack.mode import DEMO, Options, ProcessStatus, StackStatus
from servewatch.stack.ports import Ports
from servewatch.stack.state import write_json
from servewatch.stack.wake import Wake
from serving.settings import inherited_environment

FILE = "docker-compose.yml"
PUBLISHED = ("prometheus", "alertmanager", "receiver", "grafana")
NAMES = ("serving", "prometheus", "alertmanager", "receiver", "grafana", "traffic")
GATEWAY = "gateway"
OURS = ("receiver", "gateway")
"""Services whose images are built here whatever is served; the traffic's is the receiver's."""
VARIABLES = {"service": "SERVEWATCH_PORT"} | {name: f"SERVEWATCH_{name.upper()}_PORT" for name in PUBLISHED}
WATCHING = ("prometheus", "alertmanager")
ADMIN_PASSWORD = "docker compose exec grafana cat /var/lib/grafana/admin_password"
"""Shows the password that Grafana's container makes for itself on first use."""


def engine_answers(seconds: float = 3.0) -> bool:
    """Whether a container engine with Compose is there and answers soon."""
    if not shutil.which("docker"):
        return False
    try:
        for command in (["docker", "info"], ["docker", "compose", "version"]):
            subprocess.run(command, check=True, capture_output=True, timeout=seconds)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


class Compose:
    """The stack in containers."""

    name = "compose"

    def __init__(self, options: Options, folder: Path, say: Callable[[str], None]) -> None:
        self.options, self.folder, self.say = options, folder, say

    def up(self) -> int:
        """Build, start, wait until every container is healthy; stay until told to stop unless detached."""
        if not (self.folder / FILE).is_file():
            raise StackError(f"no {FILE} in {self.folder}", "change to the project's folder, or servewatch up --native")
        if not engine_answers():
            raise ToolMissing(
                "no container engine with Compose v2 answers (docker info, docker compose version)",
                "start Docker, or run without containers: servewatch up --native",
            )
        given = self._given()
        before = self._containers()
        if not before:  # what runs already holds ports of its own
            ports.check(asked(self.options.ports, given), ("service", *PUBLISHED))
        made = {} if self.options.demo else owned.variables(self.options, self.folder, given, self.say)
        self._remember(variables(self.options) | made)
        self._start({**given, **made})
        if before:  # containers whose files alone have changed are not started anew
            self._reread()
        found = self._containers()
        for process in found:
            self.say(f"{process.name:13} {process.url or '-':32} {process.detail}")
        if any(process.name == "grafana" for process in found):
            self.say(f"\nGrafana lets anybody look; the password of its user admin: {ADMIN_PASSWORD}")
        if self.options.detach:
            self.say(f"\n{hints.command('down', self.options.home)} takes it down.")
            return 0
        return self._stay()

    def _reread(self) -> None:
        self._follow(["kill", "--signal", "SIGHUP", *WATCHING])

    def _given(self) -> dict[str, str]:
        """What .env and this process's environment say, checked."""
        written = dotenv.read(self.folder / ".env")
        dotenv.check(written, dotenv.variables((self.folder / FILE).read_text()))
        given = owned.environment(self.folder)
        if watched := given.get(dotenv.FOLDER):
            dotenv.check_generated(self.folder / watched)
        return given

    def _start(self, given: Mapping[str, str]) -> None:
        """Build what is built here and start it all; an image that has a name of its own was built elsewhere."""
        self.say("building and starting containers (the first time takes minutes)")
        named = given.get(owned.IMAGE)
        if named and self._follow(["build", *OURS]) != 0:
            raise StackError(f"docker compose build {' '.join(OURS)} failed, see above", f"docker info; see {FILE}")
        build = "--no-build" if named else "--build"
        traffic = [] if self.options.traffic else ["--scale", "traffic=0"]
        wait = ["up", "--detach", build, "--wait", *traffic]
        if self._follow(wait) != 0:
            more = "" if self.options.demo else f"\n{owned.NEEDS.format(service=self.options.service)}"
            raise StackError(
                f"docker compose {' '.join(wait)} failed", f"docker compose ps -a; docker compose logs NAME{more}"
            )

    def fetch(self) -> bool:
        """Fetch the images that are neither here nor built here; says whether all are here now."""
        return self._follow(["pull", "--ignore-buildable", "--policy", "missing"]) == 0

    def down(self) -> bool:
        """Stop and remove the containers; volumes stay."""
        if not self._containers():
            record_path(self.options).unlink(missing_ok=True)
            return False
        if self._follow(["down", "--remove-orphans", "--timeout", "30"]) != 0:
            raise StackError("docker compose down failed", "docker compose ps -a; docker compose logs")
        record_path(self.options).unlink(missing_ok=True)
        return True

    def status(self) -> StackStatus:
        """Every container of the stack, replicas together, and why monitoring is blind, if it is."""
        shown = self._containers()
        return StackStatus("compose", shown, problems=blind(shown))

    def replicas(self) -> list[str]:
        """The names of the serving containers that run."""
        return [name for name, state in self._serving() if state == "running"]

    def halted(self) -> list[str]:
        """The names of those that have ended, or were never started."""
        return [name for name, state in self._serving() if state != "running"]

    def _serving(self) -> list[tuple[str, str]]:
        return [(str(row["Name"]), str(row["State"])) for row in self._ps() if row["Service"] == rolling.SERVICE]

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """The image and the files of now. Where what follows fails, the service that goes on is watched as before."""
        made, watched = remembered(self.options)[1], owned.watched(self.options)
        before = owned.contents(watched)
        try:
            self.build()
            yield
        except StackError:
            if made.get(owned.SERVICE, DEMO) != DEMO:
                owned.restore(watched, before)
                self._write(made)
                self._reread()
            raise

    def build(self) -> None:
        """Build the service's image anew, and the files of what watches it; one that .env names is used as it is."""
        made = remembered(self.options)[1]
        given = owned.environment(self.folder)
        if (service := made.get(owned.SERVICE, DEMO)) != DEMO:
            found = owned.variables(replace(self.options, service=service), self.folder, given, self.say)
            self._write(made | found)
            self._reread()
        elif named := given.get(owned.IMAGE):
            self.say(f"the image is {named}, as {owned.IMAGE} says: it is not built here")
        elif self._follow(["build", rolling.SERVICE]) != 0:
            raise StackError(
                f"docker compose build {rolling.SERVICE} failed, see above", "servewatch update --no-build"
            )

    def scale(self, replicas: int) -> bool:
        """Start serving containers until so many run, leave those that run alone, wait until all are ready."""
        only = ["--no-deps", "--no-recreate", "--no-build", "--scale", f"{rolling.SERVICE}={replicas}"]
        return self._follow(["up", "--detach", "--wait", *only, rolling.SERVICE]) == 0

    def remove(self, container: str, grace: int) -> None:
        """Stop a container, which drains, and remove it."""
        self._docker("stop", "--time", str(grace), container)
        self._docker("rm", "--force", container)

    def kill(self, seconds: float, wait: Callable[[float], None]) -> None:
        """Kill one serving container and start it again after so long."""
        running = self.replicas()
        if not running:
            raise StackError("no serving container runs", hints.command("up --compose", self.options.home))
        container = running[0]
        self._docker("kill", container)
        self.say(f"killed {container}; it stays down for {seconds:.0f} s")
        try:
            wait(seconds)
        finally:
            self._docker("start", container)
            self.say(f"started {container} again")

    def _stay(self) -> int:
        self.say(f"\nCtrl-C, or {hints.command('down', self.options.home)}, takes it down.")
        with Wake() as wake:
            while not wake.stop:
                wake.wait(60)
        self.down()
        return 0

    def _containers(self) -> tuple[ProcessStatus, ...]:
        return summary(self._ps())

    def _ps(self) -> list[dict[str, Any]]:
        if not shutil.which("docker"):
            return []
        answer = subprocess.run(
            ["docker", "compose", "ps", "--all", "--format", "json"],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        return parse_ps(answer.stdout) if answer.returncode == 0 else []

    def _follow(self, arguments: list[str]) -> int:
        command = ["docker", "compose", *arguments]
        return subprocess.run(command, cwd=self.folder, env=self._environment()).returncode

    def _docker(self, *arguments: str) -> None:
        answer = subprocess.run(["docker", *arguments], capture_output=True, text=True)
        if answer.returncode != 0:
            raise StackError(f"docker {' '.join(arguments)} failed: {answer.stderr.strip()}", "docker ps -a")

    def _remember(self, chosen: dict[str, str]) -> None:
        config = alertmanager_yml(self.folder / "secrets")
        if config is not None:
            path = self.options.folder / "alertmanager.compose.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(config)
            chosen["SERVEWATCH_ALERTMANAGER_CONFIG"] = str(path)
        self._write(chosen)

    def _write(self, chosen: Mapping[str, str]) -> None:
        write_json(record_path(self.options), {"folder": str(self.folder), "environment": chosen})

    def _environment(self) -> dict[str, str]:
        return {**inherited_environment(), **remembered(self.options)[1]}


def record_path(options: Options) -> Path:
    """Where `up` writes down which containers it started."""
    return options.folder / "compose.json"


def remembered(options: Options) -> tuple[Path | None, dict[str, str]]:
    """The folder of the docker-compose.yml that `up` started, and the variables it was given."""
    try:
        data = json.loads(record_path(options).read_text())
        return Path(data["folder"]), {str(name): str(value) for name, value in data["environment"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, {}


def alertmanager_yml(secrets: Path) -> str | None:
    """Alertmanager's configuration where the folder of secrets has channels; without any, the committed one will do."""
    try:
        found = alertmanager.channels(secrets)
    except alertmanager.ChannelInvalid as error:
        raise StackError(str(error), f"the files of notification channels are in {secrets}") from None
    return alertmanager.config(found) if found else None


def variables(options: Options) -> dict[str, str]:
    """What docker-compose.yml is told of the ports that were asked for; of others .env may speak."""
    given, usual = options.ports, Ports()
    return {VARIABLES[name]: str(port) for name in VARIABLES if (port := getattr(given, name)) != getattr(usual, name)}


def asked(given: Ports, named: Mapping[str, str]) -> Ports:
    """The ports of a stack: those that were asked for, else those that the variables name, else the usual ones."""
    usual = Ports()
    free = {
        name: named[VARIABLES[name]]
        for name in VARIABLES
        if getattr(given, name) == getattr(usual, name) and named.get(VARIABLES[name], "").isdigit()
    }
    return replace(given, **{name: int(port) for name, port in free.items()})


def parse_ps(text: str) -> list[dict[str, Any]]:
    """`docker compose ps --format json`: one array in older versions, an object per line in newer ones."""
    text = text.strip()
    if text.startswith("["):
        rows: list[dict[str, Any]] = json.loads(text)
        return rows
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def summary(rows: Iterable[Mapping[str, Any]]) -> tuple[ProcessStatus, ...]:
    """One line per service: healthy if each replica is; containers that ended well have done their job."""
    services: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        name = str(row.get("Service", ""))
        if name in NAMES or row.get("State") != "exited" or row.get("ExitCode") != 0:
            services.setdefault(name, []).append(row)
    order = [*NAMES, *sorted(set(services) - set(NAMES))]
    found = [_process(name, services[name]) for name in order if name in services]
    # Clients reach the replicas through the gateway: its address is the service's.
    gateway = next((process.url for process in found if process.name == GATEWAY), "")
    return tuple(
        replace(process, url=gateway) if process.name == "serving" and gateway else process for process in found
    )


def blind(shown: Iterable[ProcessStatus]) -> tuple[str, ...]:
    """Why nobody would be told of a fault, although each container runs."""
    urls = {process.name: process.url for process in shown if process.name in WATCHING}
    if len(urls) < len(WATCHING):
        return ()
    cut = [f"{name} cannot be asked: it is stopped, or cut from its network" for name in WATCHING if not urls[name]]
    return tuple(cut or sight.blind(urls["prometheus"], urls["alertmanager"]))


def _process(name: str, rows: list[Mapping[str, Any]]) -> ProcessStatus:
    well = [row for row in rows if row.get("State") == "running" and row.get("Health") in (None, "", "healthy")]
    published = [
        f"http://127.0.0.1:{port['PublishedPort']}"
        for row in rows
        for port in row.get("Publishers") or ()
        if port.get("PublishedPort")
    ]
    told = ", ".join(sorted({str(row.get("Status") or row.get("State")) for row in rows}))
    count = f"{len(well)} of {len(rows)} healthy: " if len(rows) > 1 else ""
    url, log = published[0] if published else "", f"docker compose logs {name}"
    return ProcessStatus(name, url, len(well) == len(rows), count + told, log)
