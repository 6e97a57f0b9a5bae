"""The command line: one verb per process or tool, each loaded only when it is asked for.

Exit codes: 0 done, 1 the checked thing is wrong, 2 wrong usage or bad input.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version as package_version

import click

from stackwatch.errors import UserError

VERBS: dict[str, tuple[str, str]] = {
    "demo": ("stackwatch.verbs.demo", "Run the whole system with a simulated city on embedded parts."),
    "gateway": ("stackwatch.verbs.gateway", "Take packets from MQTT to Kafka and answer the loggers."),
    "rollcall": ("stackwatch.verbs.rollcall", "Call every outlet for every hour, so that silence counts."),
    "relay": ("stackwatch.verbs.relay", "Take HJ 212 over TCP to MQTT, for loggers that speak nothing else."),
    "worker": ("stackwatch.verbs.worker", "Judge packets, supervise counties, store series."),
    "alerts": ("stackwatch.verbs.alerts", "Keep alerts and cases, and tell people."),
    "web": ("stackwatch.verbs.web", "Serve the API and the pages."),
    "people": ("stackwatch.verbs.people", "Add people and tokens; the first administrator."),
    "simulate": ("stackwatch.verbs.simulate", "Play a fleet of loggers, with faults and a ledger."),
    "decode": ("stackwatch.verbs.decode", "Turn raw HJ 212 frames into JSON lines."),
    "frame": ("stackwatch.verbs.frame", "Make one HJ 212 frame of what you type."),
    "judge": ("stackwatch.verbs.judge", "Judge a recorded feed without any service."),
    "replay": ("stackwatch.verbs.replay", "Read the feed again: a time range, or all to make anew what follows."),
    "redrive": ("stackwatch.verbs.redrive", "Examine refused lines again; what is right now goes into the feed."),
    "audit": ("stackwatch.verbs.audit", "List outlets that must have a monitor and have none."),
    "device": ("stackwatch.verbs.device", "Create, rotate and revoke credentials of loggers."),
    "init": ("stackwatch.verbs.init", "Make topics, the database's schema, InfluxDB's buckets and tasks."),
    "backup": ("stackwatch.verbs.backup", "Write what is neither in Kafka nor in InfluxDB to one file."),
    "restore": ("stackwatch.verbs.restore", "Bring a backup back into an empty database."),
    "check": ("stackwatch.verbs.check", "Check a register, a rulebook, or what a run left behind."),
    "doctor": ("stackwatch.verbs.doctor", "Say what is reachable, with which version, and what is wrong."),
}
"""Verb to module and one-line help. The module's ``command`` is the click command (or group) of the verb."""

INTERRUPTED = 130
"""Exit code of a process that Ctrl-C ended, as shells count it."""


class LazyVerbs(click.Group):
    """A group that imports a verb's module when the verb runs, so that ``decode`` does not wait for a web framework."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All verbs, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The verb's command, None where there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(VERBS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The verbs' one-line helps, without importing any of them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])


@click.command(cls=LazyVerbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_version("stackwatch"), prog_name="stackwatch")
def root() -> None:
    """Stackwatch supervises smoke-stack emissions: HJ 212 over MQTT, Kafka, judged by the hour, told by the county."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and leave with its exit code; what a person did wrong is one line on stderr."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    try:
        outcome = root.main(args=arguments, prog_name="stackwatch", standalone_mode=False)
    except UserError as error:
        return _complain(str(error), 2)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        where = context.command_path if context is not None else "stackwatch"
        return _complain(f"{error.format_message().rstrip('.')} (see '{where} --help')", 2)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left (`| head`); the interpreter must not complain on its way out.
        sys.stdout = None
        return 0
    return outcome if isinstance(outcome, int) else 0


def _complain(message: str, exit_code: int) -> int:
    line = " ".join(message.split())
    click.echo(f"stackwatch: {line}", err=True)
    return exit_code
