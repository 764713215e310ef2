"""Tokens that the platform's identity provider signed: everything about them is checked, and keys may change."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from archive_shared.errors import Unauthenticated, Unavailable
from permissions.adapters.oidc import LOOK_AGAIN_AFTER_S, ProviderKeys, ProviderTokens
from tests.support.folders import folder_in_memory
from tests.support.permissions_service import PermissionsService, permissions_service

ISSUER, AUDIENCE = "https://id.example/realm", "archive"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """An identity provider that publishes keys, and a clock to look at it by."""

    published: dict[str, Any] = field(default_factory=dict)
    fetched: int = 0
    away: bool = False
    now_s: float = 1000.0

    def publish(self, **keys: Any) -> None:
        self.published = keys

    def fetch(self) -> dict[str, Any]:
        self.fetched += 1
        if self.away:
            raise Unavailable("the identity provider does not answer")
        return {"keys": [_jwk(name, key) for name, key in self.published.items()]}

    def reader(self) -> ProviderTokens:
        keys = ProviderKeys(self.fetch, now_s=lambda: self.now_s)
        return ProviderTokens(keys, issuer=ISSUER, audience=AUDIENCE)


def _jwk(name: str, key: Any) -> dict[str, Any]:
    kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return dict(json.loads(kind.to_jwk(key.public_key()))) | {"kid": name, "use": "sig"}


def signed(
    key: Any = RSA_KEY,
    *,
    kid: str | None = "one",
    algorithm: str = "RS256",
    leave_out: str = "",
    **claims: Any,
) -> str:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "42", "iat": now, "exp": now + 60, **claims}
    said.pop(leave_out, None)
    return jwt.encode(said, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


@pytest.fixture
def provider() -> Provider:
    made = Provider()
    made.publish(one=RSA_KEY, two=EC_KEY)
    return made


@pytest.mark.parametrize(("key", "kid", "algorithm"), [(RSA_KEY, "one", "RS256"), (EC_KEY, "two", "ES256")])
def test_a_good_token_says_who_it_is(provider: Provider, key: Any, kid: str, algorithm: str) -> None:
    claims = provider.reader()(
        signed(
            key, kid=kid, algorithm=algorithm, preferred_username="ann", email="a@b.c", email_verified=True
        )
    )

    assert (claims.login, claims.username, claims.email) == (f"{ISSUER} 42", "ann", "a@b.c")


def test_an_address_nobody_checked_is_not_believed(provider: Provider) -> None:
    assert provider.reader()(signed(email="boss@clinic.example")).email == ""


def with_the_public_key_as_secret() -> str:
    """Sign with HS256 and the published key, which a careless reader accepts (RFC 8725, 2.1)."""
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    encode = jwt.utils.base64url_encode
    parts = [encode(json.dumps(each).encode()) for each in (header, _claims())]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(b".".join(parts), pem)
    return b".".join([*parts, encode(signature)]).decode()


def _claims() -> dict[str, Any]:
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "42", "iat": 0, "exp": int(time.time()) + 60}


@pytest.mark.parametrize(
    "token",
    [
        signed(iss="https://evil.example"),
        signed(aud="another service"),
        signed(exp=int(time.time()) - 60),
        signed(nbf=int(time.time()) + 3600),
        *(signed(leave_out=name) for name in ("iss", "aud", "exp", "iat", "sub")),
        signed(OTHER_KEY),
        signed(kid="unknown"),
        signed(kid=None),
        signed(kid="two"),
        signed("a secret of thirty-two bytes or more", algorithm="HS256"),
        jwt.encode(
            {"iss": ISSUER, "aud": AUDIENCE, "sub": "42"}, "", algorithm="none", headers={"kid": "one"}
        ),
        with_the_public_key_as_secret(),
        "a.b.c",
        signed()[:-4] + "AAAA",
    ],
)
def test_a_token_that_is_wrong_in_any_way_is_nobodys(provider: Provider, token: str) -> None:
    with pytest.raises(Unauthenticated):
        provider.reader()(token)


def test_a_new_key_is_found_and_an_old_one_is_no_longer_good(provider: Provider) -> None:
    read = provider.reader()
    read(signed())

    provider.publish(three=OTHER_KEY)
    provider.now_s += LOOK_AGAIN_AFTER_S

    assert read(signed(OTHER_KEY, kid="three")).login == f"{ISSUER} 42"
    with pytest.raises(Unauthenticated):
        read(signed())


def test_made_up_key_names_do_not_make_us_ask_the_provider_all_the_time(provider: Provider) -> None:
    read = provider.reader()
    read(signed())

    for number in range(100):
        with pytest.raises(Unauthenticated):
            read(signed(kid=f"made-up-{number}"))

    assert provider.fetched == 1


def test_keys_we_have_stay_good_while_the_provider_is_away(provider: Provider) -> None:
    read = provider.reader()
    read(signed())
    provider.away = True
    provider.now_s += LOOK_AGAIN_AFTER_S

    assert read(signed()).login
    with pytest.raises(Unavailable):
        read(signed(kid="new"))


@pytest.fixture
def world(provider: Provider) -> Iterator[PermissionsService]:
    with folder_in_memory() as folder:
        yield permissions_service(folder, verify=provider.reader())


def test_somebody_the_provider_knows_is_a_user_from_their_first_visit_on(world: PermissionsService) -> None:
    first = world.ok("GET", "users/me/", signed(preferred_username="Ann Müller"))
    again = world.ok("GET", "users/me/", signed(preferred_username="Ann Married"))
    other = world.ok("GET", "users/me/", signed(sub="43", preferred_username="Ann Müller"))

    assert first == again
    assert first["username"] == "ann-m-ller"
    assert (other["username"], other["administrator"], other["verified"]) == ("ann-m-ller-2", False, False)


def test_a_name_from_the_provider_does_not_take_over_a_local_user(world: PermissionsService) -> None:
    world.administrator("root")

    visitor = world.ok("GET", "users/me/", signed(preferred_username="root"))

    assert visitor["username"] == "root-2"
    assert not visitor["administrator"]


def test_editors_find_somebody_by_the_address_the_provider_has_by_now(world: PermissionsService) -> None:
    world.administrator("root")
    for address in ("ann@clinic.example", "ann@institute.example"):
        pk = world.ok("GET", "users/me/", signed(email=address, email_verified=True))["pk"]

        found = world.ok("GET", f"users/find/?name={address}", "root")["results"]

        assert [each["pk"] for each in found] == [pk]
    assert world.ok("GET", "users/find/?name=ann@clinic.example", "root")["results"] == []


def test_who_was_shut_out_stays_out_whatever_the_provider_says(world: PermissionsService) -> None:
    world.administrator("root")
    pk = world.ok("GET", "users/me/", signed())["pk"]

    world.ok("PATCH", f"users/{pk}/", "root", json={"active": False})

    assert world.call("GET", "users/me/", signed()).status_code == 401
