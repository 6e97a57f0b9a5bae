"""``stackwatch web``: the HTTP interface and the pages."""

import gc
from functools import partial

import click

from alerts.database import DatabaseUnavailable, prepare
from alerts.names import names_of
from alerts.repository import Repository
from contracts.kafka_address import KafkaAddress
from contracts.rights import topics_of
from rulebook.loader import load_letter_templates, load_rulebook
from stackwatch.access import access_of, session_secret
from stackwatch.bad_files import told
from stackwatch.desk import policy_of
from stackwatch.errors import UserError
from stackwatch.logs import set_up_logs
from stackwatch.process import clock_of, kafka_address, read_rules, run_until_stopped, series_store
from stackwatch.settings import Settings, read_settings
from stackwatch.tls import check_server_certificate
from stackwatch.topics import TopicsRefused, create_topics
from web.feed import KafkaFeed
from web.listening import listen
from web.live import Live
from web.markbook import MarkBook
from web.packets import KafkaPackets
from web.quarantine_following import follow_quarantine
from web.reports.warming import keep_reports_ready
from web.serving import Door, address_of, listening_socket, serve
from web.site import build_site
from web.sources import Sources, keep_exceedances


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 = any free one.")
def command(port: int | None) -> None:
    """Serve the pages and the HTTP interface until stopped."""
    given = read_settings() if port is None else read_settings(web_port=port)
    set_up_logs(given.log_level, process="web", form=given.log_format, silent=("aiokafka",))
    session_secret(given)  # whoever forgot it hears of that at once
    kafka, door = kafka_address(given), _door(given)
    try:
        listening = listening_socket(given.web_host, given.web_port)
    except OSError as error:
        raise UserError(f"port {given.web_port} on {given.web_host} cannot be used: {error.strerror}") from error
    with listening:
        try:
            sources, feed = _sources(given)
            access = access_of(given, sources.alerts.engine, sources.register)
        except (ValueError, DatabaseUnavailable) as error:
            raise UserError(str(error)) from error
        live = sources.live
        assert isinstance(live, Live)
        site = build_site(
            sources,
            access,
            beside=[
                partial(listen, kafka, live, prepare=partial(_topics, kafka, given.kafka_replication)),
                partial(keep_exceedances, sources),
                partial(keep_reports_ready, sources),
                partial(
                    follow_quarantine,
                    kafka,
                    sources.quarantine.book,
                    prepare=partial(_topics, kafka, given.kafka_replication),
                ),
            ],
            closing=[feed.close, sources.packets.close],
        )
        gc.freeze()  # what the process holds for good is not looked at again by every full collection
        click.echo(f"Stackwatch is at {address_of(listening, tls=door.certificate is not None)}")
        try:
            run_until_stopped(partial(serve, site, listening, door=door))
        finally:
            sources.store.close()
            sources.alerts.engine.dispose()


def _door(given: Settings) -> Door:
    """How people come in; a certificate that cannot be used is told before anything begins."""
    check_server_certificate(given, "web")
    return Door(
        certificate=given.web_certificate_file, key=given.web_key_file, trusted_proxies=given.web_trusted_proxies
    )


async def _topics(kafka: KafkaAddress, replication: int) -> None:
    """Make missing topics; a broker that refuses is tried again, like one that is away."""
    try:
        await create_topics(kafka, replication=replication, topics=topics_of("web"))
    except TopicsRefused as error:
        raise OSError(str(error)) from error


def _sources(given: Settings) -> tuple[Sources, KafkaFeed]:
    register, rules = read_rules(given)
    policy = policy_of(given, sending=False)
    with told():
        coverage = load_rulebook(given.rulebook_dir).coverage()
        letters = load_letter_templates(given.rulebook_dir)
    engine = prepare(given.database, password=given.database_password)
    feed = KafkaFeed(kafka_address(given), idempotent=given.kafka_idempotence)
    return (
        Sources(
            store=series_store(given),
            register=register,
            parameters=rules.parameters,
            rules=rules,
            coverage=coverage,
            letters=letters,
            rulebook_dir=given.rulebook_dir,
            packets=KafkaPackets(kafka_address(given)),
            alerts=Repository(engine, policy=policy, name_of=names_of(register), attachments=given.attachments),
            marks=MarkBook(engine),
            feed=feed,
            live=Live(),
            now=clock_of(given),
            simulated=bool(given.clock),
        ),
        feed,
    )
