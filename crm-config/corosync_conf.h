/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * corosync.conf(5) as far as fencing and quorum depend on it: sections "NAME {" ... "}", lines "KEY: VALUE", comments that
 * begin with '#'. What is not set has corosync's own default. As in corosync, of a key given twice the last one counts. Pure.
 */
#ifndef VMTWIN_CRM_CONFIG_COROSYNC_CONF_H
#define VMTWIN_CRM_CONFIG_COROSYNC_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/timing.h"

#define CF_NODES_MAX 16
#define CF_LINKS_MAX 8 /* ring0_addr to ring7_addr */
#define CF_NAME_MAX 256
#define CF_WORD_MAX 32

struct cf_node {
	char name[CF_NAME_MAX]; /* "": none given; then Pacemaker goes by ring0_addr or the host's own name */
	char addr[CF_LINKS_MAX][CF_NAME_MAX];
	uint32_t votes;
};

struct cf_corosync {
	uint32_t token_ms, token_coefficient_ms; /* as configured */
	uint32_t real_token_ms;			 /* what corosync works with: token_coefficient added from the third node on */
	uint32_t consensus_ms;
	bool consensus_set;
	char provider[CF_WORD_MAX];
	uint32_t two_node, wait_for_all, last_man_standing, auto_tie_breaker;
	bool wait_for_all_set, expected_set, device_votes_set, heuristics_set;
	uint32_t expected_votes; /* the nodes' (without the device's): configured, or counted from the nodelist */
	bool device;
	char device_model[CF_WORD_MAX], algorithm[CF_WORD_MAX], device_host[CF_NAME_MAX];
	uint32_t device_timeout_ms, device_sync_ms, device_votes;
	char cipher[CF_WORD_MAX], hash[CF_WORD_MAX], secauth[CF_WORD_MAX]; /* totem.crypto_*; "": not given, then off */
	char heuristics[CF_WORD_MAX]; /* quorum.device.heuristics.mode; "": off */
	uint32_t heuristics_sync_ms;
	unsigned node_count;
	struct cf_node node[CF_NODES_MAX];
};

/* 0, or -EINVAL: not this format, a number that is none, too long or too deep, more than CF_NODES_MAX nodes; fail says which
 * line of path. conf is defined only after 0. */
int cf_corosync_parse(struct cf_corosync *conf, const char *text, const char *path, struct vt_fail *fail);
/* Without the device's vote, has this node quorum when it is alone? */
bool cf_corosync_alone(const struct cf_corosync *conf, const struct cf_node *node);
/* Each of the hosts has quorum alone: quorum then doesn't tell which side of a split is cut off. */
bool cf_corosync_both_quorate(const struct cf_corosync *conf);
struct vt_cluster_timing cf_corosync_timing(const struct cf_corosync *conf);
/* The node that Pacemaker calls so, or NULL. */
const struct cf_node *cf_corosync_node(const struct cf_corosync *conf, const char *name);

#endif
