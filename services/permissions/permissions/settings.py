"""Settings of permissions."""

from dataclasses import dataclass, field

from environs import Env

from archive_shared.settings import PREFIX, PlatformSettings, read_platform_settings


@dataclass(frozen=True)
class Settings:
    """What permissions needs to know.

    Parameters
    ----------
    archive_creators
        Who may create archives beside administrators: everyone, verified or listed, see `permissions.domain.user.Creators`.
    ask_again_after_days
        How long after a no somebody may ask for access again.
    session_hours
        How long somebody stays signed in on the page.
    oidc_issuer, oidc_audience, oidc_jwks_url
        The identity provider whose signed tokens are good here; all or none of them.
    smtp_url, mail_from
        Server that takes e-mail, and the address it comes from; "" sends none.
    """

    platform: PlatformSettings
    archive_creators: str = "everyone"
    ask_again_after_days: float = 7.0
    session_hours: float = 12.0
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_jwks_url: str = ""
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""


def read_settings() -> Settings:
    """Read the environment."""
    env = Env()
    with env.prefixed(PREFIX):
        return Settings(
            read_platform_settings(Env()),
            archive_creators=env.str("ARCHIVE_CREATORS", Settings.archive_creators),
            ask_again_after_days=env.float("ASK_AGAIN_AFTER_DAYS", Settings.ask_again_after_days),
            session_hours=env.float("SESSION_HOURS", Settings.session_hours),
            oidc_issuer=env.str("OIDC_ISSUER", ""),
            oidc_audience=env.str("OIDC_AUDIENCE", ""),
            oidc_jwks_url=env.str("OIDC_JWKS_URL", ""),
            smtp_url=env.str("SMTP_URL", ""),
            mail_from=env.str("MAIL_FROM", ""),
        )
