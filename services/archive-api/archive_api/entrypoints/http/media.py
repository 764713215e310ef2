"""Files over HTTP: logos from here, images from the blob store behind a link that lives five minutes."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from archive_api.domain.logo import LOGO, SOCIAL_IMAGE, PictureRule
from archive_api.domain.value import StoredFile
from archive_api.entrypoints.http.links import file_name
from archive_api.use_cases.browse_archives import read_picture
from archive_api.use_cases.browse_images import DOWNLOAD_LIFETIME_S, find_file, link_to
from archive_api.use_cases.browse_items import find_value_file
from archive_api.use_cases.keep_display_settings import read_viewer_logo
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_access import note_image_access, note_value_access
from archive_api.use_cases.view_item import looking_at_image, looking_at_item
from archive_shared.errors import NotFound
from archive_shared.events import ImageFile
from archive_shared.http.requests import bearer_token

OPAQUE = (
    "application/octet-stream"  # whatever else it is, the public client would read it (spec/gcapi.md 1.7)
)
_LOGO_AGE_S = 300


def media_blueprint(library: Library) -> Blueprint:
    """Routes for files."""
    routes = Blueprint("media", __name__, url_prefix="/media")
    pictures, files = _Pictures(library), _Files(library)
    routes.get("/logos/<archive>/<name>")(pictures.logo)
    routes.get("/logos/<archive>/<int:width>/<name>")(pictures.logo_rendition)
    routes.get("/social-images/<archive>/<name>")(pictures.social_image)
    routes.get("/social-images/<archive>/<int:width>/<name>")(pictures.social_image_rendition)
    routes.get("/viewer-logos/<viewer>/<name>")(pictures.viewer_logo)
    routes.get("/viewer-logos/<viewer>/<int:width>/<name>")(pictures.viewer_logo)
    routes.get("/images/<image>/<file>/<name>")(files.image_file)
    routes.get("/items/<item>/<int:value>/<name>")(files.value_file)
    return routes


@dataclass(frozen=True)
class _Pictures:
    """What requests for the pictures of archives and viewers are answered."""

    library: Library

    def logo(self, archive: str, name: str) -> Response:
        """Serve the logo of an archive to whoever may see the archive's card."""
        return self._picture(LOGO, archive, name)

    def logo_rendition(self, archive: str, width: int, name: str) -> Response:
        """Serve the logo in one of its widths."""
        return self._picture(LOGO, archive, name, width)

    def social_image(self, archive: str, name: str) -> Response:
        """Serve the picture that stands for an archive on other sites."""
        return self._picture(SOCIAL_IMAGE, archive, name)

    def social_image_rendition(self, archive: str, width: int, name: str) -> Response:
        """Serve it in one of its widths."""
        return self._picture(SOCIAL_IMAGE, archive, name, width)

    def viewer_logo(self, viewer: str, name: str, width: int | None = None) -> Response:
        """Serve the logo of a viewer, in one of its widths or the largest, to whoever may see the viewer."""
        png = read_viewer_logo(self.library, bearer_token(), viewer, name=name, width_px=width)
        return _answered(png, name)

    def _picture(self, rule: PictureRule, archive: str, name: str, width_px: int | None = None) -> Response:
        png = read_picture(self.library, bearer_token(), archive, rule, name=name, width_px=width_px)
        return _answered(png, name)


def _answered(png: bytes, name: str) -> Response:
    response = Response(png, content_type="image/png")
    response.cache_control.private = True
    response.cache_control.max_age = _LOGO_AGE_S
    response.set_etag(name)
    response.make_conditional(request)
    return response


@dataclass(frozen=True)
class _Files:
    """What requests for the files of images and of values are answered."""

    library: Library

    def image_file(self, image: str, file: str, name: str) -> Response:
        """Send whoever may see the image on to the bytes of one of its files."""
        token = looking_at_image(self.library, bearer_token(), image)
        found = find_file(self.library, token, image, file)
        if name != file_name(found):
            raise NotFound(f"file {file} has another name")
        if request.method == "HEAD":
            response = _description(found)
        else:
            note_image_access(self.library, self.library.require_caller(token), image, file)
            response = _redirection(self.library, found)
        response.cache_control.no_store = True
        return response

    def value_file(self, item: str, value: int, name: str) -> Response:
        """Send whoever may see the item on to the bytes of a file in one of its sockets."""
        token = looking_at_item(self.library, bearer_token(), item)
        found = find_value_file(self.library, token, item, value, name)
        if request.method != "HEAD":
            note_value_access(self.library, self.library.require_caller(token), item, str(value))
        return link_to_value(self.library, found)


def link_to_value(library: Library, file: StoredFile) -> Response:
    """Send somebody who may see it on to the bytes of a file of a value."""
    link = library.media_blobs.sign_download(file.key, lifetime_s=DOWNLOAD_LIFETIME_S, filename=file.name)
    response = Response(status=302, headers={"Location": link}, content_type=OPAQUE)
    response.cache_control.no_store = True
    return response


def _redirection(library: Library, file: ImageFile) -> Response:
    location = link_to(library, file, filename=file_name(file))
    return Response(status=302, headers={"Location": location}, content_type=OPAQUE)


def _description(file: ImageFile) -> Response:
    """Answer HEAD from what we know: a signed link is good for GET only."""
    response = Response(content_type=OPAQUE)
    response.content_length = file.size_bytes
    response.set_etag(file.sha256)
    return response
