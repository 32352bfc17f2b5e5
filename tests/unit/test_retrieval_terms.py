"""How text is cut into terms."""

from services.gateway.chat.passages import cut
from services.gateway.chat.terms import analyzer

plain = analyzer(None)


def test_words_lose_case_punctuation_and_european_accents() -> None:
    assert plain("Émile's Straße, QX-4471!") == ["emile", "s", "strasse", "qx", "4471"]


def test_compatibility_forms_meet_their_plain_ones() -> None:
    assert plain("\uff21\uff22\uff23 \ufb01n") == plain("abc fin")


def test_combining_marks_of_indic_scripts_stay_in_their_words() -> None:
    assert plain("\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e") == [
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u092d\u093e\u0937\u093e",
    ]


def test_chinese_gives_overlapping_pairs_and_a_single_character_itself() -> None:
    assert plain("\u5408\u540c\u7f16\u53f7") == ["\u5408\u540c", "\u540c\u7f16", "\u7f16\u53f7"]
    assert plain("\u5408") == ["\u5408"]


def test_latin_inside_chinese_is_a_word_of_its_own() -> None:
    assert plain("\u5408\u540cQX4471\u53f7") == ["\u5408\u540c", "qx4471", "\u53f7"]


def test_korean_is_compared_by_pairs_of_syllables() -> None:
    assert plain("\uacc4\uc57d\uc11c") == ["\uacc4\uc57d", "\uc57d\uc11c"]


def test_english_plurals_meet_their_singulars_and_other_words_stay() -> None:
    english = analyzer("en")
    assert english("contracts parties houses glass status does") == [
        "contract",
        "party",
        "house",
        "glass",
        "status",
        "doe",
    ]
    assert analyzer("de")("Hals") == ["hals"]


def test_a_page_of_ordinary_length_is_one_passage() -> None:
    assert [(span.start, span.end) for span in cut(3, "word " * 100)] == [(0, 500)]


def test_a_long_page_is_cut_at_paragraphs_and_nothing_is_lost() -> None:
    text = "\n\n".join(f"Paragraph {number}. " + "x" * 300 for number in range(40))
    spans = list(cut(1, text, 1000))
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.end - span.start <= 1000 for span in spans)
    assert all(text[span.start : span.end].startswith("Paragraph") for span in spans)


def test_text_without_any_break_is_cut_all_the_same() -> None:
    assert [span.end - span.start for span in cut(1, "x" * 2500, 1000)] == [1000, 1000, 500]


def test_blank_pages_have_no_passages() -> None:
    assert list(cut(1, " \n\n ")) == []
