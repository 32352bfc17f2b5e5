"""Numbers as spreadsheets show them: what ECMA-376 §18.8.30-31 prescribes and Excel does."""

import pytest

from services.extraction.extractors.number_formats import BUILT_IN, general, number_format


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0", 1234.5, "1235"),
        ("0", -0.4, "-0"),
        ("0.00", 1.005, "1.01"),
        ("#,##0", 12345.6789, "12,346"),
        ("#,##0.00", -1234.5, "-1,234.50"),
        ("#,###", 0, ""),
        ("0.##", 1.1, "1.1"),
        ("0.##", 5, "5."),
        ("0.0#", 12.345, "12.35"),
        (".00", 12.5, "12.50"),
        ("00,000.00", 12, "00,012.00"),
        ("00000-0000", 941051630, "94105-1630"),
        ("000-00-0000", 123456789, "123-45-6789"),
        ("0.0%", 0.256, "25.6%"),
        ("0.00,", 12345, "12.35"),
        ('0.0,,"M"', 1234567, "1.2M"),
        ("#.0000,,,", 123456789, ".1235"),
        ("$#,##0.00", 1234.5, "$1,234.50"),
        ("[$€-407] #,##0.00", 3.14159, "€ 3.14"),
        ('#,##0.00 "kg"', 2, "2.00 kg"),
        (r"0\x", 2, "2x"),
        ('_($* #,##0_);_($* (#,##0);_($* "-"_);_(@_)', 1, "$ 1"),
        ('_($* #,##0_);_($* (#,##0);_($* "-"_);_(@_)', -1, "$ (1)"),
        ('_($* #,##0_);_($* (#,##0);_($* "-"_);_(@_)', 0, "$ -"),
        ("0.00 USD", 2, "2.00 USD"),
        ("00000000000000000000.00", 1e300, f"1{'0' * 300}.00"),
    ],
)
def test_digits_thousands_and_literals_are_put_into_their_places(code: str, value: float, shown: str) -> None:
    assert number_format(code).number(value) == shown


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0.00E+00", 1234567.89, "1.23E+06"),
        ("0.00E-00", 0.00123, "1.23E-03"),
        ("0.0E+0", 9.99e9, "1.0E+10"),
        ("##0.0E+0", 12345, "12.3E+3"),
        ("##0.0E+0", 1.23457e-13, "123.5E-15"),
        ("#0.0E+0", 1234.56789, "12.3E+2"),
        ("0.0E+0", 0, "0.0E+0"),
        ("# ?/?", 1.25, "1 1/4"),
        ("# ?/?", 12.3, "12 1/3"),
        ("# ??/??", -12.34, "-12 17/50"),
        ("# ???/???", -12345.67891, "-12345 573/844"),
        ("# ?/8", 12.3, "12 2/8"),
        ("# ??/100", -1.2, "-1 20/100"),
        ("# ?/2", 0.9, "1"),
        ("??/??", 12.3456789, "1000/81"),
        ("# ?/?", 3, "3"),
    ],
)
def test_exponents_and_fractions_are_those_excel_shows(code: str, value: float, shown: str) -> None:
    assert number_format(code).number(value) == shown


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("yyyy-mm-dd", 45366, "2024-03-15"),
        ("dd.mm.yy", 45366, "15.03.24"),
        ("d mmm yyyy", 45366, "15 Mar 2024"),
        ("dddd, mmmm d", 45366, "Friday, March 15"),
        ("ddd mmmmm", 45366, "Fri M"),
        ("[$-409]mmm\\-yy;@", 12345, "Oct-33"),
        ("m/d/yyyy", 1, "1/1/1900"),
        ("m/d/yyyy", 60, "2/29/1900"),
        ("m/d/yyyy", 61, "3/1/1900"),
        ("d-mmm-yy", 0.5, "0-Jan-00"),
        ("yyyy-mm-dd", 2958465, "9999-12-31"),
        ("hh:mm AM/PM", 0.7, "04:48 PM"),
        ("h A/P", 0, "12 A"),
        ("hh:mm:ss.000", 0.70707, "16:58:10.848"),
        ("mm:ss.0", 123456.789, "56:09.6"),
        ("h:mm", 0.99999999, "0:00"),
        ("[h]:mm:ss", 2.9999999999999996, "72:00:00"),
        ("[h]:mm", -1.5, "-36:00"),
        ("[mm]:ss", 1.5, "2160:00"),
        ("[s]", 0.5, "43200"),
        ("yyyy/m/d h:mm", 45366.5, "2024/3/15 12:00"),
        ("bbbb", 45366, "2567"),
        ("yyyy-mm-dd", -1, "-1"),
        ("yyyy-mm-dd", 2958466, "2958466"),
        ("hh:mm", 1e300, "1E+300"),
    ],
)
def test_dates_times_and_durations_are_counts_of_days(code: str, value: float, shown: str) -> None:
    assert number_format(code).number(value) == shown


