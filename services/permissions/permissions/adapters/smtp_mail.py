"""Sends e-mail through an SMTP server."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from archive_shared.errors import Unavailable
from permissions.use_cases.send_mail import Letter

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class SmtpMail:
    """Hands letters to a server, one connection each.

    Parameters
    ----------
    url
        `smtp://user:password@host:587` (STARTTLS is used where offered, and required with a password), or
        `smtps://user:password@host:465`.
    sender
        Address the letters come from.
    """

    url: str = field(repr=False)
    sender: str

    def send(self, letter: Letter) -> None:
        """Hand over a letter; raise `Unavailable` when the server does not take it now."""
        try:
            with self._connected() as server:
                server.send_message(self._message(letter))
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server does not take it: {type(error).__name__}") from error

    def _connected(self) -> smtplib.SMTP:
        address = urlsplit(self.url)
        context = ssl.create_default_context()
        host = address.hostname or ""
        if address.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, address.port or 465, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(host, address.port or 587, timeout=TIMEOUT_S)
            server.ehlo()
            if server.has_extn("starttls") or address.password:
                server.starttls(context=context)
        if address.password:
            server.login(unquote(address.username or ""), unquote(address.password))
        return server

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, letter.to, letter.subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid()
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
        message.set_content(letter.text)
        return message
