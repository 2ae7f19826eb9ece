"""One mailbox has one address, however its domain is written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.users.values import Email
from infrastructure.system.emails import Uts46EmailParser

PARSER = Uts46EmailParser()


@pytest.mark.parametrize(
    ("domain", "normal"),
    [
        ("example.com", "example.com"),
        ("Ex_ample.COM", "ex_ample.com"),
        ("\uff45\uff58\uff41mple.com", "example.com"),
        ("exam\ufe0fple.com", "example.com"),
        ("exam\U000e0101ple.com", "example.com"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("XN--BCHER-KVA.example", "bücher.example"),
        ("Straße.example", "straße.example"),
        ("例子.世界", "例子.世界"),
        ("i❤.example", "i❤.example"),
        ("xn--i-7iq.example", "i❤.example"),
    ],
)
def test_domain_is_taken_in_its_normal_form(domain: str, normal: str) -> None:
    assert PARSER.parse(f"Ada@{domain}") == Email(f"ada@{normal}")


@pytest.mark.parametrize(
    "domain",
    [
        "xn--example-.com",  # nothing in it needs Punycode
        "xn--a.com",
        "\u2488example.com",  # disallowed by UTS 46
        "\u2100.example",  # becomes a/c
    ],
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        PARSER.parse(f"ada@{domain}")

    assert refused.value.args == ("email", "not an e-mail address")


@given(st.text(min_size=1, max_size=30), st.text(min_size=2, max_size=10))
@example("ß", "ẞẞ")
@example("\u0130", "xn--i-7iq")
@example("H\u0331", "ΑΣ")
def test_parsing_an_address_again_changes_nothing(name: str, ending: str) -> None:
    try:
        email = PARSER.parse(f"ada@{name}.{ending}")
    except InvalidValue:
        return

    assert PARSER.parse(email.value) == email
