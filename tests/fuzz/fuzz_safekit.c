// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The import of SafeKit's files against any bytes: never crashes; what it makes of them is a unit's file. A NUL byte ends
 * userconfig.xml, cluster.xml is behind it.
 */
#include "tests/fuzz/fuzz.h"

#include "crm-config/model.h"
#include "crm-config/safekit_map.h"

static struct sk_doc module, cluster;

static int load(struct sk_doc *doc, const char *text, size_t len, const char *root, struct vt_fail *fail)
{
	int rc = sk_read(doc, text, len, root, root, fail);
	if (rc == 0)
		rc = sk_macros(doc, fail);
	require(rc == 0 || rc == -EINVAL);
	require(rc == 0 || (fail->code == rc && fail->text[0] != '\0'));
	return rc;
}

/* As vmtwin-config generate reads it. */
static void check_model(const struct sk_result *r)
{
	static struct cf_model model;
	struct vt_fail fail = {.code = 0};
	struct cf_model_reader *reader = cf_model_begin(&model);
	require(reader && cf_model_add(reader, r->name, r->conf, "fuzz", &fail) == 0 && cf_model_end(reader, &fail) == 0);
}

static void check_result(const struct sk_result *r, bool hosts)
{
	struct vt_unitconf c;
	struct vt_fail fail = {.code = 0};
	require(r->conf && r->report && r->name[0] != '\0');
	for (const char *at = r->conf; *at; at++)
		require((unsigned char)*at >= ' ' || *at == '\n');
	for (const char *at = r->report; *at; at++)
		require((unsigned char)*at >= ' ' || *at == '\n');
	require(!hosts || vt_unitconf_parse(&c, r->name, r->conf, "fuzz", &fail) == 0);
	require(hosts || r->to_complete > 0);
	if (hosts)
		check_model(r);
	require(!hosts || !c.allow_unfenced);
}

static void map(const struct sk_doc *other, const struct sk_want *want)
{
	struct sk_result r;
	struct vt_fail fail = {.code = 0};
	int rc = sk_map(&module, other, want, &r, &fail);
	require(rc == 0 || (rc == -EINVAL && fail.text[0] != '\0' && !r.conf && !r.report));
	if (rc == 0)
		check_result(&r, other || want->hosts);
	sk_result_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sk_want none = {.port = NULL}, all = {.unit = "vm1", .hosts = "host1,host2", .port = "7791"};
	struct vt_fail fail = {.code = 0};
	char *text = text_of(data, size);
	size_t first = strlen(text);
	int rc = load(&module, text, first, "safe", &fail);
	if (rc == 0) {
		map(NULL, &none);
		map(NULL, &all);
	}
	if (rc == 0 && first < size) {
		if (load(&cluster, text + first + 1, strlen(text + first + 1), "cluster", &fail) == 0)
			map(&cluster, &none);
		sk_free(&cluster);
	}
	sk_free(&module);
	free(text);
	return 0;
}
