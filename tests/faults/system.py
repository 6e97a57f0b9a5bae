"""The system as real processes on a set of engines, with a small fleet that goes on sending whatever fails."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from rulebook.loader import load_rules
from rulebook.register import load_register
from simulators.city import build_city
from simulators.driver import Driver
from simulators.fleet import Fleet
from simulators.ledger import Ledger
from simulators.mqtt import MqttWire
from simulators.progress import Progress
from simulators.register import write_register
from simulators.scenario import Scenario, load_scenario, shipped
from simulators.watching import FeedWatch
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.held_clock import HeldClock
from stackwatch.topics import create_topics
from stores import open_store
from stores.port import SeriesStore
from tests.faults.engines import Engines
from tests.faults.memory import Memory
from tests.faults.proxy import Shape

NAMES = ("gateway", "rollcall", "worker", "worker-2", "alerts")
SPEED = 7200.0
"""Two hours of the fleet's time a second."""
STANDING_STILL = 1e-6
LOOK_S = 0.2

PATIENT = 60.0
"""Whatever must come to pass comes within this, on a machine that has other things to do. [s]"""


class System:
    """What runs, and what can be done to it."""

    def __init__(self, engines: Engines, scenario: Scenario, clock: HeldClock, supervisor: Supervisor) -> None:
        self.engines, self.scenario, self.clock, self.supervisor = engines, scenario, clock, supervisor
        self.folder = engines.folder
        self.register = load_register(self.folder / "register")
        self.rules = load_rules()
        self.store = store_of(engines)
        self.memory = Memory(self.pids)
        self._health: dict[str, int] = {}
        self._workers = 2
        self._fleet: _FleetThread | None = None

    def pids(self) -> dict[str, int]:
        """Our processes that run now."""
        return self.supervisor.pids()

    def start(self, *names: str) -> None:
        """Start processes; ``worker-2`` is one more ``worker``."""
        for name in names:
            port = self._health[name] = free_port()
            self.supervisor.start(name, name.partition("-")[0], env={"STACKWATCH_HEALTH_PORT": str(port)})

    def add_worker(self) -> str:
        """One more worker, ready; its name."""
        self._workers += 1
        name = f"worker-{self._workers}"
        self.start(name)
        self.until(lambda: self.why_not_ready(name) is None, f"{name} is ready")
        return name

    def remove(self, name: str) -> None:
        """Stop one process in good order, for good."""
        self.signal(name, signal.SIGTERM)
        self.until(lambda: name not in self.pids(), f"{name} has stopped")
        del self._health[name]

    @contextmanager
    def away(self, *targets: str, shape: Shape) -> Iterator[None]:
        """Engines that are away in a shape while the block runs; those that this set has not are left out."""
        with ExitStack() as stack:
            for target in targets:
                if target in self.engines.proxies:
                    stack.enter_context(self.engines.proxies[target].being(shape))
            yield

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send one process a signal."""
        os.kill(self.pids()[name], number)

    # -- the fleet ------------------------------------------------------------------------------------------------

    @property
    def fleet(self) -> "_FleetThread":
        """The fleet that sends."""
        assert self._fleet is not None
        return self._fleet

    @contextmanager
    def sending(self) -> Iterator[None]:
        """The fleet sends while the block runs; its time runs until ``stand_still``."""
        self._fleet = _FleetThread(self)
        try:
            self.run()
            yield
        finally:
            self._fleet.stop()

    def run(self) -> None:
        """Let time pass, and the fleet send."""
        self.clock.run(SPEED)

    def stand_still(self) -> None:
        """Stop time, and so the fleet and the roll call; what is on its way goes on."""
        self.clock.run(STANDING_STILL)

    # -- looking --------------------------------------------------------------------------------------------------

    def why_not_ready(self, name: str) -> str | None:
        """What a process answers to ``/readyz``; None: it is ready."""
        try:
            reply = httpx.get(f"http://127.0.0.1:{self._health[name]}/readyz", trust_env=False, timeout=5)
        except httpx.TransportError as error:
            return f"no answer: {error!r}"
        return None if reply.is_success else reply.text.strip()

    def metric(self, process: str, name: str, **labels: str) -> float:
        """Sum of a process's series of that name; -1 where it does not answer."""
        try:
            page = httpx.get(f"http://127.0.0.1:{self._health[process]}/metrics", trust_env=False, timeout=5).text
        except httpx.TransportError:
            return -1
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = (line.rpartition(" ") for line in page.splitlines() if not line.startswith("#"))
        return sum(
            float(value)
            for series, _, value in lines
            if series.partition("{")[0] == name and all(one in series for one in wanted)
        )

    def until(self, condition: Callable[[], bool], what: str, *, seconds: float = PATIENT) -> float:
        """Wait for something; how long it took. [s]"""
        begun = time.monotonic()
        while not condition():
            self.fleet.look()
            assert time.monotonic() - begun < seconds, f"not within {seconds:g} s: {what}\n{self.said()}"
            time.sleep(LOOK_S)
        return time.monotonic() - begun

    def until_ready(self, seconds: float = PATIENT) -> None:
        """Return when every process is able to work."""

        def ready() -> bool:
            self.reasons = {name: self.why_not_ready(name) for name in self._health if name in self.pids()}
            return set(self.reasons) == set(self._health) and not any(self.reasons.values())

        begun = time.monotonic()
        while not ready():
            assert not self.supervisor.failures(), self.supervisor.failures()
            assert time.monotonic() - begun < seconds, f"not ready after {seconds:g} s: {self.reasons}\n{self.said()}"
            time.sleep(LOOK_S)

    def said(self) -> str:
        """The end of each process's log, for whoever reads a failure."""
        logs = sorted((self.folder / "logs").glob("*.log"))
        tails = (f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-12:]) for log in logs)
        return "\n".join([f"restarts {self.supervisor.restarts()}", *tails])

    def log(self, name: str) -> str:
        """All that a process has logged."""
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")


