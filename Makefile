# make run: the dashboard on http://127.0.0.1:8501      make test: everything, browser included
PYTHON ?= python3
BIN := .venv/bin
UV := 0.13.9

.PHONY: run test check bench lock clean

run: .venv/.run
	@$(BIN)/python -m core demo --if-empty
	@$(BIN)/streamlit run app.py

test: .venv/.test
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/unit

bench: .venv/.test
	$(BIN)/python -m tests.bench

lock: .venv/.uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf .venv

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Imprint needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "The Python module venv is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV)
	@touch $@

.venv/.run: .venv/.uv requirements.txt
	@echo "Installing packages (only once, takes a minute or two)"
	@$(BIN)/uv pip install -q --python $(BIN)/python -r requirements.txt
	@touch $@

.venv/.test: .venv/.uv requirements-dev.txt
	@echo "Installing packages (only once, takes a minute or two)"
	@$(BIN)/uv pip install -q --python $(BIN)/python -r requirements-dev.txt
	@touch $@
