"""What a mailer's URL says about how much it may be given."""

import pytest

from worker.send.terms import Terms, terms_of


def test_a_url_says_everything() -> None:
    terms = terms_of("smtp://h?tls=none&rate=2.5&connections=8&daily=20000&warmup=500&warmup_days=2")
    assert terms == Terms(rate=2.5, connections=8, daily=20000, warmup=500, warmup_days=2)


def test_without_options_nothing_is_limited_or_counted() -> None:
    assert terms_of("maildir:///var/mail") == Terms()
    assert not Terms().counts_days
    assert terms_of("smtp://h", connections=4).connections == 4


@pytest.mark.parametrize(
    "option", ["rate=0", "rate=nan", "rate=", "rate=s3cret", "connections=0", "connections=51", "daily=-1", "warmup=1.5"]
)
def test_a_term_that_cannot_be_used_is_told_by_its_name_alone(option: str) -> None:
    with pytest.raises(ValueError, match=rf"has a {option.partition('=')[0]}= that is no") as why:
        terms_of(f"smtp://u:s3cret@h?{option}")
    assert "s3cret" not in str(why.value)


def test_a_warm_up_doubles_every_so_many_days_of_use_up_to_the_cap() -> None:
    terms = Terms(daily=3000, warmup=500, warmup_days=2)
    assert [terms.cap(days) for days in range(8)] == [500, 500, 1000, 1000, 2000, 2000, 3000, 3000]
    assert Terms(warmup=500).cap(3) == 4000
    assert Terms(daily=3000).cap(0) == 3000
    assert Terms(daily=3000, warmup=500).cap(100_000) == 3000