def test_dates_of_the_1904_system_count_from_1904() -> None:
    assert number_format("yyyy-mm-dd", date_1904=True).number(0) == "1904-01-01"
    assert number_format("yyyy-mm-dd", date_1904=True).number(45366 - 1462) == "2024-03-15"


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('"foo";"bar";"baz"', 1, "foo"),
        ('"foo";"bar";"baz"', -1, "bar"),
        ('"foo";"bar";"baz"', 0, "baz"),
        ("0;(0)", -3, "(3)"),
        ("0;(0)", 0, "0"),
        ("0.0;@", -1, "-1.0"),
        ("[Red][=50]General;[Blue]000", 49, "049"),
        ("[<=9999999]###-####;(###) ###-####", 8675309, "867-5309"),
        ("[<=9999999]###-####;(###) ###-####", 2813308004, "(281) 330-8004"),
        ('[<1]0.00" cm";[>=100]0" m";0.0" dm"', 0.5, "0.50 cm"),
        ('[<1]0.00" cm";[>=100]0" m";0.0" dm"', 250, "250 m"),
        ('[<1]0.00" cm";[>=100]0" m";0.0" dm"', 5, "5.0 dm"),
        ("[<-25]General;[>25]General;General", -26, "26"),
        ("[<-25]General;[>25]General;General", -25, "-25"),
        ('General" items"', 5, "5 items"),
        ("@", 5, "5"),
        (";;;", 5, "5"),
        ("0;-0;;@", 0, ""),
    ],
)
def test_a_section_is_chosen_by_sign_or_condition(code: str, value: float, shown: str) -> None:
    assert number_format(code).number(value) == shown


def test_text_is_changed_only_by_a_section_for_text() -> None:
    assert number_format('0;-0;0;"Name: "@').text("Ada") == "Name: Ada"
    assert number_format("@@").text("Ada") == "AdaAda"
    assert number_format("0.00").text("Ada") == "Ada"
    assert number_format(";;;").text("Ada") == "Ada"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (123456789012345, "123456789012345"),
        (1e20, "100000000000000000000"),
        (1e21, "1E+21"),
        (0.1 + 0.2, "0.3"),
        (11.666666666666666, "11.66666667"),
        (12345678912.3, "12345678912"),
        (0.0123456789, "0.012345679"),
        (0.00001234, "0.00001234"),
        (0.000012345678, "1.23457E-05"),
        (1e-10, "1E-10"),
        (-2.5, "-2.5"),
    ],
)
def test_a_number_without_format_keeps_whole_digits_and_is_cut_like_in_excel(value: float, shown: str) -> None:
    assert general(value) == shown


@pytest.mark.parametrize(
    ("number", "value", "shown"),
    [
        (9, 1234567.89, "123456789%"),
        (13, 123456.789, "123456 15/19"),
        (14, 45366, "2024-03-15"),
        (15, 1234567.89, "15-Feb-80"),
        (18, 1234567.89, "9:21 PM"),
        (22, 45366.75, "2024-03-15 18:00"),
        (37, -12345.6789, "(12,346)"),
        (44, 0, "-"),
        (46, 1234567.89, "29629629:21:36"),
        (48, -12345.6789, "-12.3E+3"),
        (31, 45366, "2024-03-15"),
    ],
)
def test_formats_that_files_name_by_number_are_known(number: int, value: float, shown: str) -> None:
    assert number_format(BUILT_IN[number]).number(value) == shown


@pytest.mark.parametrize(
    "code", ["", "[", '"', "\\", "E+", "0E+", "/", "?/", "[<]0", "[<1.2.3]0", "0" * 300, "[h", ";"]
)
def test_a_broken_or_endless_code_still_shows_the_number(code: str) -> None:
    assert isinstance(number_format(code).number(-1234.5), str)
    assert number_format(code).text("Ada").count("Ada") == 1
