/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host on which all is well, for the preflight's verdict: each test breaks one thing, and asks for its diagnosis and no other. */
#ifndef VMTWIN_TESTS_PREFLIGHT_HOST_H
#define VMTWIN_TESTS_PREFLIGHT_HOST_H

#include "tests/unit/unit.h"

#include "crm-config/preflight_int.h"

extern struct cf_corosync corosync;
extern struct vt_hostconf hostconf;
extern struct vt_unitconf unit[2];
extern unsigned units;
extern struct pf_host host;
extern struct pf_facts other;
extern struct pf_peer peer;
extern const struct cf_model *model; /* NULL */
extern const char *model_trouble;
extern struct cf_findings found; /* of the last judge() */

void text(char *out, const char *value);
void good_facts(struct pf_facts *f, const char *name);
void good_path(struct pf_path *p);
void good_domain(struct pf_domain *d);
/* All of the above as it should be; a cmocka setup. */
int well(void **state);

void judge(void);
/* Prints what isn't ok. */
void show(void);
/* One finding that isn't ok, and it says that. */
void only(enum cf_severity severity, const char *words);
bool has_ok(const char *words);

#define CASE(f) cmocka_unit_test_setup(f, well)

#endif
