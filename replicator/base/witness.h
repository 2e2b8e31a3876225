/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Witnesses: addresses that a host can ask whether it is the one that is cut off, where no third vote tells (a cluster of two
 * without quorum device). Who they are (vmtwind.conf(5)), and what the prober (daemon/witness) says of them. Pure.
 */
#ifndef VMTWIN_BASE_WITNESS_H
#define VMTWIN_BASE_WITNESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/log.h"

#define VT_WITNESSES_MAX 8
#define VT_WITNESS_TEXT 64
#define VT_WITNESS_LINE_MAX 64

enum vt_witness_kind { VT_WITNESS_PING, VT_WITNESS_TCP };

struct vt_witness {
	enum vt_witness_kind kind;
	struct sockaddr_storage addr; /* IPv4 or IPv6; the port is 0 for ping */
	socklen_t addr_len;
	char text[VT_WITNESS_TEXT]; /* as written: "ping:192.0.2.1", "tcp:192.0.2.1:443", "tcp:[2001:db8::1]:443" */
};

struct vt_witness_conf {
	unsigned count; /* 0: none */
	bool all;	/* each of them must answer; else any one will do */
	struct vt_witness witness[VT_WITNESSES_MAX];
};

/* One round of the prober. */
struct vt_witness_report {
	uint64_t sent_ns;  /* CLOCK_BOOTTIME before the round's first packet: what an answer proves is of then */
	uint32_t answered; /* a bit for each */
};

/* 0, or -EINVAL with a message that says what is wrong with the text. Addresses are numbers: a name needs a name server, which
 * may be what is cut off. This host itself (loopback), multicast and the like are refused. */
int vt_witness_parse(struct vt_witness *w, const char *text, struct vt_fail *fail);
/* The witness is at this address, whatever its port; the same of an address in numbers (false for a name). */
bool vt_witness_has_address(const struct vt_witness *w, const struct sockaddr *addr);
bool vt_witness_has_text(const struct vt_witness *w, const char *address);
/* A list separated by spaces; conf->all is left as it is. 0 or -EINVAL. */
int vt_witness_list_parse(struct vt_witness_conf *conf, const char *value, struct vt_fail *fail);
/* Enough of them answered, as the configuration asks. */
bool vt_witness_reached(const struct vt_witness_conf *conf, uint32_t answered);

/* "witness SENT_NS ANSWERED\n" into line (VT_WITNESS_LINE_MAX): its length. */
size_t vt_witness_format(const struct vt_witness_report *report, char *line);
/* 0 or -EBADMSG. */
int vt_witness_report_parse(struct vt_witness_report *report, const char *line, size_t len);

#define VT_ECHO_HEADER 8 /* bytes of ICMP and ICMPv6 alike: type, code, checksum, id, number */
/* Of an ICMP packet whose own checksum is still 0 (RFC 1071): its high byte comes first. */
uint16_t vt_echo_checksum(const uint8_t *data, size_t len);
/* A packet is the reply to the echo request with this payload. ip_header: it comes with IPv4's before it (raw sockets). */
bool vt_witness_echo_reply(const uint8_t *data, size_t len, bool six, bool ip_header, uint64_t payload);

#endif
