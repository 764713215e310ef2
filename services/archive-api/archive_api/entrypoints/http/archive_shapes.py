"""How archives look to clients: the public client's shapes (spec/gcapi.md 2) and what we add to them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from archive_api.domain.archive import Archive, ArchiveSettings
from archive_api.domain.logo import LOGO, SOCIAL_IMAGE
from archive_api.domain.publication import Publication
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.publications import show_publication
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.browse_archives import SeenArchive
from archive_shared.clock import to_text

Publications = Mapping[str, Publication]
"""What is known of publications, by their identifiers."""


def show_archive(archive: Archive, links: Links, publications: Publications) -> Json:
    """Return the card of an archive."""
    settings = archive.settings
    return {
        "pk": archive.id,
        "slug": archive.slug,
        "title": settings.title,
        "description": settings.description,
        "logo": links.picture(LOGO, archive.id, settings.logo),
        "logo_renditions": links.renditions(LOGO, archive.id, settings.logo),
        "social_image": links.picture(SOCIAL_IMAGE, archive.id, settings.social_image),
        "social_image_renditions": links.renditions(SOCIAL_IMAGE, archive.id, settings.social_image),
        "public": settings.public,
        "deidentify": settings.deidentify,
        "keep_labels": settings.keep_labels,
        "modalities": settings.modalities,
        "structures": settings.structures,
        "organizations": settings.organizations,
        "organization_links": _organisations(settings, links),
        "publications": [show_publication(each, publications.get(each)) for each in settings.publications],
        "created": to_text(archive.created_at),
        "modified": to_text(archive.modified_at),
        "api_url": links.archive(archive.id),
        "url": links.page(archive.slug),
    }


def show_seen_archive(
    seen: SeenArchive, links: Links, publications: Publications, render_markdown: Callable[[str], str]
) -> Json:
    """Return the card of an archive with what only those with a role may know, null for others."""
    settings, usable = seen.archive.settings, seen.items is not None
    return show_archive(seen.archive, links, publications) | {
        "role": seen.role or None,
        "item_count": seen.items,
        "is_full": (seen.quota is not None and seen.quota.is_used_up) if usable else None,
        "quota": asdict(seen.quota) if seen.quota else None,
        "page_markdown": settings.page_markdown if usable else None,
        "page_html": render_markdown(settings.page_markdown) if usable else None,
        "allowed_sockets": settings.allowed_sockets if usable else None,
        "versions_required": settings.versions_required if usable else None,
        **(_shown_with(settings, links) if usable else dict.fromkeys(_SHOWN_WITH)),
    }


_SHOWN_WITH = (
    "workstation",
    "workstation_config",
    "hanging_protocol",
    "optional_hanging_protocols",
    "view_content",
)


def _organisations(settings: ArchiveSettings, links: Links) -> Json:
    """Return where organisations tell of themselves, by the names they are shown with; those that are only names are not in it."""
    return {name: links.organisation(pk) for name, pk in settings.organisations_by_name.items()}


def show_nameplate(archive: Archive, links: Links) -> Json:
    """Return what is told of an archive to those who have nothing but its exact address."""
    logo = links.nameplate_logo(archive.id) if archive.settings.logo else ""
    return {"pk": archive.id, "title": archive.settings.title, "logo": logo}


def _shown_with(settings: ArchiveSettings, links: Links) -> Json:
    """Return what the items are shown with: addresses, null for what was not chosen."""
    return {
        "workstation": links.viewer(settings.workstation) if settings.workstation else None,
        "workstation_config": (
            links.viewer_configuration(settings.workstation_config) if settings.workstation_config else None
        ),
        "hanging_protocol": (
            links.hanging_protocol(settings.hanging_protocol) if settings.hanging_protocol else None
        ),
        "optional_hanging_protocols": list(map(links.hanging_protocol, settings.optional_hanging_protocols)),
        "view_content": settings.view_content,
    }
