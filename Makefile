# Needs Python 3.11 or newer and make. Everything else goes into .venv and var, both inside this folder.
.POSIX:
.PHONY: help run demo test tests lint bench environment dev-environment
PY = .venv/bin/python
PYTHON =
ARGS =

help:
	@echo 'make run      the website and a worker on this machine; prints the address, Ctrl-C stops it'
	@echo 'make demo     one interview in the terminal, then the tool that fits on a real image'
	@echo 'make test     all checks and all tests'
	@echo 'make tests    only the tests; ARGS=tests/test_catalog.py for some of them'
	@echo 'make lint     only the checks: style, types, direction of imports, catalog'
	@echo 'make bench    speed of a step and of the pages'

run: environment
	@exec $(PY) manage.py serve

demo: environment
	@exec $(PY) manage.py demo

test: lint tests

tests: dev-environment
	$(PY) manage.py build_tools
	$(PY) -m pytest --numprocesses=2 --dist=loadfile $(ARGS)

lint: dev-environment
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(PY) -c 'import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())'
	$(PY) manage.py check
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check_catalog

bench: dev-environment
	@exec $(PY) -m benchmarks

environment:
	@PYTHON='$(PYTHON)' && export PYTHON && found="$$(sh scripts/find_python.sh)" && "$$found" scripts/install.py requirements.lock

dev-environment:
	@PYTHON='$(PYTHON)' && export PYTHON && found="$$(sh scripts/find_python.sh)" && "$$found" scripts/install.py requirements.lock requirements-dev.lock
