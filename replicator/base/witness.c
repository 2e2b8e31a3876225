// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/witness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

/* ---- who ---------------------------------------------------------------------------------------------- */

static int set_address(struct vt_witness *w, const char *address, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&w->addr;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&w->addr;
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		w->addr_len = sizeof *four;
		return 0;
	}
	if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		w->addr_len = sizeof *six;
		return 0;
	}
	return -EINVAL;
}

/* Cuts ":PORT" off text. The port, or 0 if there is none that is one. */
static uint16_t cut_port(char *text)
{
	char *colon = strrchr(text, ':');
	if (!colon)
		return 0;
	size_t n = strlen(colon + 1);
	if (n < 1 || n > 5 || strspn(colon + 1, "0123456789") != n)
		return 0;
	unsigned long port = strtoul(colon + 1, NULL, 10);
	*colon = '\0';
	return port <= 65535 ? (uint16_t)port : 0;
}

static int parse_tcp(struct vt_witness *w, char *text)
{
	uint16_t port = cut_port(text);
	size_t n = strlen(text);
	if (port == 0)
		return -EINVAL;
	if (text[0] == '[' && n > 1 && text[n - 1] == ']') {
		text[n - 1] = '\0';
		return set_address(w, text + 1, port);
	}
	return strchr(text, ':') ? -EINVAL : set_address(w, text, port);
}

/* The address as text, without a port. */
static const char *address_of(const struct vt_witness *w, char out[INET6_ADDRSTRLEN])
{
	const void *at = w->addr.ss_family == AF_INET ? (const void *)&((const struct sockaddr_in *)&w->addr)->sin_addr
						       : (const void *)&((const struct sockaddr_in6 *)&w->addr)->sin6_addr;
	return inet_ntop(w->addr.ss_family, at, out, INET6_ADDRSTRLEN) ? out : "";
}

int vt_witness_parse(struct vt_witness *w, const char *text, struct vt_fail *fail)
{
	char address[VT_WITNESS_TEXT], own[INET6_ADDRSTRLEN];
	int rc = -EINVAL;
	memset(w, 0, sizeof *w);
	if (strlen(text) >= sizeof w->text)
		return vt_fail(fail, -EINVAL, "'%.40s...' is too long for a witness", text);
	memcpy(w->text, text, strlen(text) + 1);
	if (strncmp(text, "ping:", 5) == 0) {
		w->kind = VT_WITNESS_PING;
		rc = set_address(w, text + 5, 0);
	} else if (strncmp(text, "tcp:", 4) == 0) {
		w->kind = VT_WITNESS_TCP;
		memcpy(address, text + 4, strlen(text + 4) + 1);
		rc = parse_tcp(w, address);
	}
	if (rc < 0)
		return vt_fail(fail, -EINVAL,
			       "'%s' is no witness; give ping:ADDRESS or tcp:ADDRESS:PORT, with an address in numbers, as in: "
			       "witness = ping:192.0.2.1 tcp:[2001:db8::1]:443",
			       text);
	const char *fault = vt_address_fault(address_of(w, own));
	return fault ? vt_fail(fail, -EINVAL, "'%s' %s: it can be no witness", text, fault) : 0;
}

/* ---- the list ----------------------------------------------------------------------------------------- */

/* However it is written. */
static bool is_same(const struct vt_witness *a, const struct vt_witness *b)
{
	return a->kind == b->kind && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0;
}

int vt_witness_list_parse(struct vt_witness_conf *conf, const char *value, struct vt_fail *fail)
{
	conf->count = 0;
	for (const char *at = value + strspn(value, " \t"); *at; at += strspn(at, " \t")) {
		char text[VT_WITNESS_TEXT * 2];
		size_t len = strcspn(at, " \t");
		if (conf->count == VT_WITNESSES_MAX)
			return vt_fail(fail, -EINVAL, "more than %d witnesses", VT_WITNESSES_MAX);
		snprintf(text, sizeof text, "%.*s", len < sizeof text ? (int)len : (int)sizeof text - 1, at);
		int rc = vt_witness_parse(&conf->witness[conf->count], text, fail);
		if (rc < 0)
			return rc;
		for (unsigned i = 0; i < conf->count; i++)
			if (is_same(&conf->witness[i], &conf->witness[conf->count]))
				return vt_fail(fail, -EINVAL, "%s is named twice", text);
		conf->count++;
		at += len;
	}
	return conf->count ? 0 : vt_fail(fail, -EINVAL, "no witness is named");
}

