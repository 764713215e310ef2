# One file for all services: docker build --build-arg SERVICE=archive-api -f deploy/docker/python-service.Dockerfile .
# The processes of a service share its image; compose says which of them a container is.

ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG SERVICE
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv --without-pip /venv

# Packages of others change rarely: a layer of their own, at the versions that are tested.
COPY constraints.txt deploy/docker/third_party.py ./
COPY shared/pyproject.toml shared/
COPY services/${SERVICE}/pyproject.toml services/${SERVICE}/
# All come as wheels but pyvips, which is Python only, so nothing here needs a compiler.
RUN python third_party.py shared/pyproject.toml "services/${SERVICE}/pyproject.toml" > third-party.txt \
    && python -m pip --python /venv install --only-binary=:all: --no-binary=pyvips \
        --constraint constraints.txt --requirement third-party.txt

RUN python -m pip install --constraint constraints.txt hatchling
COPY shared shared
COPY services/${SERVICE} services/${SERVICE}
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels ./shared "./services/${SERVICE}" \
    && python -m pip --python /venv install --no-deps wheels/*.whl

FROM ${PYTHON_IMAGE} AS run
ARG SERVICE
# No package of PyPI has this library; with it the tiler makes levels, and all of an MRXS, in nine tenths of the time (docs/decisions/0009-libturbojpeg.md).
RUN if [ "$SERVICE" = tiler ]; then \
        apt-get update && apt-get install --yes --no-install-recommends libturbojpeg0 && rm -rf /var/lib/apt/lists/*; \
    fi
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin archive \
    && install --directory --owner=archive /scratch
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ARCHIVE_IMPORT_SCRATCH=/scratch TMPDIR=/scratch
USER archive
WORKDIR /scratch
EXPOSE 8000
