"""The IIIF Image API, version 3, level 2 (https://iiif.io/api/image/3.0/), and shorter ways to what it can do."""

import json
from dataclasses import replace

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from archive_shared.errors import NotFound
from archive_shared.http.requests import bearer_token, whole_number
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.iiif import MAX_AREA, MAX_SIDE, ImageRequest, may_be_asked_for
from tiler.domain.level import halved
from tiler.domain.problems import UnreadableImage
from tiler.domain.tile_index import TileIndex
from tiler.entrypoints.http.answers import answered_bytes, answered_picture, answered_text, damaged
from tiler.entrypoints.http.passes import shown_pass
from tiler.entrypoints.http.tile_door import PREFIX
from tiler.use_cases.show_image import Gallery, Pyramid
from tiler.use_cases.watch_slide import Watching

_CONTEXT = "http://iiif.io/api/image/3/context.json"
_PROFILE = "http://iiif.io/api/image/3/level2.json"
_SHARED = ("iiif.base", "iiif.info", "iiif.picture")
_FOR_OTHER_SITES = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, X-Tile-Pass, If-None-Match, Range",
    "Access-Control-Expose-Headers": "ETag, Link",
    "Access-Control-Max-Age": "86400",
    "Link": f'<{_PROFILE}>;rel="profile"',
}
_JSON_LD = f'application/ld+json;profile="{_CONTEXT}"'


def iiif_blueprint(gallery: Gallery, watching: Watching, public_url: str) -> Blueprint:
    """Routes below the address of an image."""
    routes = Blueprint("iiif", __name__, url_prefix=f"{PREFIX.rstrip('/')}/<image>")

    routes.after_request(_shared)
    routes.register_error_handler(UnreadableImage, damaged)

    def pyramid(image: str) -> Pyramid:
        """Go by the pass if there is one, or else ask archive-api."""
        found = shown_pass(watching, image)
        return watching.pyramid(found) if found else gallery.pyramid(bearer_token(), image)

    @routes.get("/iiif")
    def base(image: str) -> AnyResponse:
        """Lead to the description (IIIF Image API 3, section 2.1)."""
        pyramid(image)
        return redirect(f"{PREFIX}{image}/iiif/info.json", 303)

    @routes.get("/iiif/info.json")
    def info(image: str) -> Response:
        """Describe the image as IIIF's `info.json`."""
        described = _info(pyramid(image).index, f"{public_url}{PREFIX}{image}/iiif")
        answer = Response(json.dumps(described), content_type=_json_type())
        answer.vary.add("Accept")
        return answered_text(answer)

    @routes.get("/iiif/<region>/<size>/<rotation>/<quality>.<format>")
    def picture(image: str, **wanted: str) -> Response:
        """Send a region at a size, turned, in a quality and format (IIIF Image API 3)."""
        return answered_picture(gallery.crop(pyramid(image), ImageRequest(**wanted)))

    @routes.get("/thumbnail.jpeg")
    def thumbnail(image: str) -> Response:
        """Send the whole image in sRGB, at most `?size=` pixels a side."""
        found = pyramid(image)
        return answered_picture(gallery.crop(found, _thumbnail(found.index), in_srgb=True))

    @routes.get("/region.<extension>")
    def region(image: str, extension: str) -> Response:
        """Send a region in sRGB: `?x=`, `?y=`, `?width=`, `?height=`, at most `?size=` pixels a side, or as IIIF says sizes."""
        found = pyramid(image)
        return answered_picture(gallery.crop(found, _region(found.index, extension), in_srgb=True))

    @routes.get("/icc")
    def icc(image: str) -> Response:
        """Give the colour profile, with which viewers show tiles as their scanner meant them."""
        profile = pyramid(image).index.icc_profile
        if not profile:
            raise NotFound(f"image {image} has no colour profile")
        return answered_bytes(profile, "application/vnd.iccprofile")

    return routes


def _json_type() -> str:
    """Return the type that is asked for; JSON-LD for who asks for none (section 5.1), plain JSON for who takes either."""
    accepted = request.accept_mimetypes
    if not accepted:
        return _JSON_LD
    return _JSON_LD if accepted["application/ld+json"] > accepted["application/json"] else "application/json"


def _thumbnail(index: TileIndex) -> ImageRequest:
    side = min(whole_number("size", 256), 2048, max(index.width, index.height))
    return ImageRequest("full", f"!{side},{side}", "0", "default", "jpg")


def _region(index: TileIndex, extension: str) -> ImageRequest:
    whole = {"x": 0, "y": 0, "width": index.width, "height": index.height}
    part = ",".join(request.args.get(name, str(default)) for name, default in whole.items())
    size, encoding = request.args.get("size", "max"), {"jpeg": "jpg"}.get(extension, extension)
    whole_part = ImageRequest(part, "max", "0", "default", encoding)
    if not (size.isascii() and size.isdigit()):
        return replace(whole_part, size=size)
    region = whole_part.resolved(index.width, index.height).region
    side = min(int(size[:9]), max(region.width, region.height))
    return replace(whole_part, size=f"!{side},{side}")


def _shared(response: Response) -> Response:
    """Let pages of other sites read what IIIF says, errors too; no cookies come from there, tokens are sent on purpose."""
    if request.endpoint in _SHARED:
        response.headers.update(_FOR_OTHER_SITES)
    return response


def _info(index: TileIndex, address: str) -> dict[str, object]:
    zoom = DeepZoom.of(index)
    factors = [1 << scale for scale in range(zoom.zoom_levels)]
    return {
        "@context": _CONTEXT,
        "id": address,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level2",
        "width": index.width,
        "height": index.height,
        "maxArea": MAX_AREA,
        "maxWidth": MAX_SIDE,
        "maxHeight": MAX_SIDE,
        "sizes": [
            {"width": width, "height": height}
            for scale in range(zoom.zoom_levels - 1, -1, -1)
            if may_be_asked_for(width := halved(index.width, scale), height := halved(index.height, scale))
        ],
        "tiles": [{"width": zoom.tile_size, "height": zoom.tile_size, "scaleFactors": factors}],
        "extraQualities": ["color", "gray", "bitonal"],
        "extraFeatures": ["mirroring", "sizeUpscaling"],
    }
