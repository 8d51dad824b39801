"""Words as picking compares them."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from worker.pick.text import FUNCTION_WORDS, folded, stem, tokens, words


def test_case_accents_hyphens_and_tex_do_not_count() -> None:
    assert tokens("State-Space") == tokens("state space")
    assert tokens("Schrödinger") == tokens(r"Schr\"odinger") == tokens(r"Schr\"{o}dinger") == tokens("SCHRODINGER")
    assert tokens(r"\emph{Mamba}") == ["mamba"]
    assert folded("Łukasz Ørsted") == "lukasz orsted"


def test_plurals_agree_those_of_acronyms_too() -> None:
    for one, many in (("LLM", "LLMs"), ("GNN", "GNNs"), ("GAN", "GANs"), ("VAE", "VAEs"), ("model", "models"), ("theory", "theories")):
        assert tokens(one) == tokens(many), one
    assert tokens("css") != tokens("cs")


def test_a_prefix_joins_its_word_however_it_is_written() -> None:
    assert words("pre-training") == words("pre training") == words("pretraining") == ["pretraining"]
    assert words("non-") == ["non"]


def test_languages_named_by_signs_are_words() -> None:
    assert words("C++ and C#, not C") == ["c++", "and", "c#", "not", "c"]


def test_function_words_are_written_as_the_stems_that_texts_give() -> None:
    abstract = "However, we propose a novel method that achieves extensive improvements; https://github.com, available"
    assert set(tokens(abstract)) <= FUNCTION_WORDS | {"https"}
    assert {word for word in FUNCTION_WORDS if stem(word) != word} == {"propos", "extens"}  # of propose and extensive, whose stem goes on


@given(st.text())
def test_any_text_gives_tokens_without_blanks_and_folding_twice_changes_nothing(text: str) -> None:
    assert all(token and not token.isspace() for token in tokens(text))
    assert folded(folded(text)) == folded(text)


def test_threads_do_not_mix_their_words() -> None:
    wrong: list[str] = []
    plain = {f"generaliz{tail}{n}ations": None for tail in "abc" for n in ("x", "y")}

    def work() -> None:
        wrong.extend(word for word in plain for _ in range(50) if stem.__wrapped__(word) != stem(word))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
