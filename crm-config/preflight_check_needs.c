// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on what a domain needs beside its disks: whether it is here, and whether the other host has the same. */
#include <stdio.h>
#include <string.h>

#include "crm-config/preflight_int.h"

#define GONE "on the other host it is missing, or another one"
#define COPY "copy it there and name the new place in "
#define SEE "see that it has, or take it out"
#define BOTH_BY_HAND "keep it the same on both hosts by hand"

static const struct kind_row {
	const char *noun;
	const char *why;     /* it matters that it is this host's alone; NULL: it doesn't, each host has its own */
	const char *todo;    /* about that; of a file of the unit's directory's: to have it there */
	const char *by_hand; /* in place of todo for a unit on DRBD; NULL: todo itself, and being in the directory doesn't help */
	const char *missing; /* what to do where this host has none; NULL: the VM starts without */
	bool by_edit;	     /* that is done, or may be, in the domain's definition */
	size_t list;	     /* of the facts, that has the other host's; 0: none has */
} rows[PF_N_KINDS] = {
    [PF_N_NVRAM] = {.noun = "NVRAM",
		    .why = "after a failover the firmware finds old variables (boot entries, Secure Boot's keys), or none",
		    .todo = "with the VM off " COPY "<nvram>",
		    .by_hand = "copy it to the other host, and again when they have changed"},
    [PF_N_TEMPLATE] = {.noun = "template of the NVRAM", .missing = "install the package that has it (Debian: ovmf)"},
    [PF_N_FIRMWARE] = {.noun = "firmware", .missing = "install the package that has it (Debian: ovmf, seabios)"},
    [PF_N_KERNEL] = {.noun = "kernel", .why = GONE, .todo = COPY "<kernel>", .by_hand = BOTH_BY_HAND, .missing = "put it there, or name another one", .by_edit = true},
    [PF_N_INITRD] = {.noun = "initrd", .why = GONE, .todo = COPY "<initrd>", .by_hand = BOTH_BY_HAND, .missing = "put it there, or name another one", .by_edit = true},
    [PF_N_DTB] = {.noun = "device tree", .why = GONE, .todo = COPY "<dtb>", .by_hand = BOTH_BY_HAND, .missing = "put it there, or name another one", .by_edit = true},
    [PF_N_BACKING] = {.noun = "backing file",
		      .why = GONE ", and then the disk can't be read",
		      .todo = "with the VM off make the disk whole by itself (`qemu-img rebase -b ''` on its image), and take <backingStore> out if it is named",
		      .by_hand = BOTH_BY_HAND,
		      .missing = "copy it from the host that has it"},
    [PF_N_SHARED] = {.noun = "shared directory",
		     .why = "after a failover the guest finds other files, or none",
		     .todo = "put the files on a disk of the VM, or keep them the same on both hosts by hand",
		     .by_hand = BOTH_BY_HAND,
		     .missing = "make it, or take <filesystem> out",
		     .by_edit = true},
    [PF_N_LOG] = {.noun = "directory of a serial line's file", .missing = "make it"},
    [PF_N_LINE] = {.noun = "device of a serial line",
		   .why = "is this host's: the VM starts on the other one only if that has one of the same name",
		   .todo = SEE,
		   .missing = "plug it in, or take it out",
		   .by_edit = true},
    [PF_N_RANDOM] = {.noun = "source of <rng>", .missing = "name /dev/urandom", .by_edit = true},
    [PF_N_BRIDGE] = {.noun = "bridge", .missing = "make it, and have it made at boot", .list = offsetof(struct pf_facts, interfaces)},
    [PF_N_LINK] = {.noun = "network interface", .missing = "make it, and have it made at boot", .list = offsetof(struct pf_facts, interfaces)},
    [PF_N_NETWORK] = {.noun = "libvirt's network",
		      .missing = "`virsh net-define`, net-start and net-autostart",
		      .list = offsetof(struct pf_facts, networks)},
    [PF_N_PCI] = {.noun = "PCI device",
		  .why = "is this host's: the VM starts on the other one only if that has such a device at the same address",
		  .todo = SEE,
		  .missing = "name the right address (`lspci -D`), or take it out",
		  .by_edit = true},
    [PF_N_DEVICE] = {.noun = "passed-through device",
		     .why = "is this host's: the VM starts on the other one only if that has the same",
		     .todo = SEE},
    [PF_N_TPM_STATE] = {.noun = "state of the emulated TPM",
			.why = "after a failover the guest finds another TPM, and what it sealed by this one (BitLocker's keys) stays closed",
			.todo = "take <tpm> out, or have the recovery keys at hand; a libvirt that takes <source type='dir' path='...'/> in <backend> (9.0 "
				"does not) can have it there",
			.by_hand = "take <tpm> out, or have the recovery keys at hand"},
    [PF_N_TPM_CHIP] = {.noun = "TPM",
		       .why = "is this host's: after a failover the guest finds another one, or doesn't start, and what it sealed by this one stays closed",
		       .todo = "take <tpm> out, or have the recovery keys at hand"},
    [PF_N_MEMORY] = {.noun = "shared memory",
		     .why = "is this host's: after a failover it is empty, and programs here that share it don't reach the guest",
		     .todo = "have these programs on both hosts, or take <shmem> out"},
};

struct subject {
	const struct pf_judge *j;
	const struct vt_unitconf *u;
	const struct pf_domain *d;
	const char *edit; /* "`virsh edit vm1`, and in ..." */
};

