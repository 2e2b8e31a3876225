/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a unit on one host. First everything is looked at and nothing is changed, then the steps are
 * done in an order in which being killed anywhere leaves something that the next run recognises:
 *
 *   1. store's directories   2. metadata, complete, under its name by a rename
 *   3. data: the VM's directory renamed into the store (other host: an empty one made)
 *   4. the VM's directory made anew, empty and immutable   5. the unit file
 *
 * A unit exists when its unit file does.
 */
#ifndef VMTWIN_CTL_CREATE_H
#define VMTWIN_CTL_CREATE_H

#include <stdbool.h>

#include "base/unitconf.h"
#include "core/types.h"
#include "ctl/dirs.h"
#include "ctl/tree.h"

struct cc_job {
	/* given */
	struct vt_unitconf conf;
	const char *text; /* the unit file that was given; NULL: options */
	const char *unit_dir;  /* where unit files are */
	const char *host;      /* this host's node name */
	const char *good_host; /* whose files become the unit's */
	bool good;	       /* this host is it */
	bool own_store;	       /* --store was given */
	/* found by cc_check */
	char parent[CD_PATH_MAX];     /* of the VM's directory */
	char base[CD_PATH_MAX];	      /* of the store: .vmtwin, or the given store's parent */
	char meta[CD_PATH_MAX], meta_new[CD_PATH_MAX], data[CD_PATH_MAX];
	int directory_kind, data_kind; /* enum cd_kind */
	bool need_data;	     /* steps 1 to 3 are to be done */
	bool resumed;	     /* an earlier run was killed */
	struct ct_tree tree; /* good host, if need_data: the files */
};

/*
 * Looks at everything; changes nothing. 0: cc_make may run. Else negative errno and fail tells what
 * is wrong and what to do. The caller frees job->tree with ct_free in any case.
 */
int cc_check(struct cc_job *job, struct vt_fail *fail);
/* Compares with the units that exist: directories, stores, ports, domains. Part of cc_check. */
int cc_check_others(const struct cc_job *job, struct vt_fail *fail);
/* What the first record of this host holds. */
void cc_first_record(const struct cc_job *job, struct vc_durable *out);
/*
 * Does the steps. *immutable tells whether the empty directory could be protected. On an error before
 * the VM's directory was renamed everything is taken back; after it, running create again goes on.
 */
int cc_make(struct cc_job *job, bool *immutable, struct vt_fail *fail);

#endif
