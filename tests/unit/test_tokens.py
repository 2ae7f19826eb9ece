from datetime import UTC, datetime, timedelta

import jwt
import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from application.ports.token_signer import InvalidToken
from infrastructure.system.tokens import JwtSigner

KEY = "a key for tests, long enough for every algorithm that they try, HS512"
NOW = datetime(2046, 11, 20, 12, 0, tzinfo=UTC)
RESERVED = {"aud", "exp"}


@define
class ManualClock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def signer(clock: ManualClock) -> JwtSigner:
    return JwtSigner(KEY, clock)


def forged(content: dict[str, object], key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(content, key, algorithm=algorithm)


@given(
    st.dictionaries(st.text().filter(lambda name: name not in RESERVED), st.text(max_size=50)),
    st.text(min_size=1),
)
def test_claims_come_back_unchanged(claims: dict[str, str], purpose: str) -> None:
    signer = JwtSigner(KEY, ManualClock())
    assert claims == signer.read(purpose, signer.sign(purpose, claims, timedelta(minutes=1)))


def test_a_token_serves_one_purpose(signer: JwtSigner) -> None:
    with pytest.raises(InvalidToken):
        signer.read("other", signer.sign("this", {}))


def test_a_token_expires_by_the_clock_of_the_port(signer: JwtSigner, clock: ManualClock) -> None:
    token = signer.sign("this", {"a": "b"}, timedelta(minutes=1))
    clock.time = NOW + timedelta(seconds=59)
    assert signer.read("this", token) == {"a": "b"}
    clock.time = NOW + timedelta(seconds=60)
    with pytest.raises(InvalidToken, match="expired"):
        signer.read("this", token)


def test_a_token_without_lifetime_does_not_expire(signer: JwtSigner, clock: ManualClock) -> None:
    token = signer.sign("this", {"a": "b"})
    clock.time = NOW + timedelta(days=10_000)
    assert signer.read("this", token) == {"a": "b"}


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_what_the_signer_sets_is_no_claim(name: str, signer: JwtSigner) -> None:
    with pytest.raises(ValueError, match="set by the signer"):
        signer.sign("this", {name: "mine"})


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "\udcff",
        "é.é.é",
        "W10." * 3,
        "W1tb" * 4000 + "..",
        forged({"aud": "this"}, key=KEY[::-1]),
        forged({"aud": "this"}, algorithm="HS512"),
        forged({"aud": "this"}, key="", algorithm="none"),
        forged({}),
        forged({"aud": ["this"]}),
        forged({"aud": "this", "sub": 7}),
        forged({"aud": "this", "claim": 7}),
        forged({"aud": "this", "claim": None}),
        forged({"aud": "this", "exp": "tomorrow"}),
        forged({"aud": "this", "exp": []}),
    ],
)
def test_whatever_is_wrong_is_an_invalid_token(token: str, signer: JwtSigner) -> None:
    with pytest.raises(InvalidToken):
        signer.read("this", token)


def test_the_cause_is_kept(signer: JwtSigner) -> None:
    with pytest.raises(InvalidToken) as refused:
        signer.read("this", "nonsense")
    assert isinstance(refused.value.__cause__, jwt.PyJWTError)


@given(st.text())
def test_any_text_is_an_invalid_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        JwtSigner(KEY, ManualClock()).read("this", token)


def test_a_missing_claim_is_an_invalid_token(signer: JwtSigner) -> None:
    claims = signer.read("this", signer.sign("this", {"a": "b"}))
    with pytest.raises(InvalidToken, match="claim c is missing"):
        claims["c"]
