# ksupervise. `make help` lists the targets.
#
#   V=1                  show every command
#   DEBUG=1              no optimisation, asserts on            (build/debug)
#   FAULTS=1             crash points and planted bugs, for tests (build/faults)
#   SANITIZE=address     or thread, undefined                   (build/address, …)
#   CC=clang             another compiler                       (build/clang, …)
#   WERROR=1             warnings are errors (CI does this)
#
# Sources are found, not listed: a program is a folder, every .c in it belongs to it.

.DEFAULT_GOAL := all
SHELL   := /bin/bash
VERSION := 0.1.0
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
PREFIX  ?= /usr/local
EXAMPLES = $(PREFIX)/share/doc/ksupervise
UNITS    = $(PREFIX)/lib/systemd/system
SHARE    = $(PREFIX)/share

CONFIG := $(subst $() ,-,$(strip $(filter-out gcc cc,$(notdir $(CC))) $(if $(DEBUG),debug) $(if $(FAULTS),faults) $(SANITIZE)))
B      := build$(if $(CONFIG),/$(CONFIG))
Q      := $(if $(V),,@)
say     = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)')

# --- programs: folder, libraries -------------------------------------------------------------------------
PROGRAMS := ksupervise kproduce kconsume kstat kctl ktopic kbroker kaudit kweb

ksupervise_dir := supervisor
kproduce_dir   := producer
kconsume_dir   := consumer
kstat_dir      := tools/kstat
kctl_dir       := tools/kctl
ktopic_dir     := tools/ktopic
kbroker_dir    := tools/kbroker
kaudit_dir     := tools/kaudit
kweb_dir       := tools/kweb

# msgpack-c is called so from 6.0 on, before that plain msgpack.
MSGPACK := $(shell pkg-config --exists msgpack && echo msgpack || echo msgpack-c)
# ksupervise, kstat, kctl and kweb do not link librdkafka: Kafka is the workers' business (lint checks it with ldd).
ksupervise_pkg := $(MSGPACK) uuid inih
kproduce_pkg   := rdkafka $(MSGPACK) uuid jansson
kconsume_pkg   := rdkafka $(MSGPACK) uuid jansson sqlite3 libpq
kstat_pkg      := jansson uuid libzstd ncursesw
kctl_pkg       := $(MSGPACK) jansson uuid
ktopic_pkg     := rdkafka $(MSGPACK) jansson uuid
kbroker_pkg    := rdkafka $(MSGPACK) uuid
kaudit_pkg     := rdkafka $(MSGPACK) jansson uuid sqlite3 libpq
kweb_pkg       := libmicrohttpd libzstd $(MSGPACK) jansson uuid
all_pkg        := rdkafka $(MSGPACK) uuid jansson inih sqlite3 libpq libzstd ncursesw libmicrohttpd

# --- flags -----------------------------------------------------------------------------------------------
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Wformat=2 \
            -Wmissing-prototypes -Wundef -Wwrite-strings $(if $(WERROR),-Werror)

# The hardening flags of the OpenSSF compiler guide, each probed once and remembered in $(B)/flags.mk.
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fno-delete-null-pointer-checks \
             -fno-strict-overflow -ftrivial-auto-var-init=zero -fPIE
HARDENING_LD := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed

OPTIMISE := $(if $(DEBUG),-O0 -g3,-O2 -g $(if $(SANITIZE),-fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2 -DNDEBUG))
SANITIZER := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)

-include $(B)/flags.mk
# libpq's headers are in a folder of their own on some systems.
CPPFLAGS += -I. $(shell pkg-config --cflags-only-I libpq 2>/dev/null) -D_GNU_SOURCE -DKSUPERVISE_VERSION='"$(VERSION)"' -MMD -MP
CPPFLAGS += $(if $(FAULTS),-DFAULTS)
CFLAGS   += -std=c11 -pthread $(WARNINGS) $(OPTIMISE) $(SANITIZER) $(PROBED_CFLAGS)
LDFLAGS  += -pthread $(SANITIZER) $(PROBED_LDFLAGS)
PKG       = $(shell pkg-config --libs $(1) 2>/dev/null)

