/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the preflight share. */
#ifndef VMTWIN_CRM_CONFIG_PREFLIGHT_INT_H
#define VMTWIN_CRM_CONFIG_PREFLIGHT_INT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "crm-config/check_int.h"
#include "crm-config/model.h"
#include "crm-config/preflight.h"

/* ---- the verdict (preflight_check*.c): pure ---------------------------------------------------------- */

struct pf_judge {
	const struct cf_facts *f;
	const struct pf_host *host;
	const struct pf_peer *peer;
	struct cf_findings *out;
};

/* How many of the named units have a place in the tables. */
unsigned pf_units(const struct cf_facts *f);
/* Some named unit is vmtwin's to mirror; some is on DRBD. */
bool pf_has_mirror(const struct cf_facts *f);
bool pf_has_drbd(const struct cf_facts *f);
/* The named unit of that number with its keys of the cluster; NULL: f->model is. */
const struct cf_unit *pf_model_unit(const struct cf_facts *f, unsigned number);
/* Where the definition of the unit's domain is kept. */
#define PF_DEFINITION_MAX (VT_PATH_MAX + 160)
const char *pf_definition(const struct vt_unitconf *u, char out[PF_DEFINITION_MAX]);
/* "1.2.3-x" is at least major.minor. A text that begins with no number is. */
bool pf_version_at_least(const char *text, unsigned major, unsigned minor);

void pf_check_programs(const struct pf_judge *j);
void pf_check_clock(const struct pf_judge *j);
void pf_check_boot(const struct pf_judge *j);
void pf_check_security(const struct pf_judge *j);
void pf_check_names(const struct pf_judge *j);
void pf_check_paths(const struct pf_judge *j);
void pf_check_ports(const struct pf_judge *j);
void pf_check_disks(const struct pf_judge *j);
void pf_check_domains(const struct pf_judge *j);
void pf_check_needs(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_domain *d);
void pf_check_drbd(const struct pf_judge *j);
void pf_check_same(const struct pf_judge *j);
void pf_check_crypto(const struct pf_judge *j);

/* ---- finding out (preflight_gather*.c) ------------------------------------------------------------------- */

struct pf_ask {
	const struct cf_facts *f;
	const char *unit_dir, *corosync_path, *host_path;
	struct pf_host *host; /* in memory that the parts' processes share */
};

/* Each fills in its part; run in a process of its own, which is killed when its time is over. */
void pf_ask_system(const struct pf_ask *a, unsigned number);
void pf_ask_cluster(const struct pf_ask *a, unsigned number);
void pf_ask_names(const struct pf_ask *a, unsigned number);
void pf_ask_path(const struct pf_ask *a, unsigned number);
void pf_ask_disk(const struct pf_ask *a, unsigned number);
void pf_ask_drbd(const struct pf_ask *a, unsigned number);
void pf_ask_volume(const struct pf_ask *a, unsigned number);
void pf_ask_vms(const struct pf_ask *a, unsigned number);

/* Whether what the domain needs is on this host, and what its images are based on. */
void pf_look_at_needs(const struct vt_unitconf *u, struct pf_domain *d);
/* The names of this host's network interfaces, as the other host compares them. */
void pf_list_interfaces(char *out, size_t cap);

/* Digests of what is configured; not in a process of its own. */
void pf_ask_digests(const struct pf_ask *a);

/* Its standard output; ends within 1.5 s. As vt_run. */
int pf_run(const char *program, const char *word1, const char *word2, char *out, size_t cap);
/* systemd starts it at boot; by the links that `systemctl enable` makes. name: "x.service". */
bool pf_wanted_at_boot(const char *name);

struct pf_address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* A name or an address in numbers. 0, or getaddrinfo's error. */
int pf_resolve(const char *text, struct pf_address *out);
bool pf_same_address(const struct sockaddr *a, const struct sockaddr *b);
bool pf_loopback(const struct sockaddr *a);
/* In numbers. */
void pf_address_text(const struct sockaddr *a, char out[PF_ADDR_MAX]);

