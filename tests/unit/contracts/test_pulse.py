"""Whether Kafka answers is known without anything being sent."""

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError

from contracts.pulse import Pulse


class Client:
    """Answers as the test says: True, False, an error, or not at all."""

    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    def force_metadata_update(self):
        self.asked += 1
        future = asyncio.get_running_loop().create_future()
        if isinstance(self.answer, Exception):
            future.set_exception(self.answer)
        elif self.answer is not None:
            future.set_result(self.answer)
        return future


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for knows nothing of events
            await asyncio.sleep(0.002)


@pytest.mark.parametrize(
    "silence",
    [
        pytest.param(False, id="no broker can be asked"),
        pytest.param(KafkaConnectionError(), id="the connection is refused"),
        pytest.param(None, id="the question disappears in a black hole"),
    ],
)
async def test_a_silent_kafka_is_away_after_a_while_and_back_with_its_first_answer(silence):
    pulse = Pulse(every_s=0.002, answer_s=0.01, silent_after_s=0.05)
    client = Client(True)
    asking = asyncio.create_task(pulse.run(client))
    await until(lambda: client.asked > 2)
    assert pulse.away is None
    client.answer = silence
    await until(lambda: pulse.away)
    assert pulse.away.startswith("Kafka has not answered for")
    assert pulse.silent_s > 0.05
    client.answer = True
    await until(lambda: pulse.away is None)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_it_is_not_away_before_it_was_given_time_to_answer():
    assert Pulse(silent_after_s=60).away is None
