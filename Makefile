# One command for each task; `make` alone lists them.
#
# Everything is set up in one virtual environment beside this file. Each extra of pyproject.toml
# that a target needs is a stamp in it, so that a second run installs nothing. Paths are relative:
# make cannot name a path that holds a space.

VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.with-
PYTEST := $(BIN)/python -m pytest

# The first interpreter that is new enough; `make PYTHON=…` names another.
ifndef PYTHON
PYTHON := $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo docs docs-zh translations test test-engines test-site check lint fmt golden bench clean

help: ## list the targets
	@echo "usage: make TARGET"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

demo: docs $(SETUP)pypi ## compile the specs, launch a small model for real and ask it one question
	@PATH="$(CURDIR)/$(BIN):$$PATH" MODELBOOK_HOME="$(CURDIR)/build/demo" \
		MODELBOOK_MANIFEST="$(CURDIR)/docs/generated/manifest.json" bash docs/examples/first-model.sh
	@echo
	@echo "site:     docs/_build/html/index.html"
	@echo "manifest: docs/generated/manifest.json"
	@echo "engine and model, to go on with: export MODELBOOK_HOME='$(CURDIR)/build/demo'"

SPHINX := $(BIN)/python -m sphinx -b html -n -W --keep-going -q -j auto
# Fail, and forget what Sphinx read: it would not repeat the warnings of pages that it keeps.
forget = { rm -f $(1)/environment.pickle; false; }
# Sphinx starts only where something that it makes the site of is newer than its last success began:
# pages that were just compiled, guides, the code that is documented and documents, translations.
BUILT := docs/_build/.built
CHANGED = find docs compiler runtime specs/translations Makefile $(SETUP)docs \
	\( -name _build -o -name __pycache__ \) -prune -o -newer $(BUILT) -print | head -n 1
# Also where a file of the site is gone since. Of the Chinese one, which docs-zh always makes, its first
# page stands for all: without it no page may link there.
FILES = find docs/_build/html \( -name .doctrees -o -path '*/html/zh/*' ! -path '*/zh/index.html' \) \
	-prune -o -type f -print | LC_ALL=C sort
GONE = { $(FILES) | LC_ALL=C comm -23 $(BUILT)-files - || echo all; } 2>&1 | head -n 1

docs: $(SETUP)docs ## compile the specs and build the site; warnings are errors
	$(BIN)/compiler build --out docs/generated
	@mkdir -p docs/_build
	@touch docs/_build/.begun
	@test -e $(BUILT) && test -z "$$($(CHANGED))" && test -z "$$($(GONE))" || { \
		echo "$(SPHINX) docs docs/_build/html"; \
		{ $(SPHINX) docs docs/_build/html || $(call forget,docs/_build/html/.doctrees); } && \
		$(FILES) > $(BUILT)-files && mv docs/_build/.begun $(BUILT); }

# Chinese is built from copies of the same pages, with the generated ones in Chinese, into a folder of
# the English site; English once more, so that its pages link to the Chinese ones.
docs-zh: docs ## build the site in Simplified Chinese too, under docs/_build/html/zh
	mkdir -p build/docs-zh
	find build/docs-zh -mindepth 1 -maxdepth 1 ! -name generated -exec rm -rf {} +
	cd docs && find . -mindepth 1 -maxdepth 1 ! -name generated ! -name _build \
		-exec cp -Rp {} ../build/docs-zh/ \;
	$(BIN)/compiler build --language zh_CN --out build/docs-zh/generated
	$(BIN)/python -m sphinx -b html -n -W --keep-going -q -c docs -D language=zh_CN \
		-D modelbook_translations=../../specs/translations \
		-d build/docs-zh-doctrees build/docs-zh docs/_build/html/zh || $(call forget,build/docs-zh-doctrees)
	$(SPHINX) docs docs/_build/html || $(call forget,docs/_build/html/.doctrees)
	@$(FILES) > $(BUILT)-files

# Whoever changes a text runs this; it leaves what is new without a translation, and marks as fuzzy what
# was reworded. The messages of templates and of sentences made of facts are kept by hand.
translations: $(SETUP)docs $(SETUP)dev ## bring the translations up to date with the texts
	$(BIN)/compiler build --out docs/generated
	$(BIN)/python -m sphinx -b gettext -q -D gettext_location=0 docs build/gettext
	rm -rf build/gettext/generated/[!r]* build/gettext/generated/rules/MB* build/gettext/sphinx.pot
	$(BIN)/sphinx-intl update --pot-dir build/gettext --locale-dir docs/locale --language zh_CN -w 100
	$(BIN)/pybabel -q extract -k _marked -c Translated --add-location=file -w 100 \
		--project Modelbook -o build/modelbook.pot compiler/sphinx
	$(BIN)/pybabel -q update -i build/modelbook.pot -l zh_CN -w 100 --ignore-pot-creation-date \
		-o compiler/sphinx/locale/zh_CN/LC_MESSAGES/modelbook.po
	$(BIN)/compiler translate

test: $(SETUP)test $(SETUP)docs ## run every test that needs no engine, browser or package index
	$(PYTEST) -m "not engine and not browser and not network"
	@echo "not run here: real engines and packages (make test-engines), the site in a browser (make test-site)"

test-engines: $(SETUP)test $(SETUP)docs ## install and start real engines, build and install the wheel; SLOW=1 for all
	$(PYTEST) -m "(engine or network)$(if $(SLOW),, and not slow)"

test-site: $(SETUP)site-test ## look at the site in Chromium at phone and laptop widths
	$(PYTEST) -m browser

check: $(SETUP)docs ## check the specs
	$(BIN)/compiler check
	$(BIN)/compiler fmt --check

lint: $(SETUP)dev ## check the code: ruff and mypy
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

fmt: $(SETUP)docs ## format the specs, keeping comments
	$(BIN)/compiler fmt

golden: $(SETUP)test ## write the expected pages and manifest of the tests anew
	$(PYTEST) tests/golden --update-golden

bench: $(SETUP)test $(SETUP)docs ## measure start-up, compiling, downloading and the site beside their floor; QUICK=1 for a small run
	$(if $(QUICK),,$(BIN)/python tests/bench/bench_startup.py)
	$(BIN)/python tests/bench/bench_compile.py $(if $(QUICK),--quick)
	$(BIN)/python -m tests.bench.bench_download $(if $(QUICK),--quick)
	$(BIN)/python -m tests.bench.bench_memory $(if $(QUICK),--quick)
	$(BIN)/python -m tests.bench.bench_site $(if $(QUICK),--quick)

clean: ## remove everything that was built or downloaded here, but not the environment
	rm -rf build dist docs/_build docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find compiler runtime tests docs hatch_build.py -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.ready:
	@test -n "$(PYTHON)" || { echo "Modelbook needs Python 3.11 or newer; none was found on PATH." \
		"Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 2; }
	@# One that was made by hand, as the guide says, is kept with what is installed in it.
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(SETUP)%: pyproject.toml $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
