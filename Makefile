# One command per action. `make book` and `make test` need only Python >= 3.11, make and git; they set everything else up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SITE   := _build/html
SITE_TOOL := PYTHONPATH=book/_ext $(BIN)/python -m dlgn_site
READY  := $(VENV)/.ready
BUILT  := $(SITE)/.built
QUICK  := adapt claims classifiers drawings elsewhere exercises features figures gdln house kernels models paths regions results routed statistics training widgets
PORT   ?= 8000
WORKERS ?= 2  # tests at a time
# a second environment and site: plain Sphinx in place of Jupyter Book 1, which caps Sphinx
SPHINX_VENV := .venv-sphinx
SPHINX_SITE := _build/sphinx/html
SPHINX_TESTS := site report addresses security figure_links playground browser_pages browser_players browser_reading
CONSTRAINTS ?= -c constraints.txt  # CONSTRAINTS= takes the newest versions that the ranges of pyproject.toml allow
export DLGN_CACHE ?= $(CURDIR)/.cache/runs
SOURCES := $(shell find book dlgn_lib live notebooks -type f -not -path '*/__pycache__/*' -not -path 'book/locale/*' -not -name checked.json 2>/dev/null) _config.yml _toc.yml constraints.txt

.PHONY: help setup book test check colab otter notebooks claims elsewhere reseed cluster-demo oldest mutants same pictures lengths course dist pdf epub slides release anchors publish catalogues book-in book-de adopt bench compare serve clean book-sphinx test-sphinx
.DEFAULT_GOAL := help

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

setup: $(READY)  ## create .venv with the exact versions of constraints.txt

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This book needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make setup PYTHON=python3.11"; exit 1; }
	@echo "Setting up $(VENV) (a few minutes the first time) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[book,test]" $(CONSTRAINTS)
	@touch $@

book: $(READY)  ## build the site from clean into _build/html; warnings are errors
	rm -rf _build
	$(MAKE) --no-print-directory $(BUILT)
	@echo
	@echo "The site is in $(SITE). To view it:  make serve   (then open http://127.0.0.1:$(PORT))"

$(BUILT): $(READY) $(SOURCES)
	rm -rf _build
	DLGN_BUILD=1 $(BIN)/jupyter-book build . -n -W --keep-going
	@touch $@

test: $(READY) $(BUILT)  ## build the site if it is absent or stale, then run every test
	DLGN_BUILD=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(READY)  ## style, types and the quick tests of the library: an answer in a minute
	$(BIN)/ruff check .
	$(BIN)/mypy
	DLGN_BUILD=1 DLGN_EXAMPLES=quick $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow" dlgn_lib $(QUICK:%=tests/test_%.py)

colab: $(READY)  ## run all notebooks in Colab's versions, and record that they ran
	DLGN_BUILD=1 DLGN_ALL_NOTEBOOKS=1 $(BIN)/python -m pytest tests/test_notebooks.py
	$(BIN)/python tests/colab_record.py

otter: $(READY)  ## have Otter judge every known answer of all exercises, and go from a fork to marks as an instructor does
	DLGN_BUILD=1 DLGN_ALL_ANSWERS=1 $(BIN)/python -m pytest tests/test_course.py -k "otter or judged or instructor"

notebooks: $(READY)  ## write notebooks/ from book/: what Colab opens
	$(SITE_TOOL).export_notebooks --out notebooks --edition colab

claims: $(BUILT)  ## copy the values measured by the build into book/claims.yml, from where notebooks print them
	$(SITE_TOOL).claims

elsewhere: $(READY)  ## measure how far the claims move on other machines, and write it into book/claims.yml
	$(SITE_TOOL).elsewhere

reseed: $(READY)  ## measure how often the claims hold on fresh seeds, and write it into book/reseed.csv
	$(SITE_TOOL).reseed

cluster-demo: $(READY)  ## run the sweep over fresh seeds on a small cluster of processes, kill one, and compare the tables
	$(BIN)/python tests/cluster_demo.py

oldest: $(READY)  ## run the library's tests with the oldest versions that pyproject.toml allows
	.ci/oldest $(filter-out elsewhere exercises figures house results,$(QUICK)) functional

book-sphinx: $(SPHINX_VENV)/.ready  ## build the same site with plain Sphinx, its newest line, into _build/sphinx/html
	rm -rf _build/sphinx
	$(MAKE) --no-print-directory $(SPHINX_SITE)/.built

