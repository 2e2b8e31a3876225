/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One archive for a ticket: what a stranger needs to see why a unit is as it is, and no secrets.
 * Members: vmtwin-support-UNIT-DATE/HOST/NAME, the same names on each host (vmtwin(8)).
 */
#ifndef VMTWIN_CTL_SUPPORT_H
#define VMTWIN_CTL_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/unitconf.h"
#include "ctl/dirs.h"

#define SP_LOG_MAX (16 << 20) /* bytes kept of the end of a log */

struct sp_job {
	const char *unit, *unit_dir;
	struct vt_unitconf conf;
	bool have_conf;
	char conf_error[512];
	char host[VT_HOST_NAME_MAX + 1];  /* this host's node name */
	char peer[VT_HOST_NAME_MAX + 1];  /* "": not known */
	char name[VT_UNIT_NAME_MAX + 64]; /* vmtwin-support-UNIT-DATE */
	char work[CD_PATH_MAX]; /* where the archive is put together, removed in the end */
	char dir[CD_PATH_MAX];	/* WORK/NAME/HOST */
	FILE *manifest;
};

/* ---- support_collect.c */
/* Collects this host's part into job->dir. What is missing is told in it; only a full or failing
 * disk is an error. */
int sp_collect(struct sp_job *job, struct vt_fail *fail);
/* True if a signal that ends this command is waiting: what was begun is to be taken back first. */
bool sp_interrupted(void);
/* The path of a program in the system's directories into out[CD_PATH_MAX], or -ENOENT. */
int sp_find_program(const char *name, char *out);

#endif