class _FleetThread:
    """The simulated fleet in an event loop of its own, in real time on the system's clock."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._fleet = Fleet(system.scenario)
        self._loop = asyncio.new_event_loop()
        self._begun = threading.Event()
        self._failed: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self.driver: Driver | None = None
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)
        self._thread.start()
        assert self._begun.wait(PATIENT), "the fleet did not get in"
        self.look()

    @property
    def progress(self) -> Progress:
        """What was sent, and what became of it."""
        assert self.driver is not None
        return self.driver.progress

    @property
    def settled(self) -> bool:
        """Whether everything that was sent is acknowledged, answered where it must be, and stands in the feed."""
        done = self.progress
        return done.sent == done.acknowledged == done.relayed and done.answered == done.answers_due

    def look(self) -> None:
        """Raise what ended the fleet."""
        if self._failed is not None:
            raise AssertionError(f"the fleet has stopped: {self._failed!r}") from self._failed

    def stop(self) -> None:
        """Send no more and disconnect."""
        if self._task is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENT)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._task = self._loop.create_task(self._send())
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass  # stop() asked for it
        except BaseException as error:  # noqa: BLE001 - told by look(), in the thread of the test
            self._failed = error
        finally:
            self._begun.set()
            self._loop.close()

    async def _send(self) -> None:
        system = self._system
        with Ledger(system.folder / "ledger.jsonl") as ledger:
            wire = MqttWire(system.engines.env["STACKWATCH_MQTT"])
            driver = self.driver = Driver(self._fleet, wire, ledger=ledger, now=system.clock.now, watched=True)
            watch = FeedWatch(system.engines.kafka, driver)
            await watch.start()
            try:
                await driver.open()
                self._begun.set()
                await driver.run_live()
            finally:
                await driver.close()
                await watch.stop()


@contextmanager
def running(
    engines: Engines, scenario: str = "small", *, settings: Mapping[str, str] | None = None
) -> Iterator[System]:
    """All processes on the engines, ready; nothing is left running at the end of the block."""
    story = load_scenario(shipped(scenario))
    write_register(build_city(story), engines.folder / "register")
    asyncio.run(create_topics(engines.kafka))
    with HeldClock.create(engines.folder / "clock", story.start) as clock:
        env = {
            **engines.env,
            "STACKWATCH_REGISTER": str(engines.folder / "register"),
            "STACKWATCH_CLOCK": clock.url,
            "STACKWATCH_KAFKA_SESSION_S": "6",
            **(settings or {}),
        }
        with Supervisor(engines.folder / "logs", env) as supervisor:
            system = System(engines, story, clock, supervisor)
            system.start(*NAMES)
            system.until_ready()
            with system.memory.watched():
                yield system
            system.store.close()


def store_of(engines: Engines) -> SeriesStore:
    """The series store as our processes reach it."""
    file = engines.env.get("STACKWATCH_SERIES_TOKEN_FILE")
    token = Path(file).read_text(encoding="utf-8").strip() if file else None
    return open_store(engines.env["STACKWATCH_SERIES"], token=token)


def span(system: System) -> tuple[datetime, datetime]:
    """What the run covers by now, with what lies around it."""
    return system.scenario.start - timedelta(days=2), system.clock.now()