static bool in_directory(const struct subject *s, const struct pf_need *n)
{
	return !s->u->drbd && rows[n->kind].by_hand && pf_inside(n->name, s->u->directory);
}

/* "backing file of disk vda of domain vm1" */
static const char *subject_text(const struct subject *s, const struct pf_need *n, char *out, size_t cap)
{
	snprintf(out, cap, "%s%s%s of domain %s", rows[n->kind].noun, n->of[0] ? " of disk " : "", n->of, s->u->domain);
	return out;
}

/* A template is used only where there is no NVRAM yet. */
static bool of_use(const struct subject *s, const struct pf_need *n)
{
	if (n->kind != PF_N_TEMPLATE)
		return true;
	for (unsigned i = 0; i < s->d->needs; i++)
		if (s->d->need[i].kind == PF_N_NVRAM)
			return !in_directory(s, &s->d->need[i]) && s->d->need[i].here == PF_NO;
	return false;
}

static void check_alone(const struct subject *s, const struct pf_need *n)
{
	const struct kind_row *row = &rows[n->kind];
	char what[400];
	subject_text(s, n, what, sizeof what);
	if (!row->by_hand)
		cf_say(s->j->out, CF_WARNING, "%s: %.512s %s; %s (%s)", what, n->name, row->why, row->todo, s->edit);
	else if (s->u->drbd)
		cf_say(s->j->out, CF_WARNING, "%s: %.512s is not on DRBD: %s; %s", what, n->name, row->why, row->by_hand);
	else
		cf_say(s->j->out, CF_WARNING, "%s: %.300s is not in %.200s and not mirrored: %s; %s (%s)", what, n->name, s->u->directory, row->why, row->todo,
		       s->edit);
}

static void check_active(const struct subject *s, const struct pf_need *n)
{
	char what[400];
	subject_text(s, n, what, sizeof what);
	if (n->active == PF_NO)
		cf_say(s->j->out, CF_ERROR, "%s: %.200s is not active on this host: the VM can't start here; `virsh net-start %.200s`, `virsh net-autostart %.200s`",
		       what, n->name, n->name, n->name);
	else if (n->at_boot == PF_NO)
		cf_say(s->j->out, CF_WARNING, "%s: %.200s is not started at boot: after that the VM can't start here; `virsh net-autostart %.200s`", what, n->name,
		       n->name);
}

static void check_other(const struct subject *s, const struct pf_need *n)
{
	const struct kind_row *row = &rows[n->kind];
	const struct pf_facts *other = s->j->peer->facts;
	const char *list = other && row->list ? (const char *)other + row->list : "";
	char what[400];
	if (list[0] && !pf_word_in(list, n->name))
		cf_say(s->j->out, CF_ERROR, "%s: %s has no %s%.512s: the VM can't start there; there: %s", subject_text(s, n, what, sizeof what), other->host,
		       n->kind == PF_N_NETWORK ? "active " : "", n->name, row->missing);
}

static void check_need(const struct subject *s, const struct pf_need *n)
{
	const struct kind_row *row = &rows[n->kind];
	const char *open = row->by_edit ? " (" : "", *edit = row->by_edit ? s->edit : "", *close = row->by_edit ? ")" : "";
	char what[400];
	if (in_directory(s, n) || !of_use(s, n))
		return;
	if (n->here == PF_NO && row->missing)
		cf_say(s->j->out, CF_ERROR, "%s: %.512s is not on this host: the VM can't start here; %s%s%s%s", subject_text(s, n, what, sizeof what), n->name,
		       row->missing, open, edit, close);
	else if (row->why)
		check_alone(s, n);
	check_active(s, n);
	check_other(s, n);
}

/* What is well, by short names: "NVRAM, firmware, bridge br0". */
static void say_well(const struct subject *s)
{
	char fine[400] = "";
	for (unsigned i = 0; i < s->d->needs; i++) {
		const struct pf_need *n = &s->d->need[i];
		const char *noun = rows[n->kind].noun;
		size_t len = strlen(fine);
		bool named = rows[n->kind].list;
		if (n->kind == PF_N_TEMPLATE || (n->here == PF_UNKNOWN && !in_directory(s, n)))
			continue;
		if (named || !strstr(fine, noun))
			snprintf(fine + len, sizeof fine - len, "%s%s%s%.40s", len ? ", " : "", noun, named ? " " : "", named ? n->name : "");
	}
	if (fine[0])
		cf_say(s->j->out, CF_OK, "domain %s has what it needs beside its disks: %s", s->u->domain, fine);
}

void pf_check_needs(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_domain *d)
{
	char definition[PF_DEFINITION_MAX], edit[300];
	unsigned before = j->out->errors + j->out->warnings;
	struct subject s = {.j = j, .u = u, .d = d, .edit = edit};
	snprintf(edit, sizeof edit, "`virsh edit %.100s`, and in %.150s", u->domain, pf_definition(u, definition));
	for (unsigned i = 0; i < d->needs; i++)
		check_need(&s, &d->need[i]);
	if (d->more_needs)
		cf_say(j->out, CF_WARNING, "domain %s needs more than %d things of the host: the rest was not looked at", u->domain, PF_NEEDS_MAX);
	if (j->out->errors + j->out->warnings == before)
		say_well(&s);
}