# librdkafka allocates for every record in one thread and frees in another: an idle machine consumes 9 to 27 % more with mimalloc under it. In
# front of all other libraries, so that its malloc is everybody's; a sanitizer has an allocator of its own.
, := ,
MIMALLOC          := $(if $(SANITIZE),,$(if $(PROBED_MIMALLOC),-Wl$(,)--no-as-needed $(PROBED_MIMALLOC) -Wl$(,)--as-needed))
kproduce_allocator = $(MIMALLOC)
kconsume_allocator = $(MIMALLOC)

# The C library's headers have some functions inline (_FORTIFY_SOURCE); a test's stand-in for one uses the test's variables, which clang tells.
$(B)/obj/tests/%.o: CFLAGS += -Wno-static-in-inline

$(B)/flags.mk: Makefile
	@mkdir -p $(@D)
	@accepts() { echo 'int main(void){return 0;}' | $(CC) -Werror "$$@" -x c -o $(B)/probe - 2>/dev/null; }; \
	cflags=; for f in $(HARDENING); do accepts $$f && cflags="$$cflags $$f"; done; \
	ldflags=; for f in $(HARDENING_LD); do accepts -fPIE $$f && ldflags="$$ldflags $$f"; done; \
	mimalloc=; for f in "$$(pkg-config --libs mimalloc 2>/dev/null)" -lmimalloc; do [ -n "$$f" ] && accepts $$f && mimalloc=$$f && break; done; \
	[ -n "$$mimalloc$(SANITIZE)" ] || echo '  note  mimalloc is not there (tools/setup installs it): kconsume and kproduce run on the C library'"'"'s allocator'; \
	rm -f $(B)/probe; printf 'PROBED_CFLAGS := %s\nPROBED_LDFLAGS := %s\nPROBED_MIMALLOC := %s\n' "$$cflags" "$$ldflags" "$$mimalloc" > $@

# --- objects ---------------------------------------------------------------------------------------------
sources  = $(sort $(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c))
objects  = $(patsubst %.c,$(B)/obj/%.o,$(1))
common_o := $(call objects,$(call sources,common))
BINARIES := $(PROGRAMS:%=$(B)/bin/%) $(B)/bin/ktour

.PHONY: all
all: $(BINARIES)

