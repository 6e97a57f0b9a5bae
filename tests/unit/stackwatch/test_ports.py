"""Loopback ports for processes that start beside each other."""

import contextlib
import socket
import subprocess
import sys

from stackwatch.embedded.ports import LOOPBACK, free_port

ASK = """
from stackwatch.embedded.ports import free_port
print(*(free_port() for _ in range({many})), flush=True)
input()
"""


def test_processes_that_live_at_the_same_time_never_choose_the_same_port():
    with contextlib.ExitStack() as stack:
        asking = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", ASK.format(many=150)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(4)
        ]
        chosen = [set(process.stdout.readline().split()) for process in asking]
        for process in asking:
            process.communicate("\n", timeout=30)
    assert [len(each) for each in chosen] == [150] * 4
    assert len(set().union(*chosen)) == 600


def test_a_port_in_use_is_not_chosen_and_when_many_are_there_are_more():
    with contextlib.ExitStack() as stack:
        taken = set()
        for _ in range(450):
            listening = stack.enter_context(socket.socket())
            port = free_port()
            listening.bind((LOOPBACK, port))
            taken.add(port)
        assert len(taken) == 450
