// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a cluster's CIB: what the preflight reads of it, and a unit put into it and taken out again. Refused, it is as it was;
 * accepted, a second time there is nothing to do.
 */
#include "tests/fuzz/fuzz.h"

#include <libxml/hash.h>
#include <stdio.h>

#include "crm-config/cib_build.h"
#include "crm-config/cib_read.h"
#include "crm-config/merge.h"
#include "crm-config/normal.h"
#include "crm-config/owned.h"

static const char unit_file[] = "directory = /var/lib/libvirt/images/vm1\nhosts = host1 host2\nprefer = host1\nrequire_ping = 192.0.2.1\n"
				"ring0 = 10.0.0.1 10.0.0.2\nfence.host1 = fence_ipmilan ip=10.0.0.101 username=a password_script=/etc/p\n"
				"fence.host2 = fence_ipmilan ip=10.0.0.102 username=a password_script=/etc/p\n";

static const xmlDoc *wanted(void)
{
	static xmlDoc *doc;
	static struct cf_model model;
	struct cf_wanted all = {.site = true, .unit = {true}};
	struct vt_fail fail = {.code = 0};
	if (doc)
		return doc;
	struct cf_model_reader *reader = cf_model_begin(&model);
	int rc = reader ? cf_model_add(reader, "vm1", unit_file, "vm1.conf", &fail) : -ENOMEM;
	if (rc == 0)
		rc = cf_model_end(reader, &fail);
	if (rc < 0)
		fprintf(stderr, "%s\n", fail.text);
	require(rc == 0);
	doc = cf_cib_build(&model, &all);
	require(doc != NULL);
	return doc;
}

static bool same(const xmlDoc *a, const xmlDoc *b)
{
	struct cf_lines x = cf_normal(a), y = cf_normal(b);
	bool equal = cf_lines_same(&x, &y);
	cf_lines_free(&x);
	cf_lines_free(&y);
	return equal;
}

static bool add_ids(const xmlNode *in, xmlHashTable *ids)
{
	for (const xmlNode *n = in->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		const char *id = cf_attr(n, "id");
		if ((id[0] && xmlHashAddEntry(ids, (const xmlChar *)id, (void *)(uintptr_t)n) != 0) || !add_ids(n, ids))
			return false;
	}
	return true;
}

/* As Pacemaker lets it be: each id once. */
static bool ids_are_unique(const xmlDoc *doc)
{
	xmlHashTable *ids = xmlHashCreate(64);
	require(ids != NULL);
	bool unique = add_ids(cf_configuration(doc), ids);
	xmlHashFree(ids, NULL);
	return unique;
}

static void put_in_again(xmlDoc *doc, const struct cf_owned *owned)
{
	struct vt_fail fail = {.code = 0};
	xmlDoc *once = xmlCopyDoc(doc, 1);
	require(once && ids_are_unique(doc));
	require(cf_merge(doc, wanted(), owned->id, &fail) == 0 && same(doc, once));
	xmlFreeDoc(once);
}

static void tell(const xmlDoc *doc, const xmlDoc *before)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	require(out != NULL);
	struct cf_lines x = cf_normal(before), y = cf_normal(doc);
	cf_lines_diff(out, &x, &y);
	cf_lines_free(&x);
	cf_lines_free(&y);
	cf_tell_ruled(out, doc, wanted());
	fclose(out);
	free(text);
}

static void put_in(const xmlDoc *before)
{
	struct cf_owned owned;
	struct vt_fail fail = {.code = 0};
	bool unique = ids_are_unique(before);
	require(cf_owned_init(&owned, 1));
	int rc = cf_owned_add(&owned, before, "vm1", false, &fail);
	xmlDoc *doc = xmlCopyDoc((xmlDoc *)before, 1);
	require(doc && (rc == 0 || (rc == -EEXIST && fail.text[0])));
	if (rc == 0) {
		rc = cf_merge(doc, wanted(), owned.id, &fail);
		require(rc == 0 || (rc == -EEXIST && fail.text[0] && same(doc, before)));
	}
	if (rc == 0) {
		tell(doc, before);
		if (unique)
			put_in_again(doc, &owned);
	}
	xmlFreeDoc(doc);
	cf_owned_free(&owned);
}

static void take_out(xmlDoc *doc)
{
	struct cf_owned owned;
	struct vt_fail fail = {.code = 0};
	require(cf_owned_init(&owned, 1));
	if (cf_owned_add(&owned, doc, "vm1", false, &fail) == 0) {
		require(cf_take_out(doc, owned.id) == (owned.count > 0));
		for (unsigned i = 0; i < owned.count; i++)
			require(!cf_child_of_id(cf_section(doc, "resources"), "primitive", owned.id[i]));
	}
	cf_owned_free(&owned);
}

static void check_read(const char *text)
{
	static struct cf_cib cib;
	struct vt_fail fail = {.code = 0};
	int rc = cf_cib_parse(&cib, text, "fuzz", &fail);
	require(rc == 0 || (rc == -EINVAL && fail.code == rc && fail.text[0]));
	require(rc != 0 || (cib.devices <= CF_DEVICES_MAX && cib.levels <= CF_LEVELS_MAX && cib.locations <= CF_LOCATIONS_MAX &&
			    cib.resources <= CF_RESOURCES_MAX && cib.aways <= CF_AWAY_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_fail fail = {.code = 0};
	char *text = text_of(data, size);
	check_read(text);
	xmlDoc *doc = cf_tree_parse(text, "fuzz", &fail);
	require(doc || (fail.code == -EINVAL && fail.text[0]));
	if (doc) {
		put_in(doc);
		take_out(doc);
		xmlFreeDoc(doc);
	}
	free(text);
	return 0;
}
