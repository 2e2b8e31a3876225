// SPDX-License-Identifier: GPL-2.0-or-later
/* The VM and its directory, and the addresses that tell who is cut off: <replicated>, <user>, <check>. */
#include <string.h>

#include "base/witness.h"
#include "crm-config/safekit_int.h"

#define SNAPSHOTS "/var/lib/libvirt/qemu/snapshot"
#define BLANKS " ,;"
#define WORD_MAX 128

/* ---- directory ---------------------------------------------------------------------------------------- */

static bool within(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static void other_directory(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	struct sk_plan *p = &m->plan;
	if (within(a->value, SNAPSHOTS)) {
		sk_say_attr(m, SK_LEFT, e, a,
			    ": do copy the snapshots' XML to %.300s/snapshots instead: from there it is mirrored with the rest, and made known to "
			    "libvirt wherever the VM starts",
			    p->directory);
		return;
	}
	if (within(a->value, p->directory)) {
		sk_say_attr(m, SK_TAKEN, e, a, " as a part of directory = %s", p->directory);
		return;
	}
	sk_say_attr(m, SK_LEFT, e, a, ": do move what the VM needs of it into %.300s instead, or make it a unit of its own: a unit mirrors one directory",
		    p->directory);
	sk_todo(m, "",
		"%.120s was mirrored too (line %u of userconfig.xml); a unit mirrors one directory: move what the VM needs of it into the directory, then delete these lines",
		a->value, a->line);
}

int sk_take_replicated(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const struct sk_attr *mode = sk_attr(m->doc, e, "mode");
	if (!a)
		return sk_bad(m, e->line, "replicated has no dir");
	if (e == m->plan.main_dir)
		sk_say_attr(m, SK_TAKEN, e, a, " as directory = %s", m->plan.directory);
	else
		other_directory(m, e, a);
	if (mode && strcmp(mode->value, "read_only") == 0)
		sk_say_attr(m, SK_TAKEN, e, mode, " as what a unit always is: on the secondary nothing writes to its directory");
	else if (mode)
		sk_say_attr(m, SK_CHANGED, e, mode, " to read_only, because on the secondary nothing ever writes to the directory");
	return 0;
}

/* ---- scripts' variables --------------------------------------------------------------------------------- */

void sk_say_name(struct sk_import *m, const struct sk_elem *e)
{
	const struct sk_plan *p = &m->plan;
	bool same = strcmp(p->domain, p->unit) == 0;
	sk_say(m, same ? SK_TAKEN : SK_CHANGED, e->line, "%s name=\"VM_NAME\" value=\"%.200s\" %s domain = %.200s, and %s as the unit's name%s", e->name,
	       p->domain, same ? "as" : "to", p->domain, p->unit,
	       same ? "" : strlen(p->domain) > VT_UNIT_NAME_MAX ? ", because a unit's name is 63 bytes at most" : ", because a unit's name has only a-z, 0-9, '.', '_' and '-', or another one was asked for");
}

int sk_take_var(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const struct sk_plan *p = &m->plan;
	const char *value = sk_value(m->doc, e, "value");
	char tag[240];
	if (!a)
		sk_say(m, SK_LEFT, e->line, "%s: do nothing instead: without a name no script would have seen it", sk_tag(m->doc, e, tag, sizeof tag));
	else if (strcmp(a->value, "VM_NAME") == 0 && strcmp(value, p->domain) == 0)
		sk_say_name(m, e);
	else if (strcmp(a->value, "VM_PATH") == 0 && within(value, p->directory) && within(p->directory, value))
		sk_say(m, SK_TAKEN, a->line, "var name=\"VM_PATH\" value=\"%.200s\" as directory", value);
	else if (strcmp(a->value, "VM_PATH") == 0 || strcmp(a->value, "VM_NAME") == 0)
		sk_say(m, SK_LEFT, a->line, "var name=\"%s\" value=\"%.200s\": do see whether directory = %.300s and domain = %.100s are right instead: it names another one",
		       a->value, value, p->directory, p->domain);
	else
		sk_say(m, SK_LEFT, a->line, "var name=\"%.60s\" value=\"%.200s\": do add what the scripts did with it as an OCF or systemd resource of the cluster instead, if it matters: there are no scripts", a->value,
		       sk_shown(m->doc, a->value, value));
	return 0;
}

/* ---- addresses ------------------------------------------------------------------------------------------ */

/* The next word of a list, in out; false: no more, or (out empty) too long. */
static bool next_word(const char **at, char out[WORD_MAX])
{
	*at += strspn(*at, BLANKS);
	size_t len = strcspn(*at, BLANKS);
	out[0] = '\0';
	if (len == 0)
		return false;
	if (len < WORD_MAX) {
		memcpy(out, *at, len);
		out[len] = '\0';
	}
	*at += len;
	return true;
}

static bool list_has(const char *list, const char *word)
{
	char known[WORD_MAX];
	while (next_word(&list, known))
		if (strcmp(known, word) == 0)
			return true;
	return false;
}

/* Adds to a list of words; false: it is full. */
static bool list_add(char *list, size_t cap, const char *word)
{
	size_t len = strlen(list);
	if (len + 1 + strlen(word) >= cap)
		return false;
	snprintf(list + len, cap - len, " %s", word);
	return true;
}

/* "ping:ADDRESS" as a witness; what is wrong with it is said and left for the administrator. */
static void add_witness(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a, const char *address)
{
	struct sk_plan *p = &m->plan;
	struct vt_witness w;
	struct vt_fail fail = {.code = 0};
	char text[WORD_MAX + 8];
	snprintf(text, sizeof text, "ping:%s", address);
	if (list_has(p->witness, text))
		return;
	if (vt_witness_parse(&w, text, &fail) < 0) {
		sk_say_attr(m, SK_LEFT, e, a, ": do complete witness in the unit's file instead: %s", fail.text);
		sk_todo(m, "witness = ping:192.0.2.1", "SafeKit's split-brain checker had the address '%.80s', which can't be a witness as it is; write its number", address);
	} else if (p->witnesses == VT_WITNESSES_MAX || !list_add(p->witness, sizeof p->witness, text)) {
		sk_say_attr(m, SK_LEFT, e, a, ": do choose at most %d witnesses instead: %s is one too many", VT_WITNESSES_MAX, address);
	} else {
		p->witnesses++;
		sk_say_attr(m, SK_TAKEN, e, a, " as witness %s%s", text, p->witnesses > 1 ? "; any one will do" : "");
	}
}

int sk_take_witness(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const char *exec = sk_value(m->doc, e, "exec"), *at = a ? a->value : "";
	const struct sk_attr *exec_attr = sk_attr(m->doc, e, "exec");
	char word[WORD_MAX];
	if (strcmp(exec, "ping") != 0) {
		char tag[240];
		sk_say(m, SK_LEFT, e->line, "%s: do choose a witness instead: a quorum device (witness = qdevice:HOST), ping:ADDRESS or tcp:ADDRESS:PORT; a script can't be one",
		       sk_tag(m->doc, e, tag, sizeof tag));
		sk_todo(m, "witness = qdevice:witness-host", "SafeKit's split-brain checker was '%.80s', which can't be taken over; choose what tells which host is cut off", exec);
		return 0;
	}
	sk_say_attr(m, SK_TAKEN, e, exec_attr, " as witness = ping:...; a host that reaches none, while the other one is gone, takes its VM down");
	unsigned words = 0;
	for (; next_word(&at, word); words++)
		add_witness(m, e, a, word);
	if (words == 0) {
		sk_say(m, SK_LEFT, e->line, "<splitbrain> without an address: do complete witness in the unit's file instead");
		sk_todo(m, "witness = ping:192.0.2.1", "SafeKit's split-brain checker had no address");
	}
	return 0;
}

int sk_take_ping(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	struct sk_plan *p = &m->plan;
	if (!a)
		return sk_bad(m, e->line, "<to> has no addr");
	if (!sk_address_ok(a->value))
		return sk_bad(m, a->line, "to addr=\"%.80s\": not an address", a->value);
	if (list_has(p->require_ping, a->value)) {
		sk_say_attr(m, SK_LEFT, e, a, ": do nothing instead: it is in require_ping already");
	} else if (strlen(a->value) >= CF_ADDRESS_MAX) {
		sk_say_attr(m, SK_LEFT, e, a, ": do give its number instead: an address of require_ping has %d bytes at most", CF_ADDRESS_MAX - 1);
	} else if (!list_add(p->require_ping, sizeof p->require_ping, a->value)) {
		sk_say_attr(m, SK_LEFT, e, a, ": do choose fewer addresses instead: there is no room for it in require_ping");
	} else if (p->pings++ == 0) {
		sk_say_attr(m, SK_TAKEN, e, a, " as require_ping = %s: where it does not answer the VM does not run", a->value);
	} else {
		sk_say_attr(m, SK_CHANGED, e, a, " to one more address of require_ping, because one answer is enough there: it takes a loss of all to stop the VM");
	}
	return 0;
}
