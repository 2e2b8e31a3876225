// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/spawn.h"
#include "crm-config/normal.h"

#define TOOL_LIMIT_MS 30000
#define ARGS_MAX 16
#define SCHEMA "pacemaker-"
#define SCHEMA_MAJOR 3 /* the first that has Promoted as a role */
#define SCHEMA_MINOR 7
#define SUMMARY "Transition Summary:"
#define SUMMARY_END "Executing Cluster Transition:"

int cf_live_tool(const char *name, const char *const *args, int timeout_ms, char *out, size_t cap)
{
	char path[64];
	const char *argv[ARGS_MAX + 2] = {path};
	int count = 1;
	snprintf(path, sizeof path, "/usr/sbin/%s", name);
	for (; *args && count <= ARGS_MAX; args++)
		argv[count++] = *args;
	return vt_run((char *const *)(uintptr_t)argv, timeout_ms, out, cap);
}

xmlDoc *cf_live_read(struct vt_fail *fail)
{
	static const char *const args[] = {"--query", NULL};
	char *text = malloc(CF_CIB_BYTES_MAX + 2);
	xmlDoc *doc = NULL;
	int rc = text ? cf_live_tool("cibadmin", args, TOOL_LIMIT_MS, text, CF_CIB_BYTES_MAX + 2) : -ENOMEM;
	if (rc == 0)
		doc = cf_tree_parse(text, "what cibadmin tells", fail);
	else
		vt_fail(fail, rc < 0 ? rc : -EHOSTDOWN, "the cluster's configuration can't be read (cibadmin: %s); is the cluster running here, and are "
			"you root? Start it: pcs cluster start", rc < 0 ? strerror(-rc) : "it ended with an error");
	free(text);
	return doc;
}

int cf_live_schema(const xmlDoc *doc, struct vt_fail *fail)
{
	const xmlNode *root = xmlDocGetRootElement((xmlDoc *)doc);
	const char *schema = cf_attr(root, "validate-with");
	unsigned major = 0, minor = 0;
	if (sscanf(schema, SCHEMA "%u.%u", &major, &minor) != 2) /* "pacemaker-next", "none": crm_verify has the last word */
		return 0;
	if (major > SCHEMA_MAJOR || (major == SCHEMA_MAJOR && minor >= SCHEMA_MINOR))
		return 0;
	return vt_fail(fail, -EPROTO, "the cluster's configuration is kept in the old schema %s, which has no words for promoted resources as vmtwin-config writes them (" SCHEMA
		       "%d.%d or newer is needed; it stays old when Pacemaker is upgraded): run cibadmin --upgrade --force on one host, look at the result "
		       "(crm_verify -L), and run this again; nothing was changed",
		       schema, SCHEMA_MAJOR, SCHEMA_MINOR);
}

static bool write_doc(const char *path, const xmlDoc *doc)
{
	return xmlSaveFormatFileEnc(path, (xmlDoc *)doc, "UTF-8", 1) > 0;
}

void cf_change_end(const struct cf_change *c)
{
	unlink(c->before);
	unlink(c->after);
	unlink(c->patch);
	unlink(c->alone);
	rmdir(c->dir);
	sigprocmask(SIG_SETMASK, &c->signals, NULL);
}

int cf_change_begin(struct cf_change *c, const xmlDoc *before, const xmlDoc *after, struct vt_fail *fail)
{
	sigset_t wait;
	sigemptyset(&wait);
	sigaddset(&wait, SIGHUP);
	sigaddset(&wait, SIGINT);
	sigaddset(&wait, SIGTERM);
	snprintf(c->dir, sizeof c->dir, "/tmp/vmtwin-config-XXXXXX");
	sigprocmask(SIG_BLOCK, &wait, &c->signals);
	if (!mkdtemp(c->dir)) {
		int err = errno;
		sigprocmask(SIG_SETMASK, &c->signals, NULL);
		return vt_fail(fail, -err, "no directory can be made in /tmp: %s", strerror(err));
	}
	snprintf(c->before, sizeof c->before, "%s/before.xml", c->dir);
	snprintf(c->after, sizeof c->after, "%s/after.xml", c->dir);
	snprintf(c->patch, sizeof c->patch, "%s/patch.xml", c->dir);
	snprintf(c->alone, sizeof c->alone, "%s/alone.xml", c->dir);
	if (write_doc(c->before, before) && write_doc(c->after, after))
		return 0;
	cf_change_end(c);
	return vt_fail(fail, -EIO, "%s can't be written: is the disk full?", c->dir);
}

