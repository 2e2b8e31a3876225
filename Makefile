# SPDX-License-Identifier: GPL-2.0-or-later
# One makefile for everything; `make help` lists the targets.
.DEFAULT_GOAL := all
SHELL := /bin/bash

BUILD ?= build
PREFIX ?= /usr
DESTDIR ?=
SAN ?=
CC := gcc

PKGS := fuse3 liburing gnutls libqb libcpg libquorum libcmap libcfg libvotequorum libvirt libxxhash
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough -Wnull-dereference
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CPPFLAGS += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DFUSE_USE_VERSION=312 -Ireplicator -I. -MMD -MP
CFLAGS += -std=gnu11 -O2 -g $(WARN)
LDFLAGS += -Wl,--as-needed
ifneq ($(SAN),)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
else
CFLAGS += $(HARDEN)
LDFLAGS += -pie -Wl,-z,relro,-z,now
endif
ifeq ($(filter deps clean help,$(MAKECMDGOALS)),)
ifeq ($(shell pkg-config --exists $(PKGS) cmocka && echo yes),yes)
CPPFLAGS += $(shell pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')
endif
endif

# ---- what is built ------------------------------------------------------------------------------
LIB_SRC := $(wildcard replicator/base/*.c replicator/core/*.c replicator/wire/*.c replicator/io/*.c) \
	replicator/ctl/client.c
MASTER_SRC := $(wildcard replicator/daemon/master/*.c)
WORKER_SRC := $(wildcard replicator/daemon/worker/*.c)
FENCEWATCH_SRC := $(wildcard replicator/daemon/fencewatch/*.c)
WITNESS_SRC := $(wildcard replicator/daemon/witness/*.c)
VMDOWN_SRC := $(wildcard replicator/daemon/vmdown/*.c)
CTL_SRC := $(filter-out replicator/ctl/client.c,$(wildcard replicator/ctl/*.c))
RA_COMMON_SRC := $(filter-out ra/mirror.c ra/vm%.c,$(wildcard ra/*.c))
FENCE_AGENT_SRC := $(wildcard stonith/*.c)
CONFIG_PURE_SRC := $(addprefix crm-config/,corosync_conf.c cib.c check_timing.c check_operations.c check_failover.c check_quorum.c check_fencing.c check_devices.c emit_drbd.c preflight_facts.c preflight_digest.c preflight_parse.c preflight_names.c \
	preflight_check.c preflight_check_net.c preflight_check_vm.c preflight_check_needs.c preflight_check_drbd.c preflight_drbd.c)
SAFEKIT_SRC := $(wildcard crm-config/safekit*.c)
CONFIG_SRC := $(wildcard crm-config/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
TOOL_SRC := $(wildcard tests/tools/*.c)
GUEST_SRC := tests/guest/oracle.c

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB := $(BUILD)/libvmtwin.a
PROGRAMS := $(if $(MASTER_SRC),$(BUILD)/vmtwind) $(if $(WORKER_SRC),$(BUILD)/vmtwin-worker) \
	$(if $(FENCEWATCH_SRC),$(BUILD)/vmtwin-fencewatch) $(BUILD)/vmtwin-witness $(if $(VMDOWN_SRC),$(BUILD)/vmtwin-vmdown) $(if $(CTL_SRC),$(BUILD)/vmtwin) \
	$(if $(wildcard ra/mirror.c),$(BUILD)/ra/mirror) $(if $(wildcard ra/vm.c),$(BUILD)/ra/vm) \
	$(if $(CONFIG_SRC),$(BUILD)/vmtwin-config) $(BUILD)/fence_vmtwin
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SRC))
TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(TOOL_SRC))

.PHONY: all help clean
all: $(PROGRAMS)

help:
	@echo 'all          build everything into $(BUILD)/'
	@echo 'deps         install what build and tests need (apt), without starting services'
	@echo 'demo         two hosts, a real VM, a power cut, nothing lost: about three minutes'
	@echo 'check        all tests in their short form'
	@echo 'check-unit check-san check-valgrind check-sim check-model check-ocf check-ctl check-config check-import check-dp lint fuzz check-lab-self'
	@echo 'check-lab check-iso check-lab-xfs check-watchdog check-plan   its parts'
	@echo 'bench        raw disk, dual write and vmtwin side by side'
	@echo 'soak-cuts    20 power cuts of the primary, 10 of the secondary'
	@echo 'soak-lab     every row of docs/FAILURE-MODES.md on the real stack, in its long form: hours'
	@echo 'soak-drbd    a unit on DRBD: two machines of QEMU with the kernel module, cuts and failovers'
	@echo 'soak-isolation  every isolation of docs/FENCING.md, both ways round, with default times: hours'
	@echo 'soak-sim     a million simulated lives, and the deliberate faults (docs/SIMULATION.md)'
	@echo 'check-model  every state of the decision core within bounds; MUTATE=all: its deliberate faults'
	@echo 'soak-model   the same with larger bounds, and all faults'
	@echo 'install uninstall   honour DESTDIR and PREFIX'

V ?=
Q := $(if $(V),,@)
$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(LIB): $(call obj,$(LIB_SRC))
	@rm -f $@
	$(Q)ar rcs $@ $^

WORKER_LIBS := $(shell pkg-config --libs fuse3 liburing gnutls libxxhash 2>/dev/null)
MASTER_LIBS := $(shell pkg-config --libs libqb libcpg libquorum libcmap libcfg libvotequorum libcorosync_common 2>/dev/null)
FENCE_CFLAGS := $(shell pkg-config --cflags pacemaker-fencing pacemaker glib-2.0 libxml-2.0 2>/dev/null | sed 's/-I/-isystem /g') -isystem /usr/include/pacemaker
FENCE_LIBS := -lstonithd -lcrmcommon $(shell pkg-config --libs glib-2.0 2>/dev/null)
ALL_LIBS := $(WORKER_LIBS) $(MASTER_LIBS)

XML_LIBS := $(shell pkg-config --libs libxml-2.0 2>/dev/null)
XML_CFLAGS := $(shell pkg-config --cflags libxml-2.0 2>/dev/null | sed 's/-I/-isystem /g')
$(call obj,$(FENCEWATCH_SRC)): CPPFLAGS += $(FENCE_CFLAGS)
$(call obj,$(CONFIG_SRC)): CPPFLAGS += $(XML_CFLAGS)

$(BUILD)/vmtwind: $(call obj,$(MASTER_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(MASTER_LIBS)
$(BUILD)/vmtwin-worker: $(call obj,$(WORKER_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)
$(BUILD)/vmtwin-fencewatch: $(call obj,$(FENCEWATCH_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(FENCE_LIBS)
$(BUILD)/vmtwin-witness: $(call obj,$(WITNESS_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
$(BUILD)/vmtwin-vmdown: $(call obj,$(VMDOWN_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lvirt
$(BUILD)/vmtwin: $(call obj,$(CTL_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(MASTER_LIBS)
$(BUILD)/vmtwin-config: $(call obj,$(CONFIG_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(XML_LIBS) -lvirt $(MASTER_LIBS)
$(BUILD)/ra/mirror: $(call obj,ra/mirror.c $(RA_COMMON_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lqb
$(BUILD)/ra/vm: $(call obj,$(wildcard ra/vm*.c) $(RA_COMMON_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lqb -lvirt
$(BUILD)/fence_vmtwin: $(call obj,$(FENCE_AGENT_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lqb

$(BUILD)/tests/unit/test_fence_options: $(call obj,stonith/options.c)
PREFLIGHT_TESTS := $(filter $(BUILD)/tests/unit/test_preflight%,$(UNIT_TESTS))
$(BUILD)/tests/unit/test_check_timing $(BUILD)/tests/unit/test_corosync_conf $(PREFLIGHT_TESTS): $(call obj,$(CONFIG_PURE_SRC))
$(PREFLIGHT_TESTS): $(call obj,tests/unit/preflight_host.c)
$(BUILD)/obj/tests/unit/test_preflight_drbd.o: CPPFLAGS += $(XML_CFLAGS)
MODEL_SRC := crm-config/model.c crm-config/model_fence.c crm-config/model_fit.c
$(BUILD)/tests/unit/test_preflight_drbd: $(call obj,$(MODEL_SRC))
$(BUILD)/tests/unit/test_preflight_read: $(call obj,crm-config/preflight_domain.c crm-config/preflight_needs.c)
$(BUILD)/tests/unit/test_preflight_needs: $(call obj,crm-config/preflight_domain.c crm-config/preflight_needs.c crm-config/preflight_gather_needs.c)
MERGE_SRC := $(addprefix crm-config/,merge.c merge_resource.c clash.c ruled.c nvset.c owned.c normal.c cib_tree.c cib.c)
$(BUILD)/tests/unit/test_merge: $(call obj,$(MERGE_SRC))
$(BUILD)/obj/tests/unit/test_merge.o: CPPFLAGS += $(XML_CFLAGS)
$(BUILD)/tests/unit/test_safekit_map: $(call obj,$(SAFEKIT_SRC) $(MODEL_SRC) crm-config/cib.c)
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) -lcmocka $(ALL_LIBS) $(XML_LIBS)
$(BUILD)/obj/tests/tools/cib-normal.o: CPPFLAGS += $(XML_CFLAGS)
$(BUILD)/tests/cib-normal: $(BUILD)/obj/tests/tools/cib-normal.o $(call obj,crm-config/normal.c crm-config/cib_tree.c crm-config/cib.c) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(XML_LIBS)
$(BUILD)/tests/%: $(BUILD)/obj/tests/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(ALL_LIBS)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- install ------------------------------------------------------------------------------------
.PHONY: install uninstall
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/libexec/vmtwin \
		$(DESTDIR)$(PREFIX)/lib/ocf/resource.d/vmtwin $(DESTDIR)/etc/vmtwin/units
	install -m 755 $(BUILD)/vmtwind $(BUILD)/vmtwin $(BUILD)/vmtwin-config $(BUILD)/fence_vmtwin $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(BUILD)/vmtwin-worker $(BUILD)/vmtwin-fencewatch $(BUILD)/vmtwin-witness $(BUILD)/vmtwin-vmdown \
		$(DESTDIR)$(PREFIX)/libexec/vmtwin/
	install -d $(DESTDIR)/lib/systemd/system
	install -m 644 packaging/vmtwind.service $(DESTDIR)/lib/systemd/system/
	install -m 755 $(BUILD)/ra/mirror $(BUILD)/ra/vm $(DESTDIR)$(PREFIX)/lib/ocf/resource.d/vmtwin/
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,sbin/vmtwind sbin/vmtwin sbin/vmtwin-config sbin/fence_vmtwin libexec/vmtwin/vmtwin-worker \
		libexec/vmtwin/vmtwin-fencewatch libexec/vmtwin/vmtwin-witness libexec/vmtwin/vmtwin-vmdown lib/ocf/resource.d/vmtwin/mirror lib/ocf/resource.d/vmtwin/vm) \
		$(DESTDIR)/lib/systemd/system/vmtwind.service

clean:
	rm -rf $(BUILD)

# ---- unit tests and the agents' contract tests ----------------------------------------------------
UNIT_TEST_LIMIT_S := 120
.PHONY: check-unit check-ocf
check-unit: $(UNIT_TESTS)
	@passed=0; failed=0; for t in $(UNIT_TESTS); do \
		if timeout $(UNIT_TEST_LIMIT_S) $$t >$$t.log 2>&1; then passed=$$((passed + 1)); \
		else failed=$$((failed + 1)); echo "FAILED $$t"; cat $$t.log; fi; \
	done; echo "unit tests: $$passed programs passed, $$failed failed"; test $$failed = 0
check-ocf: $(BUILD)/ra/mirror $(BUILD)/ra/vm $(BUILD)/fence_vmtwin $(BUILD)/tests/ctl-standin
	ocf-tester/run $(abspath $(BUILD))

# ---- simulation of the decision core (docs/SIMULATION.md) -------------------------------------------
SIM_SEEDS ?= 20000
SIM_SRC := $(wildcard tests/sim/*.c)
STORIES := $(filter $(BUILD)/tests/unit/test_core_%,$(UNIT_TESTS))
$(STORIES) $(BUILD)/tests/unit/test_advice: $(call obj,$(filter-out tests/sim/main.c,$(SIM_SRC)))
.PHONY: check-sim
$(BUILD)/tests/sim: $(call obj,$(SIM_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
check-sim: $(BUILD)/tests/sim
	$(BUILD)/tests/sim --seeds $(SIM_SEEDS) --coverage
.PHONY: soak-sim
soak-sim: $(BUILD)/tests/sim
	$(BUILD)/tests/sim --seeds 1000000
	BUILD=$(BUILD) tests/mutants/run sim

# ---- the model: exhaustive exploration of the decision core ---------------------------------------
# MUTATE=all, or third: the core's deliberate faults, each must be found.
MODEL_SRC := $(wildcard tests/model/*.c)
MUTATE ?=
SOAK_SCOPE_S ?= 200
.PHONY: check-model soak-model check-mutants check-mutants-config
$(BUILD)/tests/model: $(call obj,$(MODEL_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
check-model: $(BUILD)/tests/model
	@while read -r trace what; do $(BUILD)/tests/model --replay $$trace >$(BUILD)/tests/model.found || \
		{ echo "FAILED: again: $$what"; exit 1; }; done <tests/model/found
	$(if $(MUTATE),BUILD=$(BUILD) tests/mutants/run model $(if $(filter third,$(MUTATE)),--third 0),$(BUILD)/tests/model -j 2)
check-mutants: $(BUILD)/tests/model
	BUILD=$(BUILD) tests/mutants/run model --third 0
check-mutants-config: $(BUILD)/tests/unit/test_merge
	BUILD=$(BUILD) tests/mutants/run config
soak-model: $(BUILD)/tests/model
	$(BUILD)/tests/model --soak --partial --seconds $(SOAK_SCOPE_S) --mib 3072 -j 2
	BUILD=$(BUILD) tests/mutants/run model

# ---- fuzzing: every decoder against any bytes ------------------------------------------------------
FUZZ_SECONDS ?= 10
.PHONY: fuzz
fuzz:
	@BUILD=$(BUILD) tests/fuzz/run -t $(FUZZ_SECONDS)

# ---- the command's tests, manual pages ------------------------------------------------------------
MAN := $(patsubst docs/man/%.scd,$(BUILD)/man/%,$(wildcard docs/man/*.scd))
.PHONY: check-ctl check-config check-plan check-import man install-man uninstall-man
check-ctl: $(BUILD)/vmtwin $(BUILD)/tests/ctl-replay
	tests/ctl/run.sh $(BUILD)
check-config: $(BUILD)/vmtwin-config
	tests/config/run.sh $(abspath $(BUILD))
check-plan: $(BUILD)/vmtwin-config $(BUILD)/tests/cib-normal $(BUILD)/ra/mirror $(BUILD)/ra/vm $(BUILD)/fence_vmtwin
	tests/plan/run.sh $(abspath $(BUILD))
check-import: $(BUILD)/vmtwin-config
	tests/import/run.sh $(abspath $(BUILD))
$(BUILD)/man/%: docs/man/%.scd
	@mkdir -p $(@D)
	scdoc <$< >$@.new && mv $@.new $@
man: $(MAN)
install: $(if $(MAN),install-man)
install-man: man
	install -d $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 $(filter %.5,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 $(filter %.8,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man8/
uninstall: uninstall-man
uninstall-man:
	rm -f $(patsubst $(BUILD)/man/%.5,$(DESTDIR)$(PREFIX)/share/man/man5/%.5,$(filter %.5,$(MAN))) \
		$(patsubst $(BUILD)/man/%.8,$(DESTDIR)$(PREFIX)/share/man/man8/%.8,$(filter %.8,$(MAN)))

# ---- the lab: two hosts on this machine -------------------------------------------------------------
TREE := $(BUILD)/tree
.PHONY: lab-tree guest lab-tools check-lab check-iso check-iso-device check-iso-plain check-lab-self check-lab-xfs soak-cuts soak-lab soak-drbd soak-isolation soak-iso-random soak-iso-scenarios
# Made anew only if something is newer: labs side by side copy it.
lab-tree: $(TREE).made
$(TREE).made: $(PROGRAMS) $(MAN) packaging/vmtwind.service Makefile
	@$(MAKE) --no-print-directory -s install DESTDIR=$(TREE)
	@touch $@
guest: $(BUILD)/guest/type
$(BUILD)/guest/type: $(wildcard tests/guest/*)
	tests/guest/build $(BUILD)/guest
	@tests/guest/probe-kvm $(BUILD)/guest >$@.new && mv $@.new $@
# Programs of "another release": the same but for the version of one protocol.
LAB_TOOLS := $(BUILD)/lab-tools
OTHER_SRC := replicator/wire/coremsg.c replicator/wire/hello.c replicator/wire/group.c replicator/io/link_connect.c
other_obj = $(patsubst %.c,$(LAB_TOOLS)/$(1)/%.o,$(OTHER_SRC))
define other_version
$(LAB_TOOLS)/$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CPPFLAGS) -D$(2)=99 $$(CFLAGS) -c -o $$@ $$<
endef
$(eval $(call other_version,core,VX_VERSION))
$(eval $(call other_version,link,VF_VERSION))
$(eval $(call other_version,group,VG_VERSION))
$(LAB_TOOLS)/worker-core: $(call other_obj,core)
$(LAB_TOOLS)/worker-link: $(call other_obj,link)
$(LAB_TOOLS)/worker-core $(LAB_TOOLS)/worker-link: $(call obj,$(WORKER_SRC)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter $(LAB_TOOLS)/%,$^) $(filter-out $(LAB_TOOLS)/%,$^) $(WORKER_LIBS)
$(LAB_TOOLS)/vmtwind-group: $(call obj,$(MASTER_SRC)) $(LAB_TOOLS)/group/replicator/wire/group.o $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(MASTER_LIBS)
$(LAB_TOOLS)/%.so: tests/lab/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -D_GNU_SOURCE -shared -fPIC -o $@ $< -ldl
lab-tools: $(LAB_TOOLS)/worker-core $(LAB_TOOLS)/worker-link $(LAB_TOOLS)/vmtwind-group $(LAB_TOOLS)/clockshift.so $(LAB_TOOLS)/softdog.so
check-lab: lab-tree guest
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run $(LAB_TESTS)
# Isolation in two halves, which run side by side: with a quorum device, and without.
ISO_DEVICE := iso_qdevice iso_vote iso_agent iso_other iso_random
ISO_PLAIN := iso_power iso_rings iso_witness iso_unfenced
check-iso-device: lab-tree guest lab-tools
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run $(ISO_DEVICE)
check-iso-plain: lab-tree guest lab-tools
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run $(ISO_PLAIN)
check-iso: check-iso-device check-iso-plain
# With default times: the 50 random rounds take as long as all the rest, so they run beside it.
soak-isolation: lab-tree guest lab-tools
	@$(MAKE) --no-print-directory -j2 soak-iso-random soak-iso-scenarios
soak-iso-random: lab-tree guest lab-tools
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run --soak --token 3000 iso_random
soak-iso-scenarios: lab-tree guest lab-tools
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run --soak --token 3000 $(filter-out iso_random,$(ISO_DEVICE) $(ISO_PLAIN))
check-lab-self: guest
	@GUEST=$(abspath $(BUILD)/guest) tests/lab/selftest ext4
check-lab-xfs: lab-tree guest
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run --fs xfs failover both_off
soak-cuts: lab-tree guest
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run --soak failover
# DRBD needs its kernel module: two machines of QEMU have it.
soak-drbd: lab-tree guest $(BUILD)/vmtwin-config
	@tests/drbd/run $(abspath $(BUILD))
soak-lab: lab-tree guest lab-tools
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/run --soak $(LAB_TESTS)

# ---- the watchdog on a real kernel ------------------------------------------------------------------
.PHONY: check-watchdog
$(BUILD)/watchdog-guest: tests/watchdog/guest.c replicator/io/watchdog.c replicator/io/watchdog.h replicator/base/log.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -D_GNU_SOURCE -Ireplicator -I. -static -o $@ $(filter %.c,$^)
check-watchdog: $(BUILD)/watchdog-guest guest
	@tests/watchdog/run $(BUILD)

# ---- lint: all shell, all C ---------------------------------------------------------------------------
SHELL_FILES = $(shell grep -rIlE '^.!/bin/(ba)?sh|^. shellcheck shell=' packaging tests ocf-tester crm-config .ci)
LINT_SRC := $(wildcard replicator/*/*.c replicator/*/*/*.c ra/*.c stonith/*.c crm-config/*.c tests/*/*.c)
LINT_FLAGS = -std=gnu11 $(filter-out -MMD -MP,$(CPPFLAGS)) $(FENCE_CFLAGS)
LINT_HEADERS := $(wildcard replicator/*/*.h replicator/*/*/*.h ra/*.h stonith/*.h crm-config/*.h tests/*/*.h)
.PHONY: lint lint-shell lint-cppcheck lint-tidy
lint: lint-shell lint-cppcheck lint-tidy
lint-shell:
	shellcheck -x -P SCRIPTDIR $(SHELL_FILES)
	shellcheck -s sh tests/guest/init.in
lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --enable=warning,portability,performance --inline-suppr --std=c11 -j2 \
		--suppress=missingIncludeSystem --suppress=legacyUninitvar -D_GNU_SOURCE -Ireplicator -I. $(LINT_SRC)
lint-tidy: $(LINT_SRC:%.c=$(BUILD)/lint/%.tidy)
$(BUILD)/lint/%.tidy: %.c .clang-tidy $(LINT_HEADERS)
	@mkdir -p $(@D)
	@clang-tidy-14 --quiet $< -- $(LINT_FLAGS) 2>$@.err || { cat $@.err >&2; false; }
	@touch $@

.PHONY: check-dp
check-dp: $(TOOLS)
	BUILD=$(BUILD) tests/dp/run.sh

# ---- unit tests once more, with sanitizers and under valgrind --------------------------------------------
VALGRIND_TESTS := text merge buf kv frame group unitconf metaop fence_history fence_options verdict guard check_timing corosync_conf safekit_map $(patsubst $(BUILD)/tests/unit/test_%,%,$(PREFLIGHT_TESTS))
.PHONY: check-san check-valgrind
check-san:
	@$(MAKE) --no-print-directory SAN=1 BUILD=$(BUILD)/asan check-unit
check-valgrind: $(UNIT_TESTS)
	@tests/valgrind $(addprefix $(BUILD)/tests/unit/test_,$(VALGRIND_TESTS)) $(STORIES)

# ---- documents written from the code ------------------------------------------------------------------
.PHONY: docs check-docs
docs: $(BUILD)/tests/state-machine
	$< >docs/STATE-MACHINE.md
check-docs: $(BUILD)/tests/state-machine
	@$< | diff -u docs/STATE-MACHINE.md - || { echo "FAILED docs/STATE-MACHINE.md is not what the code says: make docs"; false; }

# ---- everything ------------------------------------------------------------------------------------------
# deps may bring pkg-config and the libraries' flags, which are asked for when the makefile is read: a new make after it.
# A+B: side by side; A,B: one after the other; @A: when nobody else wants a processor.
CHECK_PARTS ?= docs config import unit san valgrind plan,dp,mutants,mutants-config+ocf,fuzz,ctl,lab-self,watchdog lab,lab-xfs+iso-device,iso-plain+@lint,model,sim
.PHONY: deps demo check check-fuzz check-programs
check-programs: all $(UNIT_TESTS) $(TOOLS) $(BUILD)/tests/sim $(BUILD)/tests/model $(BUILD)/watchdog-guest lab-tree lab-tools guest
deps:
	@packaging/deps check
demo:
	@packaging/deps lab
	@$(MAKE) --no-print-directory -s -j2 lab-tree guest
	@VT_BUILD=$(abspath $(BUILD)) tests/lab/demo $(TREE)
check:
	@packaging/deps check
	@MAKE='$(MAKE)' tests/check $(BUILD) $(CHECK_PARTS)
check-fuzz: fuzz

# ---- benchmark: raw disk, dual write, a peer and vmtwin in turn -----------------------------------
.PHONY: bench
bench: lab-tree $(BUILD)/tests/link-bench
	VT_BUILD=$(abspath $(BUILD)) tests/bench/run