bool vt_witness_reached(const struct vt_witness_conf *conf, uint32_t answered)
{
	uint32_t every = (1u << conf->count) - 1;
	return conf->count > 0 && (conf->all ? (answered & every) == every : (answered & every) != 0);
}

bool vt_witness_has_address(const struct vt_witness *w, const struct sockaddr *addr)
{
	if (!addr || addr->sa_family != w->addr.ss_family)
		return false;
	if (addr->sa_family == AF_INET)
		return ((const struct sockaddr_in *)addr)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)&w->addr)->sin_addr.s_addr;
	return addr->sa_family == AF_INET6 && memcmp(&((const struct sockaddr_in6 *)addr)->sin6_addr,
						     &((const struct sockaddr_in6 *)&w->addr)->sin6_addr,
						     sizeof(struct in6_addr)) == 0;
}

bool vt_witness_has_text(const struct vt_witness *w, const char *address)
{
	char own[INET6_ADDRSTRLEN];
	return vt_address_same(address_of(w, own), address);
}

/* ---- what the prober says ----------------------------------------------------------------------------- */

size_t vt_witness_format(const struct vt_witness_report *report, char *line)
{
	int n = snprintf(line, VT_WITNESS_LINE_MAX, "witness %llu %lu\n", (unsigned long long)report->sent_ns,
			 (unsigned long)report->answered);
	return (size_t)n;
}

/* A decimal number and the character after it. */
static int take_number(const char **at, uint64_t most, char end, uint64_t *out)
{
	char *after;
	if (**at < '0' || **at > '9')
		return -EBADMSG;
	errno = 0;
	unsigned long long v = strtoull(*at, &after, 10);
	if (errno || v > most || *after != end)
		return -EBADMSG;
	*at = after + 1;
	*out = v;
	return 0;
}

int vt_witness_report_parse(struct vt_witness_report *report, const char *line, size_t len)
{
	static const char word[] = "witness ";
	char text[VT_WITNESS_LINE_MAX + 1];
	uint64_t sent_ns, answered;
	if (len < sizeof word || len > VT_WITNESS_LINE_MAX || memchr(line, '\0', len))
		return -EBADMSG;
	memcpy(text, line, len);
	text[len] = '\0';
	const char *at = text + sizeof word - 1;
	if (strncmp(text, word, sizeof word - 1) != 0 || take_number(&at, UINT64_MAX, ' ', &sent_ns) < 0 ||
	    take_number(&at, UINT32_MAX, '\n', &answered) < 0 || *at != '\0')
		return -EBADMSG;
	*report = (struct vt_witness_report){.sent_ns = sent_ns, .answered = (uint32_t)answered};
	/* numbers with leading zeros are none of ours */
	return vt_witness_format(report, text) == len && memcmp(text, line, len) == 0 ? 0 : -EBADMSG;
}

uint16_t vt_echo_checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)data[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool vt_witness_echo_reply(const uint8_t *data, size_t len, bool six, bool ip_header, uint64_t payload)
{
	enum { ICMP4_REPLY = 0, ICMP6_REPLY = 129, IP4_HEADER = 20 };
	size_t at = 0;
	if (ip_header) {
		at = len > 0 ? (data[0] & 0xf) * 4u : 0;
		if (at < IP4_HEADER)
			return false;
	}
	return len >= at + VT_ECHO_HEADER + sizeof payload && data[at] == (six ? ICMP6_REPLY : ICMP4_REPLY) &&
	       memcmp(data + at + VT_ECHO_HEADER, &payload, sizeof payload) == 0;
}