$(SPHINX_VENV)/.ready: pyproject.toml constraints.txt .ci/sphinx-constraints.txt
	$(PYTHON) -m venv $(SPHINX_VENV)
	$(PYTHON) .ci/sphinx_pins.py >$(SPHINX_VENV)/pins.txt
	$(SPHINX_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[sphinx,test]" $(if $(CONSTRAINTS),-c $(SPHINX_VENV)/pins.txt)
	@touch $@

$(SPHINX_SITE)/.built: $(SPHINX_VENV)/.ready $(SOURCES)
	rm -rf _build/sphinx
	PYTHONPATH=book/_ext $(SPHINX_VENV)/bin/python -m dlgn_site.sphinx_config _build/sphinx/conf
	DLGN_BUILD=1 $(SPHINX_VENV)/bin/python -m sphinx -n -W --keep-going -b html -c _build/sphinx/conf -d _build/sphinx/doctrees . $(SPHINX_SITE)
	@touch $@

test-sphinx: $(SPHINX_SITE)/.built  ## run the tests of the site and of the browser on what book-sphinx built
	DLGN_BUILD=1 DLGN_SITE=$(SPHINX_SITE) $(SPHINX_VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(SPHINX_TESTS:%=tests/test_%.py)

mutants: $(READY)  ## change the library in 200 small ways, drawn at random, and see whether its tests notice
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[book,test,mutants]" $(CONSTRAINTS)
	$(BIN)/python tests/mutants.py

same:  ## build the book twice from cold and compare ledger and notebooks, byte for byte
	.ci/same

compare: $(BUILT)  ## compare this build with another: `make compare OTHER=address-or-folder-or-file`
	$(SITE_TOOL).compare "$(OTHER)"

pictures: $(BUILT)  ## take the README's picture and the preview of shared links from the built site
	$(SITE_TOOL).pictures

lengths: $(BUILT)  ## count the screens of every page of the built site, into book/lengths.csv
	$(SITE_TOOL).lengths

course: $(READY)  ## write all editions into _build/course, each with its zip: `make course [PAGES="experts/paths learning/circle"]`
	$(SITE_TOOL).export_notebooks --edition course --pages "$(PAGES)"

dist: $(READY)  ## build wheel and sdist into dist/, and try the wheel in an empty environment
	PYTHON=$(BIN)/python .ci/dist

PRINTER := $(VENV)/.printer

$(PRINTER): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[book,test,release]" $(CONSTRAINTS)
	@touch $@

pdf: $(BUILT) $(PRINTER)  ## print the built site: _build/pdf/book.pdf, and each of its pages in _build/pdf/chapters
	$(SITE_TOOL).pdf

epub: $(BUILT)  ## make an e-book of the built site: _build/epub/book.epub
	$(SITE_TOOL).epub

slides: $(BUILT)  ## slides of the pages, in a browser and as PDF, in _build/slides: `make slides [PAGES="learning/allocation experts/paths"]`
	$(SITE_TOOL).slides --pages "$(PAGES)"

release: pdf epub slides dist  ## put site, PDF, EPUB, slides, editions, wheel and sdist into _build/release, with checksums, and look at each (TAG=v0.1.0)
	.ci/release $(TAG)
	$(SITE_TOOL).release_check

anchors: $(BUILT)  ## note all addresses of the built site in book/anchors, under its version: they must lead somewhere for ever
	$(SITE_TOOL).anchors

publish: $(BUILT)  ## the built site, the sites of releases and translations in one folder: `make publish OUT=folder RELEASES=folder-of-zips INTO=de`
	$(SITE_TOOL).publish "$(OUT)" $(if $(RELEASES),--releases "$(RELEASES)") $(if $(INTO),--languages $(INTO))

catalogues: $(READY)  ## bring the catalogues of a language up to date: `make catalogues INTO=de [PAGES="experts/paths"]`
	DLGN_BUILD=1 $(SITE_TOOL).translate --language "$(INTO)" --extract --pages "$(PAGES)"

book-in: $(READY)  ## build the translated pages, with notebooks and editions, in _build/<language>: `make book-in INTO=de`
	DLGN_BUILD=1 $(SITE_TOOL).translate --language "$(INTO)"
	DLGN_BUILD=1 DLGN_WORDS="$(CURDIR)/_build/$(INTO)/words.json" $(BIN)/jupyter-book build "_build/$(INTO)" -n -W --keep-going
	@echo "The site is in _build/$(INTO)/_build/html"

book-de: INTO = de
book-de: book-in  ## the same in German, of the pages that are translated

adopt: $(READY)  ## make it your own: `make adopt REPO=owner/name [AUTHOR="..."]` writes its address everywhere
	$(SITE_TOOL).adopt "$(REPO)" $(if $(AUTHOR),--author "$(AUTHOR)")

bench: $(READY)  ## measure the library's speed against plain code, as ratios in one run
	PYTHONPATH=book/_ext $(BIN)/python tests/bench.py

serve: $(BUILT)  ## show the built site on http://127.0.0.1:8000
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

clean:  ## remove everything that is made: site, caches, environments
	rm -rf _build dist .cache $(VENV) .venv-colab .venv-oldest .venv-otter .venv-*.lock $(SPHINX_VENV) .pytest_cache .hypothesis .ruff_cache .mypy_cache *.egg-info
