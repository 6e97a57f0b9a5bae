"""What the alert desk's policy and database are made of, for every process that opens them."""

from pydantic import SecretStr

from alerts.policy import Policy, load_policy
from stackwatch.bad_files import told
from stackwatch.settings import Settings


def policy_of(given: Settings, *, sending: bool) -> Policy:
    """What rulebook and environment decide about alerts and cases.

    Args:
        given: The environment.
        sending: Whether this process sends notices. Any other knows the channels without their addresses and secrets.

    Raises:
        UserError: with all that is wrong in a file of the rulebook.
        OSError, ValueError: a secret's file, an address or a network that cannot be used.
    """
    with told():
        if sending:
            return load_policy(
                given.rulebook_dir,
                webhook_url=given.webhook_url,
                webhook_secret=given.webhook_secret,
                webhook_networks=given.webhook_networks,
            )
        there = SecretStr("") if given.webhook_url_file is not None else None
        return load_policy(given.rulebook_dir, webhook_url=there, sending=False)
