"""The values a user is made of: what is taken, and in which form."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.users.values import Email, Role, parse_name, parse_password

LETTERS = st.characters(categories=["L", "M", "N"])
ADDRESSES = st.builds(
    "{}@{}.{}".format,
    st.text(LETTERS, min_size=1, max_size=20),
    st.text(LETTERS, min_size=1, max_size=20),
    st.text(LETTERS, min_size=2, max_size=10),
)


def parsed(text: str) -> Email | None:
    """The address, None where it is refused."""
    try:
        return Email.parse(text)
    except InvalidValue:
        return None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Ada@Example.COM\n", "ada@example.com"),
        ("a+b.c_d-e'f@sub.example.co.uk", "a+b.c_d-e'f@sub.example.co.uk"),
        ("Ä@Ö.example", "ä@ö.example"),
        ("a\u0308@example.com", "ä@example.com"),
        ("用户@例子.世界", "用户@例子.世界"),
        ("x" * 64 + "@" + "y" * 63 + ".com", "x" * 64 + "@" + "y" * 63 + ".com"),
    ],
)
def test_address_is_taken_in_its_normal_form(text: str, address: str) -> None:
    assert Email.parse(text).value == address


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "ada", "@", "ada@", "@example.com", "ada@example", "ada@example.c"),
        *("ada@@example.com", "a da@example.com", "ada@exam ple.com", "ada@.com", "ada@a..com"),
        *("ada@example.com.", "ada@example.com,bob@example.com", "<ada@example.com>", '"a"@b.com'),
        *("ada@example.com/x", "ada@example.com#x", "ada\x00@example.com", "ada@exam\u200bple.com"),
        *("ada\ud800@example.com", "x" * 65 + "@example.com", "ada@" + "y" * 64 + ".com"),
        "ada@example.com\nbcc:bob@example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(("length", "taken"), [(254, True), (255, False)])
def test_address_has_254_characters_at_most(length: int, taken: bool) -> None:
    domain = ".".join(["d" * 62] * 3) + ".com"
    text = "x" * (length - len(domain) - 1) + "@" + domain

    assert (parsed(text) is not None) is taken


def test_refusal_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(InvalidValue) as refused:
        Email.parse("secret typed into the wrong field")

    assert refused.value.args == ("email", "not an e-mail address")


@given(ADDRESSES)
@example("H\u0331@example.com")  # has a composed form in lower case alone
@example("\u212b@example.com")  # the unit, which is normalised to the letter
@example("\u0130@example.com")  # one letter that becomes two
@example("ΑΣ@example.com")
def test_parsing_an_address_again_changes_nothing(text: str) -> None:
    email = Email.parse(text)

    assert Email.parse(email.value) == email


@given(ADDRESSES)
@example("H\u0331@example.com")
@example("\u1e96@example.com")
def test_address_is_the_same_however_its_letters_are_composed(text: str) -> None:
    forms = {Email.parse(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}

    assert len(forms) == 1


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    email = parsed(text)

    assert email is None or ("@" in email.value and email.value == email.value.strip())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Ada ", "Ada"),
        ("x" * 100, "x" * 100),
        ("a\u0308", "ä"),
        ("de la Cruz", "de la Cruz"),
        ("نیک\u200cپی", "نیک\u200cپی"),
        ("क्\u200dष", "क्\u200dष"),
        ("\u3164Ada\ufe0f", "\u3164Ada\ufe0f"),
    ],
)
def test_name_is_taken_trimmed_and_normalised(text: str, name: str) -> None:
    assert parse_name("first_name", text) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must not be empty"),
        (" \t\n", "must not be empty"),
        ("\u200d\u200c", "must not be empty"),
        ("\u200c \u200c", "must not be empty"),
        ("\u3164", "must not be empty"),
        ("\u2800 \u2800", "must not be empty"),
        ("\ufe0f\U000e0101\u115f\uffa0", "must not be empty"),
        ("x" * 101, "longer than 100 characters"),
        ("A\nB", "contains characters that cannot be printed"),
        ("A\x00", "contains characters that cannot be printed"),
        ("A\ud800", "contains characters that cannot be printed"),
    ],
)
def test_what_is_no_name_is_refused_by_its_field(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_name("last_name", text)

    assert refused.value.args == ("last_name", reason)


@pytest.mark.parametrize("parse", [Email.parse, lambda text: parse_name("last_name", text)])
def test_long_runs_of_accents_are_refused_before_they_are_normalised(
    parse: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Normalising one takes time that grows with the square of its length."""

    def normalize(form: str, text: str) -> str:
        assert len(text) < 2_000
        return text

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    with pytest.raises(InvalidValue, match="longer than"):
        parse("a" + "\u0301" * 60_000 + "\u0327" * 60_000)


@pytest.mark.parametrize("password", ["x" * 10, "x" * 200, " spaces kept ", "pass\x00word!"])
def test_password_is_taken_unchanged(password: str) -> None:
    assert parse_password("password", password) == password


@pytest.mark.parametrize("password", ["", "x" * 9, "x" * 201])
def test_password_of_another_length_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_password("new_password", password)

    assert refused.value.args == ("new_password", "must have 10 to 200 characters")


def test_stored_roles_are_these() -> None:
    assert {role.name: role.value for role in Role} == {"MEMBER": "member", "ADMIN": "admin"}
