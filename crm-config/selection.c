// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/selection.h"

#include <errno.h>
#include <string.h>

static int mark(const struct cf_model *m, struct cf_wanted *wanted, const char *dir, const char *name, struct vt_fail *fail)
{
	for (unsigned i = 0; i < m->units; i++) {
		if (strcmp(m->unit[i].conf.name, name) != 0)
			continue;
		wanted->unit[i] = true;
		return 0;
	}
	return vt_fail(fail, -ENOENT, "no unit '%.80s' in %s: write %s/%.80s.conf (vmtwin-unit(5))", name, dir, dir, name);
}

int cf_select(struct cf_model *m, struct cf_wanted *wanted, const char *dir, int count, char *const *names, struct vt_fail *fail)
{
	*wanted = (struct cf_wanted){.site = count == 0};
	int rc = cf_model_load(m, dir, fail);
	for (int i = 0; i < count && rc == 0; i++)
		rc = mark(m, wanted, dir, names[i], fail);
	for (unsigned i = 0; i < m->units && count == 0 && rc == 0; i++)
		wanted->unit[i] = true;
	return rc;
}