/* The status as it is when all is well: each host is there, nothing runs. What is wrong with the cluster at the moment (a host that waits for
 * its fencing, a stop that failed) is no mistake of the configuration, and a correct one may be the way out of it. */
static bool suppose_all_is_well(xmlDoc *doc)
{
	static const char *const state[][2] = {{"in_ccm", "true"}, {"crmd", "online"}, {"join", "member"}, {"expected", "member"}};
	xmlNode *root = xmlDocGetRootElement(doc), *status = cf_child(root, "status");
	const xmlNode *nodes = cf_section(doc, "nodes");
	if (status) {
		xmlUnlinkNode(status);
		xmlFreeNode(status);
	}
	status = xmlNewChild(root, NULL, (const xmlChar *)"status", NULL);
	bool ok = status && xmlSetProp(root, (const xmlChar *)"have-quorum", (const xmlChar *)"1");
	for (const xmlNode *n = nodes ? nodes->children : NULL; n && ok; n = n->next) {
		if (!cf_is(n, "node") || strcmp(cf_attr(n, "type"), "remote") == 0)
			continue;
		xmlNode *s = xmlNewChild(status, NULL, (const xmlChar *)"node_state", NULL);
		ok = s && xmlSetProp(s, (const xmlChar *)"id", (const xmlChar *)cf_attr(n, "id")) &&
		     xmlSetProp(s, (const xmlChar *)"uname", (const xmlChar *)cf_attr(n, "uname"));
		for (size_t i = 0; i < sizeof state / sizeof state[0] && ok; i++)
			ok = xmlSetProp(s, (const xmlChar *)state[i][0], (const xmlChar *)state[i][1]);
	}
	return ok;
}

int cf_change_verify(const struct cf_change *c, const xmlDoc *doc, struct vt_fail *fail)
{
	const char *const args[] = {"--verbose", "--xml-file", c->alone, NULL};
	xmlDoc *alone = xmlCopyDoc((xmlDoc *)doc, 1);
	if (!alone || !suppose_all_is_well(alone)) {
		xmlFreeDoc(alone);
		return vt_fail(fail, -ENOMEM, "out of memory; nothing was changed");
	}
	bool written = write_doc(c->alone, alone);
	xmlFreeDoc(alone);
	if (!written)
		return vt_fail(fail, -EIO, "%s can't be written: is the disk full? Nothing was changed", c->alone);
	if (cf_live_tool("crm_verify", args, TOOL_LIMIT_MS, NULL, 0) == 0)
		return 0;
	return vt_fail(fail, -EINVAL,
		       "Pacemaker finds mistakes in the configuration as it would be (crm_verify, above); nothing was changed");
}

bool cf_change_simulate(const struct cf_change *c, char *out, size_t cap)
{
	bool known = false;
	const char *const args[] = {"--simulate", "--xml-file", c->after, NULL};
	char *text = calloc(1, CF_CIB_BYTES_MAX);
	out[0] = '\0';
	if (text && cf_live_tool("crm_simulate", args, TOOL_LIMIT_MS, text, CF_CIB_BYTES_MAX) == 0) {
		char *from = strstr(text, SUMMARY), *to = from ? strstr(from, SUMMARY_END) : NULL;
		if (to) {
			from += strlen(SUMMARY);
			from += strspn(from, "\n");
			while (to > from && to[-1] == '\n')
				to--;
			known = snprintf(out, cap, "%.*s%s", (int)(to - from), from, to > from ? "\n" : "") < (int)cap;
		}
	}
	free(text);
	return known;
}

