"""Calls are signed as Standard Webhooks says, and the README shows how to verify them."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from feed.domain.signature import new_secret, signature_headers

README = Path(__file__).parents[3] / "services" / "feed" / "README.md"
SENT_AT_S = 1_614_265_330


def verify(secret: str, headers: dict[str, str], body: bytes) -> None:
    """Do what the README tells receivers to do."""
    snippet = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    scope: dict[str, Any] = {}
    exec(snippet[0], scope)
    scope["verify"](secret, headers, body)


def test_the_signature_is_that_of_the_reference_implementation() -> None:
    headers = signature_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp_s=SENT_AT_S,
        body=b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": str(SENT_AT_S),
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(body=st.binary(max_size=200))
def test_a_receiver_that_follows_the_readme_accepts_what_was_signed(body: bytes) -> None:
    secret = new_secret()
    headers = signature_headers([secret], message="m", timestamp_s=SENT_AT_S, body=body)

    with time_machine.travel(SENT_AT_S + 10):
        verify(secret, headers, body)


def test_while_a_secret_is_replaced_both_verify() -> None:
    old, new = new_secret(), new_secret()
    headers = signature_headers([new, old], message="m", timestamp_s=SENT_AT_S, body=b"{}")

    with time_machine.travel(SENT_AT_S):
        verify(old, headers, b"{}")
        verify(new, headers, b"{}")


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "other"},
        {"webhook-timestamp": str(SENT_AT_S + 1)},
        {"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()},
    ],
)
def test_what_was_changed_on_the_way_is_refused(change: dict[str, str]) -> None:
    secret = new_secret()
    headers = signature_headers([secret], message="m", timestamp_s=SENT_AT_S, body=b"{}")

    with time_machine.travel(SENT_AT_S), pytest.raises(ValueError, match="wrong"):
        verify(secret, headers | change, b"{}")


def test_an_old_call_played_again_is_refused() -> None:
    secret = new_secret()
    headers = signature_headers([secret], message="m", timestamp_s=SENT_AT_S, body=b"{}")

    with time_machine.travel(SENT_AT_S + 301), pytest.raises(ValueError, match="too old"):
        verify(secret, headers, b"{}")


def test_secrets_are_long_and_never_the_same() -> None:
    first, second = new_secret(), new_secret()

    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