$(B)/obj/%.o: %.c $(B)/flags.mk
	$(call say,cc,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# Everything but main.o goes into an archive, so that the tests link what the program links.
define archive
$(B)/lib$(1).a: $$(filter-out %/main.o,$$(call objects,$$(call sources,$(2)))) $$($(1)_more)
	$$(call say,ar,$$@)
	@mkdir -p $$(@D); rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
kweb_more  := $(B)/obj/gen/kweb_assets.o
kstat_more := $(B)/obj/gen/kstat_assets.o
$(eval $(call archive,common,common))
$(foreach p,$(PROGRAMS),$(eval $(call archive,$(p),$($(p)_dir))))

# common looks for a table that the program's archive has (common/asset.h).
TOGETHER = -Wl,--start-group $^ -Wl,--end-group

define program
$(B)/bin/$(1): $(B)/obj/$($(1)_dir)/main.o $(B)/lib$(1).a $(B)/libcommon.a
	$$(call say,ld,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(TOGETHER) $$($(1)_allocator) $$(call PKG,$($(1)_pkg)) -lm
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# --- what kweb serves as it is: the page, the schemas of its answers, and the libraries that were fetched (tools/web) ---------
PAGE_FILES := $(sort $(wildcard tools/kweb/page/*.html tools/kweb/page/*.css tools/kweb/page/*.js tools/kweb/page/*.svg))
WEB_FILES  := $(filter-out build/web/axe%,$(sort $(wildcard build/web/*)))
ASSETS     := schemas.json=tools/kweb/schemas.json $(foreach f,$(PAGE_FILES),page/$(notdir $(f))=$(f)) $(foreach f,$(WEB_FILES),assets/$(notdir $(f))=$(f))

REPORT     := report.html=$(B)/gen/report.html

# An object a program: ASSETS of kweb, the page as one file of kstat. Made anew when the list changes, too, and only then: by a rule that
# always runs, nothing would ever be up to date to make -n, by which tests/mutants sees what does not build.
ifneq ($(strip $(ASSETS)),$(strip $(shell cat $(B)/gen/kweb_assets.list 2>/dev/null)))
$(B)/gen/kweb_assets.list: FORCE
endif
$(B)/gen/kweb_assets.list:
	@mkdir -p $(@D)
	@echo '$(ASSETS)' > $@

$(B)/gen/report.html: tools/web/report $(B)/gen/kweb_assets.list $(PAGE_FILES) $(WEB_FILES)
	$(Q)tools/web/report $@ tools/kweb/page $(wildcard build/web/uPlot.iife.min.js) $(wildcard build/web/uPlot.min.css)

$(B)/gen/kweb_assets.c: tools/web/embed $(B)/gen/kweb_assets.list tools/kweb/schemas.json $(PAGE_FILES) $(WEB_FILES)
	$(call say,embed,$@)
	$(Q)tools/web/embed $@ $(B)/gen/kweb_assets $(ASSETS)

$(B)/gen/kstat_assets.c: tools/web/embed $(B)/gen/report.html
	$(call say,embed,$@)
	$(Q)tools/web/embed $@ $(B)/gen/kstat_assets $(REPORT)

# The workloads' schemas are part of it (.incbin), which the compiler's list of dependencies does not say.
$(B)/obj/common/record/schema_builtin.o: $(wildcard common/record/schemas/*.schema)

$(B)/obj/gen/%.o: $(B)/gen/%.c $(B)/flags.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

.PHONY: FORCE
FORCE:

# The same program on the C library's allocator, for make bench.
$(B)/bench/kconsume-glibc: $(B)/obj/consumer/main.o $(B)/libkconsume.a $(B)/libcommon.a
	$(call say,ld,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(call PKG,$(kconsume_pkg))

# ktour is a shell script: what its scenarios stand on, the scenarios, and its command line, one behind the other.
TOUR      := $(sort $(wildcard tools/ktour/scenarios/*.sh))
SCENARIOS := $(shell sed -n 's/^scenario \([a-z-]*\) .*/\1/p' $(TOUR))

$(B)/bin/ktour: tools/ktour/lib.sh $(TOUR) tools/ktour/main.sh
	$(call say,cat,$@)
	@mkdir -p $(@D)
	$(Q)cat $^ > $@.new && chmod 755 $@.new && mv $@.new $@

.PHONY: demo demo-all demo-ack $(SCENARIOS:%=demo-%)
demo: all ## what there is to learn: make demo-NAME shows it, make demo-all all of it
	$(Q)$(B)/bin/ktour --list

# Without other people's libraries charts and /docs say what is missing.
.PHONY: try-web-assets
try-web-assets:
	$(Q)command -v npm >/dev/null && tools/web/fetch page docs || true

demo-ack: try-web-assets ## two consumers that acknowledge independently, in a browser: http://127.0.0.1:8000/
	$(Q)tools/setup
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)exec $(B)/bin/ksupervise --clients A,B --workload messages --topic demo-topic --partitions 1 --commit manual --no-producer --http $(or $(HTTP),8000)

demo-all $(SCENARIOS:%=demo-%): all
	$(Q)$(B)/bin/ktour $(@:demo-%=%)

# --- unit tests: tests/<folder>/test_x.c tests <folder>/x.c -----------------------------------------------
UNIT_SOURCES := $(sort $(wildcard tests/common/test_*.c tests/common/*/test_*.c tests/consumer/test_*.c tests/consumer/*/test_*.c tests/consumer/*/*/test_*.c \
                tests/producer/test_*.c tests/supervisor/test_*.c tests/supervisor/*/test_*.c tests/tools/*/test_*.c tests/tools/*/*/test_*.c))
UNIT_TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(UNIT_SOURCES))
SUPPORT_O    := $(call objects,$(wildcard tests/support/*.c))
library_of    = $(foreach p,$(PROGRAMS),$(if $(filter tests/$($(p)_dir)/%,$(1)),$(B)/lib$(p).a))

define unit_test
$(B)/tests/$(1): $(B)/obj/tests/$(1).o $(SUPPORT_O) $(call library_of,tests/$(1).c) $(B)/libcommon.a
	$$(call say,ld,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$(TOGETHER) $$(call PKG,check $(all_pkg)) -lm
endef
$(foreach t,$(UNIT_SOURCES),$(eval $(call unit_test,$(patsubst tests/%.c,%,$(t)))))

# --- the simulated Kafka: the consumer's objects without librdkafka (tests/sim/README.md) -----------------------
SIM_O    := $(call objects,$(wildcard tests/sim/*.c))
SIM_WRAP := $(foreach f,malloc calloc realloc free strdup retry_record pthread_create pthread_join sem_wait,-Wl,--wrap=$(f))

$(B)/tests/sim/sim: $(SIM_O) $(B)/libkconsume.a $(B)/libcommon.a
	$(call say,ld,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(SIM_WRAP) -o $@ $^ $(call PKG,$(MSGPACK) uuid jansson)

.PHONY: sim
sim: $(B)/tests/sim/sim ## histories of a simulated Kafka for SIM_SECONDS (60); SEED=N tells one, SHORT=1 shortened
	$(Q)$< $(if $(SEED),--seed $(SEED) $(if $(SHORT),--short),--kept tests/sim/kept --seconds $(or $(SIM_SECONDS),60)) $(SIM_OPTIONS)

.PHONY: setup play test unit system web web-assets chaos mutants provision kafka kafka-stop bench lint fuzz format install uninstall clean help
setup:
	$(Q)tools/setup

unit:
	$(Q)tools/setup unit
	$(Q)$(MAKE) --no-print-directory build-tests
	$(Q)tests/run unit $(B)

system:
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/run system $(B)

test: ## set up, build, run the unit tests and the system tests on a real Kafka
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory -j2 build-tests
	$(Q)tests/run all $(B)

.PHONY: build-tests
build-tests: $(BINARIES) $(UNIT_TESTS)

web: web-assets ## the page in a real browser (Chromium), against an invented fleet and a real one
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)tests/run web $(B)

web-assets: ## fetch what the page uses of others (uPlot, Swagger UI) by npm into build/web, by checksum
	$(Q)tools/setup web
	$(Q)tools/web/fetch
	$(Q)$(MAKE) --no-print-directory all

play: ## set up, build, start two consumers and a producer; one Ctrl-C ends all
	$(Q)tools/setup
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)exec tools/play $(B)/bin

chaos: ## a fleet under random kills, stops, verbs and broker restarts for CHAOS_SECONDS (60)
	$(Q)tools/setup test
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)TEST_BUILD=$(B) CHAOS_SECONDS=$(or $(CHAOS_SECONDS),60) CHAOS_SEED=$(CHAOS_SEED) tests/chaos

mutants: ## plant small mistakes in FILES (consumer), N (14) in each, by SEED (1): which do the tests miss?
	$(Q)tools/setup test
	$(Q)tests/mutants $(if $(FILES),--files '$(FILES)') $(if $(N),--count $(N)) $(if $(SEED),--seed $(SEED))

provision: all ## make sure that the workloads' topics exist
	$(Q)$(B)/bin/ktopic provision

kafka: ## start a real Apache Kafka on loopback (KAFKA_BROKERS=3 for three)
	$(Q)tools/setup kafka
	$(Q)tools/kafka/start

kafka-stop: ## stop exactly what `make kafka` started
	$(Q)tools/kafka/stop

bench: ## measure against the field, on a real Kafka
	$(Q)tools/setup bench
	$(Q)$(MAKE) --no-print-directory -j2 all $(B)/bench/kconsume-glibc
	$(Q)tools/bench/run $(B)

lint: ## formatting, static analysis, headers alone, who includes whom, banned calls
	$(Q)tools/setup lint
	$(Q)tools/lint $(B)

format: ## rewrite the sources with clang-format
	$(Q)tools/setup format
	$(Q)git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

# --- fuzzers: tests/fuzz/fuzz_x.c (clang's libFuzzer), corpus in tests/fuzz/corpus/x ---------------------------
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

# The control socket's has the whole supervisor behind it, but no processes, no shared memory and no clock.
FUZZ_STANDINS := process_spawn process_signal process_kill_group process_reap process_abandon segment_next segment_unlink_all directory_create \
                 directory_set_bootstrap directory_close events_open clock_monotonic_us clock_wall_us
build/fuzz/fuzz_control: $(filter-out %/main.c,$(call sources,supervisor))
build/fuzz/fuzz_control: private FUZZ_LINK := $(FUZZ_STANDINS:%=-Wl,--wrap=%)

# A capture's has kstat behind it, and frames that fit into the memory that a fuzzer has.
build/fuzz/fuzz_capture: $(filter-out %/main.c,$(call sources,tools/kstat))
build/fuzz/fuzz_capture: private FUZZ_DEFINES := -DCAPTURE_BYTES_MAX=UINT64_C\(16777216\)

# HTTP's has kweb behind it, without connections and without what kweb serves as it is.
build/fuzz/fuzz_http: $(filter-out %/main.c,$(call sources,tools/kweb))

build/fuzz/%: tests/fuzz/%.c tests/fuzz/no_assets.c $(call sources,common)
	$(call say,fuzz,$@)
	@mkdir -p $(@D)
	$(Q)clang -I. -D_GNU_SOURCE -DKSUPERVISE_VERSION='"fuzz"' $(FUZZ_DEFINES) -std=c11 -pthread -g -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all $(FUZZ_LINK) -o $@ $^ $(call PKG,$(all_pkg)) -lm

fuzz: ## run the fuzzers for FUZZ_SECONDS each (default 20)
	$(Q)tools/setup fuzz
	$(Q)$(MAKE) --no-print-directory $(FUZZERS)
	$(Q)tests/fuzz/run $(FUZZERS)

install: all ## install programs, example, completion and systemd unit under PREFIX (/usr/local), below DESTDIR
	$(Q)install -d '$(DESTDIR)$(PREFIX)/bin'
	$(Q)install -m 755 $(BINARIES) '$(DESTDIR)$(PREFIX)/bin'
	$(Q)install -d '$(DESTDIR)$(EXAMPLES)'
	$(Q)install -m 644 tools/ksupervise.example.ini tools/kstat/kstat.schema.json '$(DESTDIR)$(EXAMPLES)'
	$(Q)install -d '$(DESTDIR)$(UNITS)'
	$(Q)sed 's|@PREFIX@|$(PREFIX)|g' 'tools/systemd/ksupervise@.service.in' > '$(DESTDIR)$(UNITS)/ksupervise@.service'
	$(Q)install -d '$(DESTDIR)$(SHARE)/bash-completion/completions' '$(DESTDIR)$(SHARE)/zsh/site-functions' \
	    '$(DESTDIR)$(SHARE)/fish/vendor_completions.d'
	$(Q)install -m 644 tools/completion/ksupervise.zsh '$(DESTDIR)$(SHARE)/zsh/site-functions/_ksupervise'
	$(Q)for p in $(notdir $(BINARIES)); do \
	    install -m 644 tools/completion/ksupervise.bash '$(DESTDIR)$(SHARE)/bash-completion/completions/'$$p && \
	    install -m 644 tools/completion/ksupervise.fish '$(DESTDIR)$(SHARE)/fish/vendor_completions.d/'$$p.fish || exit; done

uninstall: ## remove what install put there
	$(Q)rm -f $(foreach p,$(notdir $(BINARIES)),'$(DESTDIR)$(PREFIX)/bin/$(p)')
	$(Q)rm -f '$(DESTDIR)$(SHARE)/zsh/site-functions/_ksupervise' $(foreach p,$(notdir $(BINARIES)), \
	    '$(DESTDIR)$(SHARE)/bash-completion/completions/$(p)' '$(DESTDIR)$(SHARE)/fish/vendor_completions.d/$(p).fish')
	$(Q)rm -rf '$(DESTDIR)$(EXAMPLES)' '$(DESTDIR)$(UNITS)/ksupervise@.service'

clean: ## remove everything that was built (build/), but not a running Kafka's data
	$(Q)tools/clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
