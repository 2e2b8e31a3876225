/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the unit files of two hosts say, together: the hosts and how they are fenced, once; and each unit. Everything that
 * vmtwin-config writes is made of it. Keys: vmtwin-unit(5). Pure, but for the reading of files.
 */
#ifndef VMTWIN_CRM_CONFIG_MODEL_H
#define VMTWIN_CRM_CONFIG_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/timing.h"
#include "base/unitconf.h"

#define CF_UNITS_MAX 64
#define CF_HOSTS 2
#define CF_RINGS_MAX 8
#define CF_ADDRESS_MAX 64
#define CF_FENCE_LEVELS 2 /* power, and power asked if that fails; fence_vmtwin comes after them */
#define CF_OPTIONS_MAX 24
#define CF_VALUE_MAX 512

struct cf_option {
	char name[64], value[256];
};

/* How a host is switched off. */
struct cf_power {
	char agent[64]; /* "": not configured */
	unsigned options;
	struct cf_option option[CF_OPTIONS_MAX];
};

struct cf_site {
	char cluster[64];
	char host[CF_HOSTS][VT_HOST_NAME_MAX + 1];
	unsigned rings;
	char ring[CF_RINGS_MAX][CF_HOSTS][CF_ADDRESS_MAX];
	uint32_t token_ms;
	char device_host[VT_HOST_NAME_MAX + 1]; /* the quorum device; "": none */
	char witness[CF_VALUE_MAX];		/* as in vmtwind.conf(5); "": none */
	bool witness_all;
	struct cf_power power[CF_FENCE_LEVELS][CF_HOSTS];

	/* Of all units. */
	uint32_t longest_lease_ms;
	bool allow_unfenced;
};

struct cf_unit {
	struct vt_unitconf conf;
	int prefer; /* 0, 1: that host of the site; -1: none */
	uint32_t restarts;
	char restart_window[24];
	uint32_t restart_window_s;
	uint32_t start_tries, start_interval_s, stop_tries, stop_interval_s;
	char ping[CF_VALUE_MAX]; /* addresses, separated by spaces; "": none */
	char drbd_device[32], drbd_disk[128]; /* DRBD takes 127 bytes */
};

struct cf_model {
	struct cf_site site;
	unsigned units;
	struct cf_unit unit[CF_UNITS_MAX];
};

/*
 * Reads all unit files of dir. Large: give it memory of the heap. What a file says that is wrong, or that
 * contradicts another one: negative errno, and fail names file, line and what to do. Nothing is configured twice: units must differ
 * in directory, domain and port. Whether it can be fenced: cf_model_can_fence.
 */
int cf_model_load(struct cf_model *m, const char *dir, struct vt_fail *fail);
/* Every host can be fenced, or every unit accepts a fork. Else -EPERM, and fail says what to add. */
int cf_model_can_fence(const struct cf_model *m, struct vt_fail *fail);
/* fence_vmtwin is a device of this cluster. */
bool cf_model_fences_itself(const struct cf_model *m);
/* The times of the unit's file fit each other: lease, token, link, outdating, as `vmtwin-config check` asks. Else -EPERM, and fail has the sum. */
int cf_model_times_fit(const struct cf_model *m, const struct cf_unit *u, struct vt_fail *fail);
/* Of files that were all read: names of units and resources, rings and witnesses don't contradict each other. Else -EINVAL, and fail says why. */
int cf_model_fits(const struct cf_model *m, struct vt_fail *fail);
/* Each device switches the one host that it is for. Else -EINVAL, and fail says which does not. */
int cf_model_powers_fit(const struct cf_site *site, struct vt_fail *fail);
/* The value of the option name, NULL: not given. */
const char *cf_power_option(const struct cf_power *p, const char *name);
/* May be the name of a unit in a cluster. Else -EINVAL, and fail says why. */
int cf_unit_name_fits(const char *name, struct vt_fail *fail);
/* What corosync will work with. */
struct vt_cluster_timing cf_model_timing(const struct cf_model *m);

/* One file's text, for tests and importers: as cf_model_load of that file alone. Add each; then cf_model_end. */
struct cf_model_reader;
struct cf_model_reader *cf_model_begin(struct cf_model *m); /* NULL: out of memory */
int cf_model_add(struct cf_model_reader *r, const char *name, const char *text, const char *path, struct vt_fail *fail);
int cf_model_end(struct cf_model_reader *r, struct vt_fail *fail); /* frees r, whatever it returns */

#endif
