/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a configuration in the languages of those who read it. */
#ifndef VMTWIN_CRM_CONFIG_EMIT_H
#define VMTWIN_CRM_CONFIG_EMIT_H

#include <stdio.h>

#include "crm-config/cib_build.h"

/* cf_cib_build's tree as XML, as pcs commands (for a shell), as the text of `crm configure`. */
void cf_emit_cib(FILE *out, const xmlDoc *doc);
void cf_emit_pcs(FILE *out, const xmlDoc *doc);
void cf_emit_crm(FILE *out, const xmlDoc *doc);
/* 0; or -ENOTSUP: crm can't take one of the values, and fail says which. */
int cf_crm_can(const xmlDoc *doc, struct vt_fail *fail);
/* corosync.conf(5) of the hosts. -EINVAL: no ring is known; fail says so. */
int cf_emit_corosync(FILE *out, const struct cf_model *m, struct vt_fail *fail);
/* DRBD's kernel module, for which a resource is written. By rings: 8.4 with one, 9 with several, since 8.4 knows no second path. */
enum cf_drbd { CF_DRBD_BY_RINGS, CF_DRBD_8_4, CF_DRBD_9 };
/* Which of the two BY_RINGS is there; another one: itself. */
enum cf_drbd cf_drbd_module(const struct cf_site *site, enum cf_drbd module);
/* DRBD's script for Pacemaker, absolute: it has the other host fenced, or lifts that. */
const char *cf_drbd_script(enum cf_drbd module, bool unfence);
/* The unit can have a file of DRBD. -EINVAL: its storage is another one, its name means something else to drbdadm, or no ring is known;
 * fail says which. */
int cf_drbd_fits(const struct cf_site *site, const struct cf_unit *u, struct vt_fail *fail);
/* The unit's file in /etc/drbd.d; cf_drbd_fits said yes. */
void cf_emit_drbd(FILE *out, const struct cf_site *site, const struct cf_unit *u, enum cf_drbd module);
/* vmtwind.conf(5), the part that the unit files know: witnesses. */
void cf_emit_vmtwind(FILE *out, const struct cf_model *m);

#endif
