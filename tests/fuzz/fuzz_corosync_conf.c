// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser of corosync.conf against any bytes: never crashes; what it accepts obeys its promises. */
#include "tests/fuzz/fuzz.h"

#include "crm-config/corosync_conf.h"

#define NUMBER_MAX 999999999u /* nine digits */

static void check_words(const struct cf_corosync *c)
{
	require(memchr(c->provider, '\0', sizeof c->provider) && memchr(c->algorithm, '\0', sizeof c->algorithm));
	require(memchr(c->device_model, '\0', sizeof c->device_model) && memchr(c->device_host, '\0', sizeof c->device_host));
	for (unsigned i = 0; i < c->node_count; i++) {
		require(memchr(c->node[i].name, '\0', CF_NAME_MAX) != NULL && c->node[i].votes <= NUMBER_MAX);
		for (unsigned k = 0; k < CF_LINKS_MAX; k++)
			require(memchr(c->node[i].addr[k], '\0', CF_NAME_MAX) != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cf_corosync c;
	struct vt_fail fail = {.code = 0};
	char *text = text_of(data, size);
	int rc = cf_corosync_parse(&c, text, "fuzz", &fail);
	free(text);
	if (rc != 0) {
		require(rc == -EINVAL && fail.code == rc && fail.text[0] != '\0');
		return 0;
	}
	require(c.node_count <= CF_NODES_MAX && c.token_ms <= NUMBER_MAX && c.real_token_ms >= c.token_ms);
	check_words(&c);
	require(c.consensus_set || c.consensus_ms == (uint64_t)c.real_token_ms * 6 / 5 % (1ull << 32));
	struct vt_cluster_timing t = cf_corosync_timing(&c);
	require(t.device == c.device && t.two_node == cf_corosync_both_quorate(&c));
	for (unsigned i = 0; i < c.node_count; i++)
		if (t.two_node && strcmp(c.provider, "corosync_votequorum") == 0 && c.node_count > 1)
			require(cf_corosync_alone(&c, &c.node[i]));
	return 0;
}
