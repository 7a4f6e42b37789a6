# What one can do here. `make` alone prints this list.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
YIXIAN := $(BIN)/yixian
DATA := $(or $(YIXIAN_DATA),../shared/data)

.DEFAULT_GOAL := help
.PHONY: help env demo clean-demo test test-browser screenshots lint types imports check lock bench bench-intake bench-day bench-faults bench-language bench-gate bench-places bench-desks bench-matters bench-triage bench-groups bench-list bench-answers evaluate

help: ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

env: $(VENV)/.ready ## build .venv with all that the other targets need

$(VENV)/.ready: requirements.lock pyproject.toml web/package-lock.json
	@PYTHON="$(PYTHON)" sh scripts/make-env.sh $(VENV)
	@sh scripts/build-web $(VENV)
	@touch $@

demo: env ## bring up a city with its data, staff and a stream of contacts; Ctrl-C stops it
	@exec $(YIXIAN) demo

clean-demo: env ## forget the demo's data
	@$(YIXIAN) demo --forget

test: env ## run the whole test suite against a real PostgreSQL
	@$(BIN)/python -m pytest -n logical --dist loadfile

test-browser: env ## the pages in a real browser: axe, keyboard, widths (Chromium of the system; apt installs it for root)
	@sh scripts/need-browser $(VENV)
	@$(BIN)/python -m pytest tests/browser --browser

screenshots: env ## every page at both widths, light and dark, into a folder (SCREENSHOTS, default YIXIAN_HOME/screenshots)
	@sh scripts/need-browser $(VENV)
	@$(BIN)/python -m tests.browser.screenshots $(SCREENSHOTS)

lint: env ## style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: env ## strict types
	@$(BIN)/basedpyright

imports: env ## rooms import one way only
	@$(BIN)/lint-imports

check: lint types imports test ## all that CI runs

lock: env ## lock the dependencies again (hashes, no index address)
	@$(BIN)/python -m uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock
	@$(BIN)/python -m uv pip compile -q --group browser -c requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-browser.lock

bench: bench-language bench-matters bench-places bench-gate bench-triage bench-groups bench-list bench-answers bench-intake bench-faults bench-desks bench-day ## every figure of reading, speed and safety; an hour

bench-language: env ## how fast and how well messages are read with the pack's words alone
	@$(BIN)/python -m bench.bench_language

bench-matters: env ## right matter and unit on messages that no author of the pack wrote, by words and by meaning
	@$(BIN)/python -m bench.bench_matters

bench-places: env ## where messages say it is: districts, streets, numbers, asking back, coordinates
	@$(BIN)/python -m bench.bench_places

bench-gate: env ## what the gate keeps, and how much of it is right, on examples held out
	@$(BIN)/python -m bench.bench_gate

bench-triage: env ## emergencies recognised, and what that costs in false alarms
	@$(BIN)/python -m bench.bench_triage --folds 5

bench-groups: env ## one event, many callers: found, kept apart, how soon, at what cost
	@$(BIN)/python -m bench.bench_groups

bench-list: env ## a search of the responsibility list of 4,200 entries
	@$(BIN)/python -m bench.bench_list

evaluate: env ## the learned classifier by cross-validation on the measuring data (YIXIAN_DATA)
	@$(YIXIAN) dispatch evaluate --train $(DATA)/messages/labelled_tokens.csv --train $(DATA)/messages/labelled_raw.csv
	@$(YIXIAN) dispatch evaluate --train $(DATA)/kaohsiung_faq/faq.csv --text question --label bureau --least 15
	@$(YIXIAN) dispatch evaluate --train $(DATA)/guangdong_matters/matters.jsonl --label DEPT_NAME --least 10 \
	  --text AREA_CODE_TEXT --text TASK_NAME --text CATANAME --text theme_category --text matter_type --text material_intro --text accept_standard

bench-answers: env ## which answer belongs to which question, by words and by meaning (YIXIAN_DATA)
	@$(BIN)/python -m bench.bench_answers $(DATA)/kaohsiung_faq/faq.csv
	@$(BIN)/python -m bench.bench_answers $(DATA)/messages/replied.csv --question title --question text --answer reply

bench-intake: env ## what one contact costs, beside pgbench
	@$(BIN)/python -m bench.bench_intake

bench-day: env ## a whole Guangzhou day, 112,000 contacts, with its tickets' lives
	@$(BIN)/python -m bench.bench_day

bench-desks: env ## pages with a million tickets stored, a thousand live boards
	@$(BIN)/python -m bench.bench_desks

bench-faults: env ## kill -9 of web, worker and PostgreSQL while contacts come in
	@$(BIN)/python -m bench.bench_faults
