# usher: make, make demo, make check, make install; make help lists the rest.
B      ?= build
CC     ?= gcc
CFLAGS ?= -O2 -g
V      ?= 0
Q      := $(if $(filter 0,$(V)),@)
say     = $(if $(filter 0,$(V)),@echo '  $(1)')

PKGS  := libvirt libmicrohttpd gnutls libnl-3.0 libnl-route-3.0 libxml-2.0 sqlite3 jansson libcurl libcap-ng libsystemd libpcap libisofs-1 nettle yaml-0.1 libzstd
ROOMS ?= core machine dhcpd tftpd httpd syslogd kickstart kickstart/lint kickstart/media guest guest/domain hooks hooks/power config \
         service service/base service/access service/api service/boot service/console service/discovery service/files service/follow service/guests service/logs service/media service/metal service/network service/operations service/packages \
         usher usher/cli usher/client usher/lab usher/probe contrib/discover contrib/write-image
WARN  := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
         -Wvla -Werror=implicit-function-declaration -Wformat=2 -Wpointer-arith -Wwrite-strings

ifdef SANITIZE
override B := $(patsubst %-san,%,$(B))-san
SAN    := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

# Hardening, as far as the compiler has it. It comes before CFLAGS and LDFLAGS, so that theirs is the last word.
# Left out under a sanitizer: FORTIFY, whose checks hide the sanitizer's own, and zeroed variables, which hide what it looks
# for. FORTIFY without optimisation is only a warning, so that the compiler is asked whether it optimises.
HARDEN_x86_64  := -fcf-protection=full
HARDEN_aarch64 := -mbranch-protection=standard
HARDEN_CODE     = -fstack-protector-strong -fstack-clash-protection $(HARDEN_$(firstword $(subst -, ,$(shell $(CC) -dumpmachine))))
HARDEN_PLAIN   := -ftrivial-auto-var-init=zero
HARDEN_LD      := -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
FORTIFY        := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3

# Only the goals that compile here ask pkg-config: the others must run where the libraries are not there yet.
BUILDING := $(filter-out deps lab-deps bench bench-% demo uninstall clean help format check check-% fuzz fuzz-keep,$(or $(MAKECMDGOALS),all))
ifneq ($(BUILDING),)
ifneq ($(shell pkg-config --exists $(PKGS) && echo yes),yes)
$(error libraries are missing ($(PKGS)): `make deps` installs them on Debian)
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS))

# compiles FLAGS: FLAGS where the compiler takes them, and OPTIMISES where it optimises with them and CFLAGS.
compiles = $(shell $(CC) $(1) $(CFLAGS) -Werror -E -dM -x c /dev/null 2>/dev/null | \
	awk '/__OPTIMIZE__/ { o = "OPTIMISES" } END { if (NR) print "$(1)", o }')
SANITIZED := $(findstring -fsanitize,$(CFLAGS) $(SAN))
WANTED    := $(HARDEN_CODE) $(if $(SANITIZED),,$(HARDEN_PLAIN))
# All at once, which is one call; one by one for a compiler that does not know them all.
PROBED    := $(or $(call compiles,$(WANTED)),$(foreach f,$(WANTED),$(call compiles,$(f))))
HARDEN    := $(filter-out OPTIMISES,$(PROBED)) \
             $(if $(or $(SANITIZED),$(findstring _FORTIFY_SOURCE,$(CFLAGS))),,$(if $(filter OPTIMISES,$(PROBED)),$(FORTIFY)))
endif

prefix  ?= /usr/local
# Where systemd looks, whatever the prefix is.
unitdir ?= /lib/systemd/system
VERSION := $(shell cat VERSION)
ALL_CFLAGS  = -std=gnu11 $(WARN) $(HARDEN) $(CFLAGS) $(SAN) -fPIE -D_GNU_SOURCE -DUSHER_VERSION='"$(VERSION)"' \
              -I. -pthread $(PKG_CFLAGS)
ALL_LDFLAGS = -pie -pthread $(SAN) $(HARDEN_LD) $(LDFLAGS)
LIBS        = $(PKG_LIBS) -lcrypt -lm

