/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one host tells about itself so that the other can compare: lines "key = value", as `vmtwin-config check --facts` prints
 * them. Keys: facts (the format, 1), host, version.PROGRAM, cpu, machines, interfaces, networks (libvirt's that are active), corosync.conf, vmtwind.conf, clock, synchronised, and
 * unit.NAME, machine.NAME, data.NAME for each unit; for one of DRBD also disk.NAME (bytes of drbd_disk) and definition.NAME (a hash of
 * its domain's XML). version.drbd is the kernel module's, "none" where a unit needs it and there is none. Of configuration there are only digests, a word "key:hash" for each key, so that a
 * difference can be named without telling values. Unknown keys are passed over: the other host may have another version. Pure.
 */
#ifndef VMTWIN_CRM_CONFIG_PREFLIGHT_FACTS_H
#define VMTWIN_CRM_CONFIG_PREFLIGHT_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/unitconf.h"

#define PF_UNITS_MAX 64
#define PF_VERSION_MAX 64
#define PF_CPU_MAX 128
#define PF_MACHINE_MAX 64
#define PF_MACHINES_MAX 3584 /* bytes: a line of the facts is shorter than 4096 */
#define PF_DIGEST_MAX 1536
#define PF_LIST_MAX 2048
#define PF_HASH_MAX 16
#define PF_FACTS_BYTES_MAX (256u << 10)

enum pf_program { PF_VMTWIN, PF_VMTWIND, PF_PACEMAKER, PF_COROSYNC, PF_LIBVIRT, PF_QEMU, PF_KERNEL, PF_DRBD_UTILS, PF_DRBD, PF_PROGRAMS };

struct pf_unit_facts {
	char name[VT_UNIT_NAME_MAX + 1];
	char digest[PF_DIGEST_MAX];   /* of its file */
	char machine[PF_MACHINE_MAX]; /* machine type of its domain; "": not known */
	bool has_data;
	uint64_t data_bytes; /* that its files take up here */
	bool has_disk;
	uint64_t disk_bytes; /* of drbd_disk */
	char definition[PF_HASH_MAX];
};

struct pf_facts {
	char host[VT_HOST_NAME_MAX + 1];	    /* its cluster node name; "": not known, as all texts here. Told facts have one */
	char version[PF_PROGRAMS][PF_VERSION_MAX];
	char cpu[PF_CPU_MAX];			    /* vendor and model of the host's CPU, as libvirt names them */
	char machines[PF_MACHINES_MAX];		    /* machine types of its QEMU, separated by blanks; ends with "..." if there are more */
	char interfaces[PF_LIST_MAX], networks[PF_LIST_MAX]; /* network interfaces; libvirt's networks that are active: the same, "none" for none */
	char corosync_conf[PF_HASH_MAX];
	char vmtwind_conf[PF_DIGEST_MAX];
	bool has_clock, synchronised;
	int64_t clock_ms; /* wall clock when the facts were told, since 1970 */
	unsigned units;
	struct pf_unit_facts unit[PF_UNITS_MAX];
};

/* The program's name for people and in keys: "pacemaker". */
const char *pf_program_name(enum pf_program p);
/* The unit of that name, NULL: none. */
struct pf_unit_facts *pf_facts_unit(struct pf_facts *facts, const char *name);
/* The same; it is added if need be. NULL: no room, or it can't be a unit's name. */
struct pf_unit_facts *pf_facts_add_unit(struct pf_facts *facts, const char *name);
/* source: for messages. 0, or -EINVAL: not facts, another format, a key twice, a value too long or no number, too many units;
 * fail says which line. facts is defined only after 0. */
int pf_facts_parse(struct pf_facts *facts, const char *text, const char *source, struct vt_fail *fail);
/* Prints what pf_facts_parse reads; what is not known is left out. 0, or -EIO: out refused it. */
int pf_facts_print(const struct pf_facts *facts, FILE *out);

/*
 * The digest of a text of "key = value" lines, into out: "key:hash" words in the order of their first coming. Neither comments nor
 * blanks nor the order of lines change a word. Left out: `store`, which may be another one on each host, and fence.*, which may hold
 * passwords. 0, or -EINVAL (fail: what is wrong), -ENAMETOOLONG.
 */
int pf_digest_conf(const char *text, const char *path, char out[PF_DIGEST_MAX], struct vt_fail *fail);
/* A hash of a text's lines, without comments, empty lines and blanks around. */
void pf_digest_text(const char *text, char out[PF_HASH_MAX]);
/* The keys whose words differ or are in one digest alone, separated by ", ", into out (cut at cap). Their number. */
unsigned pf_digest_differ(const char *a, const char *b, char *out, size_t cap);

#endif
