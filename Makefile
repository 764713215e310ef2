# Every door into this project. `make help` lists them; nothing has to be done before the first one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

PYPROJECTS := $(wildcard shared/pyproject.toml subscriber/pyproject.toml services/*/pyproject.toml)
PACKAGES := $(patsubst %/,%,$(dir $(PYPROJECTS)))
PACKAGE_ARGUMENTS := $(foreach package,$(PACKAGES),-e ./$(package))

# Many tests wait for something most of the time. Each worker has servers of its own, about 1 GB.
WORKERS ?= 3

# uv talks to the index that pip is told to use, and trusts the certificates this machine trusts.
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
export UV_SYSTEM_CERTS ?= 1
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraints constraints.txt --build-constraints constraints.txt

# Where Python keeps no byte code, each of a platform's dozen processes compiles its libraries again: half of their start.
unexport PYTHONDONTWRITEBYTECODE

RUNTIME := $(VENV)/.runtime-installed
PANIMG := .cache/bench-panimg/bin/panimg
WSIDICOMIZER := .cache/bench-slides-wsidicomizer/bin/wsidicomizer
DEBIAN_VIPS := .cache/bench-debian/usr/bin/vips
LARGE_IMAGE := .cache/bench-slides-large-image/bin/large_image_converter
DEVELOPMENT := $(VENV)/.development-installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# All targets in small letters are commands; what is a file has a "/" or a variable in its name.
.PHONY: $(shell awk -F: '/^[a-z][a-z0-9-]*:/ { print $$1 }' $(firstword $(MAKEFILE_LIST)))

##@ Use it

run: $(RUNTIME) ## start everything on this machine and keep it running  [DATA=folder PORT=number TLS=1]
	@$(BIN)/archive-platform run $(if $(DATA),--data "$(DATA)") $(if $(PORT),--port $(PORT)) $(if $(TLS),--tls)

demo: $(RUNTIME) ## make images, upload, wait, download and compare them, unattended
	@$(BIN)/python -m demo

##@ Test it

test: $(DEVELOPMENT) format-check lint types imports servers ## everything: style, types, imports, then all tests  [T=path WORKERS=number MONGO_URL=mongodb://...]
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(T)

test-unit: $(DEVELOPMENT) ## tests without sockets or servers  [T=path]
	@$(BIN)/pytest $(or $(T),tests/unit tests/architecture)

test-contract: $(DEVELOPMENT) servers ## every port against its embedded and its real adapter  [T=path MONGO_URL=mongodb://...]
	@$(BIN)/pytest $(or $(T),tests/contract)

test-integration: $(DEVELOPMENT) servers ## one part with real servers  [T=path]
	@$(BIN)/pytest $(or $(T),tests/integration)

test-e2e: $(DEVELOPMENT) servers ## the whole platform through its front door  [T=path]
	@$(BIN)/pytest $(or $(T),tests/e2e)

fuzz: $(DEVELOPMENT) ## import 20,000 damaged files of every format  [MUTATIONS=number SEED=number]
	@MUTATIONS=$(or $(MUTATIONS),20000) SEED=$(or $(SEED),0) $(BIN)/pytest -q -s -p no:randomly --timeout=0 tests/unit/ingest_worker/test_fuzz.py

fuzz-slides: $(DEVELOPMENT) ## damage slides of every format, with all their files, 20,000 times and hold the conversion to its word
	@SLIDE_MUTATIONS=20000 $(BIN)/pytest --numprocesses auto --dist worksteal --timeout=7200 tests/unit/tiler_slides/test_hostile_slides.py -k "damaged_slides or damaged_products"

servers: | $(BIN)/uv ## install RabbitMQ, MinIO, a MongoDB-wire server and Chromium for the tests (quick when they are there)
	@$(BIN)/python deploy/test-servers/install.py

soak: $(DEVELOPMENT) servers ## what takes too long for every day: every pair of bus and store, a broker away for a minute
	@ARCHIVE_SOAK=1 $(BIN)/pytest tests/integration/messaging/test_crash_points.py tests/integration/messaging/test_storms.py

##@ Measure it

bench-events: $(DEVELOPMENT) servers ## from outbox to subscriber, beside bare pika and kombu  [ARGS="--events N --rounds N"]
	@$(BIN)/python -m bench.events $(ARGS)

bench-permissions: $(DEVELOPMENT) ## decisions, remembered and not, beside a query per check and pycasbin  [ARGS="--archives N --users N --rounds N"]
	@$(BIN)/python -m bench.permissions $(ARGS)

bench-api: $(DEVELOPMENT) ## a page of items costs the same among a thousand and a million  [ARGS="--sizes 1000,100000 --rounds N --mongo mongodb://..."]
	@$(BIN)/python -m bench.archive_api $(ARGS)

bench-ingest: $(DEVELOPMENT) $(PANIMG) ## the import beside panimg and ITK  [ARGS="--rounds 5 --slices 300 --case nii"]
	@$(BIN)/python -m bench.ingest $(ARGS)

bench-ingest-floor: $(DEVELOPMENT) $(PANIMG) ## what an import of DICOM cannot do without, part by part, beside ours and panimg  [ARGS="--rounds 5 --slices 300"]
	@$(BIN)/python -m bench.ingest_floor $(ARGS)

bench-ingest-workers: $(DEVELOPMENT) $(PANIMG) ## a whole worker beside panimg alone, and two workers beside one  [ARGS="--rounds 5"]
	@$(BIN)/python -m bench.ingest_workers $(ARGS)

bench-slides: $(DEVELOPMENT) $(PANIMG) $(WSIDICOMIZER) $(LARGE_IMAGE) $(DEBIAN_VIPS) ## converting slides beside panimg's parameters, vips, large_image, wsidicomizer and cp  [ARGS="--rounds 3 --case svs --shrink 4"]
	@$(BIN)/python -m bench.slides $(ARGS)

bench-tiles: $(DEVELOPMENT) servers $(LARGE_IMAGE) ## serving tiles beside DeepZoomGenerator, large_image and iipsrv, in process and over HTTP  [ARGS="--rounds 3"]
	@deploy/unpack-debian .cache/iipsrv iipimage-server libfcgi0ldbl libmemcached11 libhashkit2 || true
	@$(BIN)/python -m bench.tiles $(ARGS)

##@ Change it

install: $(DEVELOPMENT) ## create .venv with the services and the development tools (the other targets do this by themselves)
	@echo "Installed as constraints.txt says."

check: format-check lint types imports test-unit ## may I push? format, lint, types, imports, unit tests

format: $(DEVELOPMENT) ## format the code and sort its imports
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format .

format-check: $(DEVELOPMENT)
	@$(BIN)/ruff format --check .

lint: $(DEVELOPMENT) ## ruff's rules
	@$(BIN)/ruff check .

types: $(DEVELOPMENT) ## mypy, strict
	@$(BIN)/mypy

imports: $(DEVELOPMENT) ## who may import whom
	@$(BIN)/lint-imports

contracts: $(DEVELOPMENT) ## write the event schemas, AsyncAPI file and pages under docs/contracts, and OpenAPI for the portal
	@$(BIN)/python -m archive_shared.wire.generate
	@ARCHIVE_LOG_LEVEL=ERROR $(BIN)/python -m archive_gateway.openapi

publish-contracts: $(DEVELOPMENT) ## promise the events as they are: from here on they change by addition only
	@$(BIN)/python -m archive_shared.wire.publish

lock: $(BIN)/uv ## write constraints.txt: exact versions of all third-party packages  [UPGRADE=1 takes the newest]
	@deploy/lock $(BIN)/uv $(if $(UPGRADE),--upgrade)

##@ Other

clean: ## remove the environment and everything that tools have cached here (no data)
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.* ## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo

# --- The environment. A stamp stands for "installed as these files say"; it is older than them when it is not.

$(VENV)/pyvenv.cfg:
	@deploy/create-environment "$(PYTHON)" $(VENV)

$(BIN)/uv: | $(VENV)/pyvenv.cfg
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv

# The peer of bench-ingest, in an environment that shares nothing with ours.
$(PANIMG): | $(BIN)/uv
	@deploy/create-environment "$(PYTHON)" .cache/bench-panimg
	@$(BIN)/uv pip install --quiet --python .cache/bench-panimg/bin/python --requirement bench/panimg.txt

$(WSIDICOMIZER): | $(BIN)/uv
	@deploy/create-environment "$(PYTHON)" .cache/bench-slides-wsidicomizer
	@$(BIN)/uv pip install --quiet --python .cache/bench-slides-wsidicomizer/bin/python --requirement bench/wsidicomizer.txt

$(LARGE_IMAGE): | $(BIN)/uv
	@deploy/create-environment "$(PYTHON)" .cache/bench-slides-large-image
	@$(BIN)/uv pip install --quiet --python .cache/bench-slides-large-image/bin/python --requirement bench/large_image.txt

# What a Debian of today lacks to run its vips, unpacked and not installed; where there is no Debian, the bench says what it left out.
$(DEBIAN_VIPS): bench/debian.txt
	@mkdir -p .cache/bench-debian
	-@cd .cache/bench-debian && apt-get download -qq $$(cat ../../bench/debian.txt) && \
		for package in *.deb; do dpkg -x "$$package" .; done && rm -f *.deb && touch usr/bin/vips

$(RUNTIME): constraints.txt $(PYPROJECTS) | $(BIN)/uv
	@echo "Installing the services into $(VENV) ..."
	@$(INSTALL) $(PACKAGE_ARGUMENTS)
	@touch $@

$(DEVELOPMENT): pyproject.toml $(RUNTIME) | $(BIN)/uv
	@echo "Installing the development tools into $(VENV) ..."
	@$(INSTALL) --group dev
	@touch $@