LIB_SRC  := $(filter-out usher/main.c contrib/discover/main.c contrib/write-image/main.c,$(foreach r,$(ROOMS),$(wildcard $(r)/*.c)))
MAIN_SRC := usher/main.c
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/obj/%.o)
MAIN_OBJ := $(MAIN_SRC:%.c=$(B)/obj/%.o)
UNIT     := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ     := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all check check-unit check-fuzz check-labs check-long fuzz fuzz-keep bench bench-deps demo screenshots deps lab-deps format static install uninstall clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: $(B)/usher

$(B)/usher: $(MAIN_OBJ) $(B)/libusher.a
	$(call say,LD    $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/libusher.a: $(LIB_OBJ)
	$(call say,AR    $@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: %.c Makefile
	$(call say,CC    $<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The linter's tables of kickstart commands, as C.
$(B)/gen/ks_table.inc: kickstart/lint/kickstart-commands.tsv kickstart/lint/kickstart-sections.tsv
	$(call say,GEN   $@)
	$(Q)mkdir -p $(@D)
	$(Q)awk -F '\t' '!/^#/ { n = split($$1, c, " "); gsub(/[A-Z0-9]+/, "KS_&", $$2); gsub(/ /, "|", $$2); \
		for (i = 1; i <= n; i++) printf "{\"%s\", %s, KS_%s, \"%s\"},\n", c[i], $$2, toupper($$3), $$4 }' $^ >$@
$(B)/obj/kickstart/lint/ks_commands.o: $(B)/gen/ks_table.inc
$(B)/obj/kickstart/lint/ks_commands.o: ALL_CFLAGS += -I$(B)/gen

# The API's document, as bytes.
$(B)/gen/openapi.inc: service/api/openapi.json
	$(call say,GEN   $@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/^ *//' $< | tr -d '\n' | od -An -v -tx1 | sed 's/ \(..\)/0x\1,/g' >$@
$(B)/obj/service/api/openapi.o: $(B)/gen/openapi.inc
$(B)/obj/service/api/openapi.o: ALL_CFLAGS += -I$(B)/gen

# Where it is installed is known in one place, which is compiled again when that changes.
$(B)/gen/prefix: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(prefix)' | cmp -s - $@ || echo '$(prefix)' >$@
$(B)/obj/config/paths.o: $(B)/gen/prefix
$(B)/obj/config/paths.o: ALL_CFLAGS += -DUSHER_DATA='"$(prefix)/share/usher"'

# What `usher version` says that it was built with; asked only when that is compiled.
$(B)/obj/usher/cli/cmd_version.o: ALL_CFLAGS += -DUSHER_LIBRARIES='"$(foreach p,$(PKGS),$(p) $(shell pkg-config --modversion $(p)))"'

# Unit tests: check(3), one program a file.
$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(B)/libusher.a
	$(call say,LD    $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $$(pkg-config --libs check) $(LIBS)

# Fuzzers replay their corpora in `make check`; `make fuzz` builds them with libFuzzer.
$(B)/tests/fuzz/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/fuzz/replay.o $(B)/libusher.a
	$(call say,LD    $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# What labs run of our own code; their other programs are compiled by the labs themselves.
LAB := $(B)/tests/lab/volumes $(B)/tests/lab/domains $(B)/tests/lab/forger $(B)/tests/lab/wire6 $(B)/tests/lab/redfish_do $(B)/tests/lab/routes
$(LAB): $(B)/tests/lab/%: $(B)/obj/tests/lab/%.o $(B)/libusher.a
	$(call say,LD    $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# What the benches run of our own code.
BENCH := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(wildcard tests/bench/bench_*.c))
$(B)/tests/bench/bench_%: $(B)/obj/tests/bench/bench_%.o $(B)/libusher.a
	$(call say,LD    $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
benches-built: all $(BENCH)

check: lab-deps
	$(Q)B=$(B) MAKE="$(MAKE)" SANITIZE="$(SANITIZE)" tests/run unit fuzz lab

check-unit:
	$(Q)B=$(B) MAKE="$(MAKE)" SANITIZE="$(SANITIZE)" tests/run unit fuzz

check-labs:
	$(Q)B=$(B) MAKE="$(MAKE)" SANITIZE="$(SANITIZE)" tests/run lab

check-long: lab-deps
	$(Q)B=$(B) MAKE="$(MAKE)" SANITIZE="$(SANITIZE)" tests/run unit fuzz lab long

tests-built: all $(UNIT) $(FUZZ) $(LAB)

# make fuzz: each fuzzer (or those of FUZZERS) for SECONDS under libFuzzer with sanitizers, one after another. What it
# finds lies in build-fuzz/found; `make fuzz-keep` adds what reaches new code to the corpora.
SECONDS ?= 60
FUZZERS ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	$(Q)$(MAKE) --no-print-directory B=build-fuzz CC=clang \
		CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-gnu-zero-variadic-macro-arguments" \
		build-fuzz/libusher.a $(FUZZERS:%=build-fuzz/obj/tests/fuzz/fuzz_%.o)
	$(Q)for f in $(FUZZERS); do \
		clang -fsanitize=fuzzer,address,undefined -pthread -o build-fuzz/fuzz_$$f \
			build-fuzz/obj/tests/fuzz/fuzz_$$f.o build-fuzz/libusher.a $$(pkg-config --libs $(PKGS)) -lcrypt -lm && \
		mkdir -p build-fuzz/found/$$f tests/fuzz/corpus/$$f && \
		build-fuzz/fuzz_$$f -max_total_time=$(SECONDS) -timeout=5 -artifact_prefix=build-fuzz/ \
			build-fuzz/found/$$f tests/fuzz/corpus/$$f || exit 1; done
fuzz-keep:
	$(Q)for f in $(FUZZERS); do \
		build-fuzz/fuzz_$$f -merge=1 -use_counters=0 tests/fuzz/corpus/$$f build-fuzz/found/$$f || exit 1; \
		for x in $$(ls tests/fuzz/corpus/$$f | grep -xE '[0-9a-f]{40}'); do \
			mv tests/fuzz/corpus/$$f/$$x tests/fuzz/corpus/$$f/found-$$(echo $$x | cut -c1-8); done; done

# What the build and the labs need, from Debian's archive; nothing is done when all of it is there.
deps:
	$(Q)contrib/deps build
lab-deps:
	$(Q)contrib/deps build lab
bench-deps:
	$(Q)contrib/deps build bench

# Speed, side by side with peers that are installed for it; figures go to $(B)/bench.tsv. Root.
bench:
	$(Q)for b in dhcp dhcp6 tftp http storm latency scale page render guests image; do $(MAKE) --no-print-directory bench-$$b || exit 1; done
bench-%: bench-deps
	$(Q)$(MAKE) --no-print-directory benches-built
	$(Q)B=$(B) tests/bench/bench_$*.sh

demo:
	$(Q)contrib/demo

# The pictures of the web page in doc/. Root.
screenshots: lab-deps all
	$(Q)tests/lab/screenshots

format:
	$(Q)git ls-files -co --exclude-standard '*.[ch]' | xargs -r clang-format -i

# Static programs for machines. They need archives that a host may lack: that shows before anything is installed.
static:
	contrib/discover/compile $(B)/static
	contrib/write-image/compile $(B)/static

# All modes are said, as root's umask may be 077.
install: all static
	install -D -m 755 $(B)/usher $(DESTDIR)$(prefix)/bin/usher
	for p in kickstart/profiles/*/; do n=$$(basename $$p); \
		install -D -m 644 -t $(DESTDIR)$(prefix)/share/usher/profiles/$$n $$p*; done
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/usher/partials kickstart/partials/*
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/usher kickstart/profile.rng usher/lab/lab.rng usher/lab/list.rng machine/rules.rng contrib/rules.xml
	cp -r contrib/tiny contrib/fai contrib/template-vm contrib/prometheus $(DESTDIR)$(prefix)/share/usher/
	cd $(DESTDIR)$(prefix)/share/usher && chmod -R u=rwX,go=rX tiny fai template-vm prometheus
	install -D -m 755 -t $(DESTDIR)$(prefix)/share/usher/tiny $(B)/static/write-image
	install -D -m 755 -t $(DESTDIR)$(prefix)/share/usher/discover contrib/discover/build contrib/discover/init $(B)/static/discover
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/usher/discover contrib/discover/README
	install -D -m 755 -t $(DESTDIR)$(prefix)/share/usher contrib/power-libvirt contrib/usher-inventory
	cd web && find . -type f -exec install -D -m 644 {} $(abspath $(DESTDIR)$(prefix))/share/usher/web/{} \;
	install -D -m 644 contrib/usher.xml $(DESTDIR)$(prefix)/share/usher/usher.xml
	install -D -m 644 usher/usher.1 $(DESTDIR)$(prefix)/share/man/man1/usher.1
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/man/man5 usher/usher.xml.5 usher/usher-lab.5 usher/usher-list.5 usher/usher-rules.5 kickstart/usher-profile.5
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/man/man7 usher/usher-api.7 kickstart/usher-profiles.7
	sed 's|/usr/local|$(prefix)|' contrib/usher.service >$(B)/gen/usher.service
	install -D -m 644 -t $(DESTDIR)$(unitdir) $(B)/gen/usher.service
	install -D -m 644 contrib/usher.sysusers $(DESTDIR)/usr/lib/sysusers.d/usher.conf
	install -D -m 644 contrib/usher.bash-completion \
		$(DESTDIR)$(prefix)/share/bash-completion/completions/usher
	install -D -m 644 contrib/usher.zsh-completion $(DESTDIR)$(prefix)/share/zsh/site-functions/_usher
	install -D -m 644 contrib/usher.fish $(DESTDIR)$(prefix)/share/fish/vendor_completions.d/usher.fish

# What install put there, and nothing of the site's: /etc/usher, the state folder and the user stay.
uninstall:
	rm -f $(DESTDIR)$(prefix)/bin/usher $(DESTDIR)$(prefix)/share/man/man1/usher.1 \
		$(addprefix $(DESTDIR)$(prefix)/share/man/man5/,usher.xml.5 usher-lab.5 usher-list.5 usher-rules.5 usher-profile.5) \
		$(addprefix $(DESTDIR)$(prefix)/share/man/man7/,usher-api.7 usher-profiles.7) \
		$(DESTDIR)$(unitdir)/usher.service $(DESTDIR)/usr/lib/sysusers.d/usher.conf \
		$(DESTDIR)$(prefix)/share/bash-completion/completions/usher \
		$(DESTDIR)$(prefix)/share/zsh/site-functions/_usher \
		$(DESTDIR)$(prefix)/share/fish/vendor_completions.d/usher.fish
	rm -rf $(DESTDIR)$(prefix)/share/usher

clean:
	rm -rf $(B)/obj $(B)/gen $(B)/static $(B)/tests $(B)/usher $(B)/libusher.a $(B)-san build-fuzz

help:
	@echo 'make             build $(B)/usher            make V=1           show the commands'
	@echo 'make demo        the tour: a lab, a guest, an install, nothing left behind'
	@echo 'make check       all tests: unit, fuzz corpora, labs (root; installs what it needs)'
	@echo 'make check-unit  without the labs            make SANITIZE=address,undefined check'
	@echo 'make check-long  and labs that take their time (LABS=long_durable: that one)'
	@echo 'make fuzz        libFuzzer, SECONDS=60 each, all or FUZZERS="dhcp_wire dhcp_policy"; make fuzz-keep keeps finds'
	@echo 'make format      clang-format                make screenshots   of the web page, into doc/'
	@echo 'make bench       side by side with peers: bench-dhcp, -dhcp6, -tftp, -http, -storm, -latency, -scale, -page, -render, -guests, -image; BENCH_QUICK=1: short ones'
	@echo 'make install     prefix=$(prefix) unitdir=$(unitdir) DESTDIR=; make uninstall: the same places'
	@echo 'make deps        apt-get what is missing'

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
