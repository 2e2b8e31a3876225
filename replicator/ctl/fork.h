/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up one host's branch of a fork: it is kept under another name, and an empty store takes
 * its place, which the first resynchronisation fills (S9: nothing is dropped silently, nothing is
 * deleted but by name). Beside the store STORE there may be
 *
 *   STORE.discard-new            an empty store being prepared; or, after the exchange, the branch,
 *                                not yet under its name
 *   STORE.fork-DATE-TIME         a branch given up
 *   STORE.fork-DATE-TIME.deleting   one whose deletion was begun
 *
 *   1. STORE.discard-new made, as `vmtwin create` makes a second host's store   2. the worker
 * stopped
 *   3. STORE and STORE.discard-new exchanged by one rename                     4. the worker
 * started
 *   5. the branch named
 *
 * There is a whole store under STORE at every moment, the one or the other. A run that was killed
 * is told by STORE.discard-new: if that holds data or a history, 3 was done.
 */
#ifndef VMTWIN_CTL_FORK_H
#define VMTWIN_CTL_FORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/unitconf.h"
#include "ctl/dirs.h"

struct cf_job {
	/* given */
	struct vt_unitconf conf;
	const char *unit_dir;
	bool even_so;
	/* found */
	char meta[CD_PATH_MAX], data[CD_PATH_MAX];
	char fresh[CD_PATH_MAX]; /* STORE.discard-new */
	char kept[CD_PATH_MAX];	 /* where the branch is in the end */
	bool started;		 /* vmtwind runs the unit here, and is to do so in the end */
	bool failed;		 /* ... but could not */
	bool resumed;		 /* an earlier run had exchanged them */
	uint64_t bytes;		 /* the branch occupies */
};

/* ---- fork_make.c: the steps */
enum cf_left {
	CF_NONE,
	CF_SCRATCH, /* an earlier run was killed before the exchange */
	CF_BRANCH,  /* ... after it: STORE.discard-new is the branch */
};
/* Fills in the paths and says what an earlier run left. enum cf_left or negative errno. */
int cf_look(struct cf_job *job, struct vt_fail *fail);
/* True if the unit's metadata says that the other host's last words were of another branch. False
 * also while a worker holds it: that one is to be asked. */
bool cf_fork_recorded(const struct cf_job *job);
/* Step 1. May be repeated. */
int cf_prepare(struct cf_job *job, struct vt_fail *fail);
/* Removes what step 1 made. */
void cf_unprepare(struct cf_job *job);
/* Step 3, with the unit's metadata locked: no worker runs, none can start. -EBUSY: one does. */
int cf_exchange(struct cf_job *job, struct vt_fail *fail);
/* Step 5. */
int cf_name_branch(struct cf_job *job, struct vt_fail *fail);

/* ---- fork_kept.c: the branches that are kept */
/* Bytes that the tree at dir occupies on disk. 0 or negative errno. */
int cf_tree_bytes(const char *dir, uint64_t *out);
/* "12 MiB" into out. */
void cf_size_text(char *out, size_t cap, uint64_t bytes);
/* Prints the kept branches with size and history. How many, or negative errno. */
int cf_list(const struct cf_job *job, struct vt_fail *fail);
/* Looks whether name is a kept branch of the unit, and how big. Changes nothing. */
int cf_check_delete(const struct cf_job *job, const char *name, char *path, uint64_t *bytes,
		    struct vt_fail *fail);
/* Deletes what cf_check_delete found. Killed: listed as .deleting, and can be repeated. */
int cf_delete(const char *path, struct vt_fail *fail);

#endif
