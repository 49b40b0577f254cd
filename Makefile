# make demo    install, then see it work: no key, no network
# make test    install, then run every check and every test
# make check   the static ones alone: ruff, flake8-async, mypy, import-linter
# make explore a fault at every step of an exchange, under many schedules (10 to 20 minutes on two cores)
# make experiments  whether docs/experiments/ is what its experiments measure (minutes)
# make results drive every target of the lab (three quarters of an hour; installs what they need) and renew docs/results/
# make bench   measure against the naive version of this stack (minutes; needs gcc)

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
JOBS   ?= auto
# Not asked for: a checkpoint on every path (900, 910-913, 124), lists of our own function names (114, 128),
# httpx2 in the place of httpx (127, ADR 0013).
NOT_OURS := ASYNC114,ASYNC124,ASYNC127,ASYNC128,ASYNC900,ASYNC910,ASYNC911,ASYNC912,ASYNC913

.PHONY: demo test check unit browser coverage bench format lock clean results explore experiments

demo: $(VENV)/.installed
	$(BIN)/trioproxy demo

test: check unit coverage

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files "trioproxy/*.py" | xargs -n 64 -P $$(nproc) $(BIN)/flake8-async --disable=$(NOT_OURS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/make_endings.py --check

unit: $(VENV)/.installed-dev browser
	$(BIN)/pytest -n $(JOBS) --dist worksteal

# Every pure file, relay.py and exchange.py: all branches, by the tests of their own folders.
coverage: $(VENV)/.installed-dev
	$(BIN)/pytest -q -n $(JOBS) --cov=trioproxy --cov-branch --cov-report= tests/wire tests/providers tests/rules tests/views tests/settings tests/relay tests/exchange tests/test_*.py
	$(BIN)/coverage report --fail-under=100 --include='trioproxy/wire/*,trioproxy/providers/*,trioproxy/rules/*,trioproxy/views/*,trioproxy/settings/*,trioproxy/model/*,trioproxy/errors.py,trioproxy/relay.py,trioproxy/phases.py,trioproxy/detachment.py,trioproxy/commission.py,trioproxy/seat.py,trioproxy/seating.py,trioproxy/tape.py,trioproxy/house.py,trioproxy/desk.py,trioproxy/order.py,trioproxy/calling.py,trioproxy/delivery.py,trioproxy/exchange.py'

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench.run

# The long one: half a million runs, then the deliberate bugs. `make unit` runs a slice of both.
explore: $(VENV)/.installed-dev
	$(BIN)/trioproxy lab explore --seeds 20 --pairs 200
	$(BIN)/trioproxy lab explore --mutants

# Everything there is on the virtual clock: the pages are the same anywhere.
experiments: $(VENV)/.installed-dev
	$(BIN)/python docs/make_experiments.py --check

# The tables of a full run. The records themselves stay in bench/out, which is not kept.
results: $(VENV)/.installed-dev
	mkdir -p bench/out docs/results
	$(BIN)/trioproxy lab wire --target all --install --out bench/out/wire.jsonl
	$(BIN)/trioproxy lab report bench/out/wire.jsonl --markdown docs/results/wire.md --html bench/out/wire.html

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Debian ships venv apart from Python; as root it is installed, else you are told.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv; } || \
	  { echo "python3-venv is missing: sudo apt install python3-venv" >&2; exit 1; }; \
	  $(PYTHON) -m venv $(VENV); }

# What the lab's reports are looked at with; no test is skipped without it.
browser:
	@command -v chromium >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  { echo "chromium is missing: sudo apt install chromium" >&2; exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

# The versions that were tested together.
lock: $(VENV)/.installed-dev
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis bench/bin bench/out
