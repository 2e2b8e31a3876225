// SPDX-License-Identifier: GPL-2.0-or-later
/* The other host's facts, digests of configuration, and what programs print: any bytes. What is accepted is printed again as it was
 * understood. */
#include "tests/fuzz/fuzz.h"

#include "crm-config/preflight_int.h"

static void print(const struct pf_facts *facts, char **text)
{
	size_t size = 0;
	FILE *out = open_memstream(text, &size);
	require(out && pf_facts_print(facts, out) == 0);
	fclose(out);
}

static void check_texts(const struct pf_facts *f)
{
	require(memchr(f->host, '\0', sizeof f->host) && memchr(f->cpu, '\0', sizeof f->cpu) && memchr(f->machines, '\0', sizeof f->machines));
	require(memchr(f->version[PF_DRBD], '\0', PF_VERSION_MAX) && memchr(f->version[PF_DRBD_UTILS], '\0', PF_VERSION_MAX));
	require(memchr(f->vmtwind_conf, '\0', PF_DIGEST_MAX) && memchr(f->corosync_conf, '\0', PF_HASH_MAX) && f->units <= PF_UNITS_MAX);
	for (unsigned i = 0; i < f->units; i++) {
		require(vt_unit_name_ok(f->unit[i].name) && memchr(f->unit[i].digest, '\0', PF_DIGEST_MAX));
		require(memchr(f->unit[i].machine, '\0', PF_MACHINE_MAX) && memchr(f->unit[i].definition, '\0', PF_HASH_MAX));
	}
}

static void read_facts(const char *text)
{
	static struct pf_facts facts, again;
	struct vt_fail fail = {.code = 0};
	char *first = NULL, *second = NULL;
	int rc = pf_facts_parse(&facts, text, "fuzz", &fail);
	if (rc != 0) {
		require(rc == -EINVAL && fail.code == rc && fail.text[0] != '\0');
		return;
	}
	check_texts(&facts);
	print(&facts, &first);
	require(pf_facts_parse(&again, first, "fuzz", &fail) == 0);
	print(&again, &second);
	require(strcmp(first, second) == 0);
	free(first);
	free(second);
}

static void read_digest(const char *text)
{
	char digest[PF_DIGEST_MAX], keys[64], hash[PF_HASH_MAX];
	struct vt_fail fail = {.code = 0};
	int rc = pf_digest_conf(text, "fuzz", digest, &fail);
	require(rc == 0 || rc == -EINVAL || rc == -ENAMETOOLONG);
	require(memchr(digest, '\0', sizeof digest) != NULL);
	if (rc == 0)
		require(pf_digest_differ(digest, digest, keys, sizeof keys) == 0);
	(void)pf_digest_differ(digest, text, keys, sizeof keys);
	(void)pf_digest_differ(text, digest, keys, sizeof keys);
	require(memchr(keys, '\0', sizeof keys) != NULL);
	pf_digest_text(text, hash);
	require(strlen(hash) == 8);
}

static void read_drbd(const char *text)
{
	static struct pf_drbd d;
	char said[32];
	pf_status_parse(&d, text);
	require(d.resources <= PF_RESOURCES_MAX);
	for (unsigned i = 0; i < d.resources; i++) {
		const struct pf_resource *r = &d.resource[i];
		require(memchr(r->name, '\0', sizeof r->name) && memchr(r->suspended, '\0', PF_STATE_MAX) && memchr(r->disk, '\0', PF_STATE_MAX));
		require(memchr(r->connection, '\0', PF_STATE_MAX) && memchr(r->replication, '\0', PF_STATE_MAX) &&
			memchr(r->peer_disk, '\0', PF_STATE_MAX));
	}
	pf_complaint(text, said, sizeof said);
	require(memchr(said, '\0', sizeof said) != NULL);
	(void)pf_is_swap(text, "/dev/dm-1");
	said[0] = '\0';
	(void)pf_mounted_at(text, 8, 1, said, sizeof said);
	require(memchr(said, '\0', sizeof said) != NULL);
}

static void read_others(const char *text)
{
	char type[PF_TYPE_MAX] = "", version[PF_VERSION_MAX];
	bool no_barrier = false;
	pf_version_of(text, version);
	require(memchr(version, '\0', sizeof version) != NULL);
	(void)pf_version_at_least(text, 1, 0);
	(void)pf_nft_filters(text);
	if (pf_mount_of(text, "/srv/vm1", type, &no_barrier))
		require(memchr(type, '\0', sizeof type) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	read_facts(text);
	read_digest(text);
	read_others(text);
	read_drbd(text);
	free(text);
	return 0;
}
