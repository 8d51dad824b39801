"""What a demo runs on: settings of its own, so that it touches no database, no mailer and no key of the service it shows."""

from pathlib import Path
from urllib.parse import quote

from config.settings import Settings

SITE = "paperboy.example.org"  # nobody's (RFC 2606): a link in a demo's mail leads nowhere, and opens nothing anywhere


def demo_settings(chosen: Settings, work: Path) -> Settings:
    """`chosen` as far as looks, topics and sources go; everything that is kept, signed or sent stays in the folder `work`."""
    work = work.absolute()
    return chosen.model_copy(
        update={
            "env": "development",
            "state_dir": work,
            "database_url": f"sqlite:///{work / 'paperboy.db'}",
            "redis_url": None,
            "dkim": (),
            "mailers": (f"maildir://{quote(str(work / 'maildir'))}",),
            "secret_key": ("signs-nothing-but-a-demo",),
            "base_url": f"https://{SITE}",
            "sender": f"papers@{SITE}",  # under PAPERBOY_NAME
            "reply_to": None,
            "feedback_id": None,
            "postal_address": chosen.postal_address or "1 Example Street, Anytown",
        }
    )
