// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config import: reads a SafeKit module's files, and writes the unit's. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conffile.h"
#include "crm-config/cmd.h"
#include "crm-config/safekit_map.h"

struct job {
	const char *module_path, *cluster_path, *output; /* the last two may be NULL */
	struct sk_want want;
	struct sk_doc module, cluster;
	char text[SK_BYTES_MAX + 1];
	struct sk_result result;
};

static const char help[] =
    "Usage: vmtwin-config import USERCONFIG.XML [CLUSTER.XML] [--hosts A,B] [--unit NAME] [--port N] [--output FILE]\n\n"
    "Makes a unit's file (vmtwin-unit(5)) of a SafeKit mirror module. The file goes to standard output; for each element and\n"
    "attribute a line on standard error says what became of it: taken over, changed and why, or not taken over and what to do.\n"
    "The module's files are only read.\n\n"
    "  CLUSTER.XML    SafeKit's nodes and networks: gives hosts and rings\n"
    "  --hosts A,B    the two hosts' cluster node names; needed with a CLUSTER.XML of more than two nodes, and without one\n"
    "  --unit NAME    the unit's name; default: VM_NAME in small letters\n"
    "  --port N       TCP port of the unit's data link, one of its own for each unit; default: 7790\n"
    "  --output FILE  write there instead; it must not exist\n\n"
    "Without CLUSTER.XML and --hosts the hosts are not known: the file is written all the same, with a line marked\n"
    "TO COMPLETE, and is refused by vmtwind until that is done.\n\n"
    "Exit codes: 0 the file is complete, 1 it is written, but has lines marked TO COMPLETE, 2 wrong usage, or an input can't be\n"
    "read, is not understood or no mirror module: nothing is written.\n";

static int read_doc(struct job *j, struct sk_doc *doc, const char *path, const char *root, struct vt_fail *fail)
{
	int rc = vt_conf_read(path, j->text, sizeof j->text, fail);
	if (rc == -ENOENT)
		return vt_fail(fail, rc, "%s is not there", path);
	if (rc == 0)
		rc = sk_read(doc, j->text, strlen(j->text), path, root, fail);
	return rc == 0 ? sk_macros(doc, fail) : rc;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A file beside path, complete and on the disk, which then gets its name: by a link, so that it never replaces another one. */
static int write_beside(const char *path, char *temp, const char *text)
{
	int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = write_all(fd, text);
	if (rc == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && link(temp, path) < 0)
		rc = -errno;
	unlink(temp);
	return rc;
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static int write_file(const char *path, const char *text, struct vt_fail *fail)
{
	char *copy = strdup(path), *temp = NULL;
	const char *dir = copy ? dirname(copy) : NULL;
	int rc = dir && asprintf(&temp, "%s/.vmtwin-import-XXXXXX", dir) > 0 ? 0 : -ENOMEM;
	if (rc == 0)
		rc = write_beside(path, temp, text);
	if (rc == 0)
		rc = sync_dir(dir);
	free(temp);
	free(copy);
	if (rc == -EEXIST)
		return vt_fail(fail, rc, "%s exists already; nothing is written", path);
	return rc < 0 ? vt_fail(fail, rc, "cannot write %s: %s", path, strerror(-rc)) : 0;
}

static int write_out(const struct job *j, struct vt_fail *fail)
{
	if (j->output)
		return write_file(j->output, j->result.conf, fail);
	int rc = write_all(STDOUT_FILENO, j->result.conf);
	return rc < 0 ? vt_fail(fail, rc, "cannot write to standard output: %s", strerror(-rc)) : 0;
}

static int read_all(struct job *j, struct vt_fail *fail)
{
	int rc = read_doc(j, &j->module, j->module_path, "safe", fail);
	if (rc == 0 && j->cluster_path)
		rc = read_doc(j, &j->cluster, j->cluster_path, "cluster", fail);
	return rc;
}

static int import(const struct vt_command *cmd, struct job *j)
{
	struct vt_fail fail = {.code = 0};
	int rc = read_all(j, &fail);
	if (rc == 0)
		rc = sk_map(&j->module, j->cluster_path ? &j->cluster : NULL, &j->want, &j->result, &fail);
	if (rc == 0)
		rc = write_out(j, &fail);
	if (rc < 0)
		return vt_command_error(cmd, CF_EXIT_BAD, "%s", fail.text);
	const struct sk_result *r = &j->result;
	fprintf(stderr, "%sunit %s: %u taken over, %u changed, %u not taken over, %u to complete\n", r->report, r->name, r->taken, r->changed,
		r->left, r->to_complete);
	return r->to_complete ? CF_EXIT_REFUSED : CF_EXIT_OK;
}

static int parse_port(const struct vt_command *cmd, struct job *j)
{
	const char *port = j->want.port;
	size_t n = port ? strlen(port) : 0;
	unsigned long v = n >= 1 && n <= 5 && strspn(port, "0123456789") == n ? strtoul(port, NULL, 10) : 0;
	if (port && (v < 1 || v > 65535))
		return vt_command_error(cmd, CF_EXIT_BAD, "--port '%.40s' must be a whole number from 1 to 65535", port);
	return CF_EXIT_OK;
}

static int parse_files(const struct vt_command *cmd, struct job *j, int count, char **names)
{
	if (count < 1 || count > 2)
		return vt_command_error(cmd, CF_EXIT_BAD, "%s; see vmtwin-config import --help",
				count < 1 ? "which userconfig.xml shall be read?" : "at most two files: userconfig.xml and cluster.xml");
	j->module_path = names[0];
	j->cluster_path = count == 2 ? names[1] : NULL;
	return parse_port(cmd, j);
}

static void free_job(struct job *j)
{
	sk_free(&j->module);
	sk_free(&j->cluster);
	sk_result_free(&j->result);
	free(j);
}

static int run_import(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"hosts", 1, 0, 'H'}, {"unit", 1, 0, 'u'}, {"port", 1, 0, 'p'},
					      {"output", 1, 0, 'o'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
	struct job *j = calloc(1, sizeof *j);
	if (!j)
		return vt_command_error(cmd, CF_EXIT_BAD, "out of memory");
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0) {
		if (c == 'H')
			j->want.hosts = optarg;
		else if (c == 'u')
			j->want.unit = optarg;
		else if (c == 'p')
			j->want.port = optarg;
		else
			j->output = optarg;
	}
	int code = c == VT_OPTION_HELP ? CF_EXIT_OK : CF_EXIT_BAD;
	if (c == VT_OPTION_END) {
		code = parse_files(cmd, j, argc - optind, argv + optind);
		if (code == CF_EXIT_OK)
			code = import(cmd, j);
	}
	free_job(j);
	return code;
}

const struct vt_command cf_cmd_import = {
    .name = "import",
    .summary = "makes a unit's file of a SafeKit module's configuration",
    .help = help,
    .run = run_import,
};