static bool write_text(const char *path, const char *text)
{
	size_t size = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* NOLINT(clang-analyzer-core.NonNullParamChecker): an array of c */
	if (fd < 0)
		return false;
	bool ok = write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
	return close(fd) == 0 && ok;
}

/* Whole, or not at all: of half a patch cibadmin takes the half. */
static int make_patch(const struct cf_change *c)
{
	static const char end[] = "</diff>";
	const char *const args[] = {"--original", c->before, "--new", c->after, "--no-version", NULL};
	char *text = calloc(1, CF_CIB_BYTES_MAX);
	if (!text)
		return -ENOMEM;
	int rc = cf_live_tool("crm_diff", args, TOOL_LIMIT_MS, text, CF_CIB_BYTES_MAX);
	if (rc >= 0)
		rc = rc == 1 ? 0 : rc == 0 ? -ENODATA : -EIO; /* 1: they differ */
	size_t size = strlen(text);
	while (size > 0 && text[size - 1] == '\n')
		size--;
	if (rc == 0 && (size + 2 >= CF_CIB_BYTES_MAX || size < sizeof end || strncmp(text + size + 1 - sizeof end, end, sizeof end - 1) != 0))
		rc = -EIO;
	if (rc == 0 && !write_text(c->patch, text))
		rc = -EIO;
	free(text);
	return rc;
}

static bool same_configuration(const xmlDoc *a, const xmlDoc *b)
{
	xmlBuffer *text[2] = {xmlBufferCreate(), xmlBufferCreate()};
	const xmlDoc *doc[2] = {a, b};
	bool ok = text[0] && text[1];
	for (int i = 0; i < 2 && ok; i++) {
		xmlNode *in = cf_child(xmlDocGetRootElement((xmlDoc *)doc[i]), "configuration");
		ok = in && xmlNodeDump(text[i], (xmlDoc *)doc[i], in, 0, 0) > 0;
	}
	ok = ok && xmlStrEqual(xmlBufferContent(text[0]), xmlBufferContent(text[1]));
	xmlBufferFree(text[0]);
	xmlBufferFree(text[1]);
	return ok;
}

/* The live one is what was looked at. */
static int still(const xmlDoc *before, struct vt_fail *fail)
{
	xmlDoc *now = cf_live_read(fail);
	if (!now)
		return -EIO;
	bool same = same_configuration(before, now);
	xmlFreeDoc(now);
	return same ? 0 : vt_fail(fail, -EAGAIN, "somebody else has changed the cluster's configuration meanwhile; nothing was changed, run this again");
}

/* And now it is what was meant. */
static int is_in_force(const xmlDoc *after, struct vt_fail *fail)
{
	xmlDoc *now = cf_live_read(fail);
	if (!now)
		return -EIO;
	struct cf_lines want = cf_normal(after), has = cf_normal(now);
	bool same = cf_lines_same(&want, &has);
	cf_lines_free(&want);
	cf_lines_free(&has);
	xmlFreeDoc(now);
	return same ? 0 : vt_fail(fail, -EIO, "what is in force now is not what was meant; somebody else may have changed it at the same moment: run this again at once");
}

int cf_change_apply(const struct cf_change *c, const xmlDoc *before, const xmlDoc *after, struct vt_fail *fail)
{
	const char *const args[] = {"--patch", "--xml-file", c->patch, NULL};
	int rc = make_patch(c);
	if (rc < 0)
		return vt_fail(fail, rc, "the difference can't be put into a file (crm_diff, %s): %s; nothing was changed; is the disk full?", c->dir, strerror(-rc));
	rc = still(before, fail);
	if (rc < 0)
		return rc;
	rc = cf_live_tool("cibadmin", args, TOOL_LIMIT_MS, NULL, 0);
	if (rc != 0)
		return vt_fail(fail, rc < 0 ? rc : -EAGAIN, "the cluster does not take the change (cibadmin ended with %d); nothing was changed", rc);
	return is_in_force(after, fail);
}
