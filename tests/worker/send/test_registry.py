"""From `PAPERBOY_MAILERS` to mailers."""

from pathlib import Path

import pytest

from config import settings
from config.clock import SystemClock
from config.settings import SettingsError
from worker.send.port import Mailer
from worker.send.registry import mailers_from


def mailers(value: str) -> tuple[Mailer, ...]:
    return mailers_from(settings.load({"PAPERBOY_MAILERS": value}), SystemClock())


def test_mailers_come_in_the_order_of_the_setting() -> None:
    made = mailers("smtps://u:p@first.example.org smtp://second.example.org:25?rate=50 maildir:///var/mail/third")
    assert [mailer.name for mailer in made] == ["smtps first.example.org:465", "smtp second.example.org:25", "maildir /var/mail/third"]


def test_without_the_setting_mail_goes_into_a_maildir_in_the_state_folder(tmp_path: Path) -> None:
    state = tmp_path / "a folder? with 100 % odd # letters"
    (mailer,) = mailers_from(settings.load({"PAPERBOY_STATE_DIR": str(state)}), SystemClock())
    assert mailer.name == f"maildir {state / 'maildir'}"


@pytest.mark.parametrize(
    "url",
    [
        "s3cret",
        "postmark://s3cret",
        "smtp:/s3cret",
        "smtp://u:s3cret@h:x",
        "smtp://u:s3cret#@h",
        "smtp://u:s3cret@h?rate=0",
        "smtp://u:s3cret@h?rate=s3cret",
        "smtp://u:s3cret@h?rate=nan",
        "smtps://u:s3cret@h?ca=/nowhere/ca.pem",
        "maildir://s3cret",
    ],
)
def test_a_bad_url_is_told_by_its_place_with_an_example_and_without_itself(url: str) -> None:
    with pytest.raises(SettingsError) as why:
        mailers(f"maildir:///fine {url}")
    (fault,) = why.value.faults
    assert fault.startswith("PAPERBOY_MAILERS: the mailer in place 2 ")
    assert "Example: PAPERBOY_MAILERS='" in fault
    assert "s3cret" not in fault
    assert "\n" not in fault


def test_every_bad_url_is_told_and_an_unknown_scheme_says_which_are_known() -> None:
    with pytest.raises(SettingsError) as why:
        mailers("ses://key smtp://:p@h")
    assert len(why.value.faults) == 2
    assert "smtp://, smtps://, maildir://" in why.value.faults[0]