/* Echo requests from own to other: how long answers take, and which size gets through. Fills sent, answered, median_us, ping_error,
 * mtu_passed; mtu must be known. */
void pf_ping(struct pf_path *p, const struct pf_address *own, const struct pf_address *other);
/* What becomes of a connection to that port there, within limit_ms. */
enum pf_port pf_try_port(const struct pf_address *own, const struct pf_address *other, uint16_t port, int limit_ms);

#define PF_QCOW2_HEAD 20

/* ---- pure parsers of what is read -------------------------------------------------------------------------- */

/* A domain's XML, as libvirt or a file has it. 0 or -EINVAL with fail. */
int pf_domain_parse(struct pf_domain *d, const char *xml, struct vt_fail *fail);
/* Adds to what the domain needs, once; a name that is empty or too long is passed over. of: the disk, or "". */
void pf_need_add(struct pf_domain *d, enum pf_need_kind kind, const char *of, const char *name);
/* The domain's element: what it needs beside its disks; and the disk's, the files its image is based on, by the XML. */
struct _xmlNode;
void pf_needs_take(struct pf_domain *d, const struct _xmlNode *dom);
void pf_chain_take(struct pf_domain *d, struct pf_vdisk *v, const struct _xmlNode *disk);
/* Adds a word to a list of words; what doesn't fit becomes " ...". False: so it was, now or before. */
bool pf_word_add(char *list, size_t cap, const char *word);
/* The list has the word, or ends with "..." and may have it. */
bool pf_word_in(const char *list, const char *word);
/* It is a path below dir. */
bool pf_inside(const char *path, const char *dir);
/* The path that name means in the file at path: itself, or beside that; "." and ".." resolved by their letters. False: none, a
 * protocol's, or too long. */
bool pf_beside(const char *path, const char *name, char out[VT_PATH_MAX]);
/* Of an image of qcow2: where it has the name of its backing file, and how long. False: it has none, or is no such image. */
bool pf_qcow2_backing(const uint8_t head[PF_QCOW2_HEAD], uint64_t *offset, uint32_t *len);
/* virConnectGetCapabilities(): vendor and model of the CPU, machine types of the host's own architecture. 0 or -EINVAL. */
int pf_capabilities_parse(struct pf_facts *facts, const char *xml, const char *arch);
/* What `nft list ruleset` prints: a packet that comes in may be dropped or rejected by a rule or by a chain's policy. */
bool pf_nft_filters(const char *ruleset);
/* The line of mountinfo(5) that path is on: type and whether an option switches barriers off. False: none. */
bool pf_mount_of(const char *mountinfo, const char *path, char type[PF_TYPE_MAX], bool *no_barrier);
/* What `drbdsetup status --verbose` prints, of DRBD 8.4 or 9. */
void pf_status_parse(struct pf_drbd *d, const char *text);
/* The last whole 4 KiB of a device: where DRBD's internal metadata has its head. */
enum pf_meta pf_meta_of(const uint8_t block[PF_META_BYTES]);
/* Of /proc/swaps: the device is one. */
bool pf_is_swap(const char *swaps, const char *device);
/* Where mountinfo(5) has the device mounted, into out; false: nowhere. */
bool pf_mounted_at(const char *mountinfo, unsigned major, unsigned minor, char *out, size_t cap);
/* The first line of a program's complaints that is one, of drbdadm: not modinfo's. */
void pf_complaint(const char *text, char *out, size_t cap);
/* The median; values are sorted. 0 for none. */
uint32_t pf_median(uint32_t *values, unsigned count);
/* The version in "Pacemaker 2.1.5-1" or "version '3.1.7'": from the first digit on. "": there is none. */
void pf_version_of(const char *text, char out[PF_VERSION_MAX]);

#endif
