// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin create: makes a unit of a VM's directory, on each host in turn. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/conffile.h"
#include "base/paths.h"
#include "base/secret.h"
#include "ctl/cmd.h"
#include "ctl/create.h"

struct args {
	char directory[CD_PATH_MAX], hosts[2 * VT_HOST_NAME_MAX + 8], store[CD_PATH_MAX];
	const char *good_host, *domain, *port, *host, *unit_dir, *from;
};

/* Without slashes at the end, as the shell's completion leaves them. Cut: too long for a path. */
static void take_path(char *out, const char *value)
{
	size_t n = strnlen(value, CD_PATH_MAX - 1);
	while (n > 1 && value[n - 1] == '/')
		n--;
	snprintf(out, CD_PATH_MAX, "%.*s", (int)n, value);
}

static void take_hosts(struct args *a, const char *value)
{
	snprintf(a->hosts, sizeof a->hosts, "%s", value);
	for (char *at = a->hosts; (at = strchr(at, ',')) != NULL;)
		*at = ' ';
}

/* VT_OPTION_END, or why not to go on. */
static int read_args(const struct vt_command *cmd, int argc, char **argv, struct args *a)
{
	static const struct option longs[] = {{"directory", required_argument, NULL, 'd'},
					      {"hosts", required_argument, NULL, 'H'},
					      {"good-host", required_argument, NULL, 'g'},
					      {"from", required_argument, NULL, 'f'},
					      {"store", required_argument, NULL, 's'},
					      {"domain", required_argument, NULL, 'D'},
					      {"port", required_argument, NULL, 'p'},
					      {"host", required_argument, NULL, 'n'},
					      {"unit-dir", required_argument, NULL, 'u'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0) {
		if (c == 'd')
			take_path(a->directory, optarg);
		else if (c == 'H')
			take_hosts(a, optarg);
		else if (c == 'g')
			a->good_host = optarg;
		else if (c == 's')
			take_path(a->store, optarg);
		else if (c == 'D')
			a->domain = optarg;
		else if (c == 'p')
			a->port = optarg;
		else if (c == 'n')
			a->host = optarg;
		else if (c == 'u')
			a->unit_dir = optarg;
		else if (c == 'f')
			a->from = optarg;
	}
	return c;
}

/* What would do harm here, though only vmtwin-config reads it. */
static int look_at_pair(void *ctx, unsigned line, const char *key, const char *value, struct vt_fail *fail)
{
	const char *path = ctx;
	char name[64];
	if (strcmp(key, "storage") == 0 && strcmp(value, "vmtwin") != 0)
		return vt_fail(fail, -EINVAL, "%s:%u: storage = %.40s: such a unit is not mirrored by vmtwin, and is not made by this command (vmtwin-config(8), DRBD)",
			       path, line, value);
	if (strncmp(key, "fence", 5) != 0)
		return 0;
	for (const char *at = value; *at; at += strspn(at, " \t")) {
		size_t size = strcspn(at, " \t");
		snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "= \t"), at);
		if (at[strcspn(at, "= \t")] == '=' && vt_is_secret(name))
			return vt_fail(fail, -EINVAL, "%s:%u: %s has a secret in it (%s), and everybody on the hosts can read unit files; put it into a file that prints "
				       "it and give password_script=FILE", path, line, key, name);
		at += size;
	}
	return 0;
}

/* The file is the same on both hosts, so are the options otherwise. text (VT_CONF_FILE_MAX bytes) becomes the unit's file. */
static int read_file(struct cc_job *job, const struct args *a, const char *unit, char *text, struct vt_fail *fail)
{
	char usual[CD_PATH_MAX], parent[CD_PATH_MAX];
	if (a->directory[0] || a->hosts[0] || a->store[0] || a->domain || a->port)
		return vt_fail(fail, -EINVAL, "--from FILE says all of it: no --directory, --hosts, --store, --domain, --port beside it");
	if (!a->good_host)
		return vt_fail(fail, -EINVAL, "--good-host is needed, the same on both hosts");
	int rc = vt_conf_read(a->from, text, VT_CONF_FILE_MAX, fail);
	if (rc == -ENOENT)
		return vt_fail(fail, rc, "%s is not there", a->from);
	if (rc == 0)
		rc = vt_unitconf_parse(&job->conf, unit, text, a->from, fail);
	if (rc == 0)
		rc = vt_conf_parse(text, a->from, look_at_pair, (void *)(uintptr_t)a->from, fail);
	if (rc < 0)
		return rc;
	cd_parent(parent, job->conf.directory);
	job->own_store = snprintf(usual, sizeof usual, "%s/.vmtwin/%s", parent, unit) >= (int)sizeof usual || strcmp(job->conf.store, usual) != 0;
	job->unit_dir = a->unit_dir;
	job->text = text;
	return 0;
}

static int fill_conf(struct cc_job *job, const struct args *a, const char *unit,
		     struct vt_fail *fail)
{
	struct vt_unitconf_value values[5];
	size_t n = 0;
	if (!a->directory[0] || !a->hosts[0] || !a->good_host)
		return vt_fail(fail, -EINVAL,
			       "--directory, --hosts and --good-host are needed, the same on "
			       "both hosts; or --from FILE and --good-host");
	values[n++] = (struct vt_unitconf_value){"directory", a->directory};
	values[n++] = (struct vt_unitconf_value){"hosts", a->hosts};
	if (a->store[0])
		values[n++] = (struct vt_unitconf_value){"store", a->store};
	if (a->domain)
		values[n++] = (struct vt_unitconf_value){"domain", a->domain};
	if (a->port)
		values[n++] = (struct vt_unitconf_value){"port", a->port};
	job->own_store = a->store[0] != '\0';
	job->unit_dir = a->unit_dir;
	return vt_unitconf_build(&job->conf, unit, values, n, "options", fail);
}

static int fill_hosts(struct cc_job *job, const struct args *a, const char *nodename,
		      struct vt_fail *fail)
{
	const struct vt_unitconf *c = &job->conf;
	assert(a->good_host); /* fill_conf() has refused its absence */
	job->host = a->host ? a->host : nodename;
	job->good_host = a->good_host;
	job->good = strcmp(job->host, job->good_host) == 0;
	if (vt_unitconf_slot(c, job->good_host) < 0)
		return vt_fail(fail, -EINVAL, "--good-host %s is neither %s nor %s", job->good_host,
			       c->hosts[0], c->hosts[1]);
	if (vt_unitconf_slot(c, job->host) < 0)
		return vt_fail(
		    fail, -EINVAL,
		    "this host is called %s, which is neither %s nor %s; give --hosts by the names "
		    "that 'crm_node -l' lists, or say with --host which of the two this is",
		    job->host, c->hosts[0], c->hosts[1]);
	return 0;
}

/* Makes the directory of unit files and keeps other creates out. The descriptor or negative errno.
 */
static int lock_units(const struct cc_job *job, struct vt_fail *fail)
{
	char parent[CD_PATH_MAX];
	cd_parent(parent, job->unit_dir);
	int rc = cd_make(parent, 0755);
	if (rc == 0)
		rc = cd_make(job->unit_dir, 0755);
	int fd = rc < 0 ? -1 : open(job->unit_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return vt_fail(fail, rc < 0 ? rc : -errno, "cannot make %s: %s", job->unit_dir,
			       strerror(rc < 0 ? -rc : errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	rc = errno;
	close(fd);
	return vt_fail(fail, -rc, "%s is locked: %s", job->unit_dir,
		       rc == EWOULDBLOCK ? "another 'vmtwin create' is running; try again"
					 : strerror(rc));
}

/* Where Pacemaker's agent finds the definition, unless told otherwise. */
static bool has_definition(const struct cc_job *job)
{
	char path[CD_PATH_MAX + sizeof job->conf.domain + 8];
	snprintf(path, sizeof path, "%s/%s.xml", job->data, job->conf.domain);
	return access(path, F_OK) == 0;
}

static void print_done(const struct cc_job *job, bool immutable)
{
	const struct vt_unitconf *c = &job->conf;
	const char *other = c->hosts[strcmp(c->hosts[0], job->host) == 0 ? 1 : 0];
	printf("unit %s is made on %s%s\n", c->name, job->host,
	       job->resumed ? " (going on from an earlier run)" : "");
	if (job->good)
		printf(
		    "  the VM's files are in %s now; %s is empty until Pacemaker starts the unit\n",
		    job->data, c->directory);
	else
		printf("  %s is empty until the files have come from %s\n", c->directory,
		       job->good_host);
	if (!immutable)
		printf("  note: this file system can't protect the empty %s (chattr +i); don't put "
		       "files there\n",
		       c->directory);
	if (job->tree.link[0])
		printf("  note: %s is a symbolic link that leads out of the directory; what it "
		       "leads to "
		       "is not mirrored\n",
		       job->tree.link);
	if (job->good && !has_definition(job))
		printf("  note: there is no %s.xml among the files; once the unit is started, save "
		       "it on the "
		       "primary: virsh dumpxml --inactive --security-info %s > %s/%s.xml\n",
		       c->domain, c->domain, c->directory, c->domain);
	printf(
	    "  next: the same command on %s, if it hasn't run there; then the cluster's resources "
	    "(see vmtwin(8), EXAMPLES)\n",
	    other);
}

static int create(struct cc_job *job, struct vt_fail *fail)
{
	bool immutable;
	int rc = cc_check(job, fail);
	int lock = rc < 0 ? -1 : lock_units(job, fail);
	if (lock < 0)
		return rc < 0 ? rc : lock;
	rc = cc_check(job, fail); /* again, now that nobody else changes units */
	if (rc == 0)
		rc = cc_make(job, &immutable, fail);
	if (rc == 0)
		print_done(job, immutable);
	close(lock);
	return rc;
}

static int run_create(const struct vt_command *cmd, int argc, char **argv)
{
	struct args a = {.unit_dir = VT_UNIT_DIR};
	struct cc_job job = {0};
	struct vt_fail fail = {0};
	static char text[VT_CONF_FILE_MAX];
	struct utsname names;
	int c = read_args(cmd, argc, argv, &a);
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
	const char *unit = ctl_unit_argument(cmd, argc, argv, 0);
	if (!unit)
		return EX_BAD_USAGE;
	uname(&names);
	int filled = a.from ? read_file(&job, &a, unit, text, &fail) : fill_conf(&job, &a, unit, &fail);
	if (filled < 0 || fill_hosts(&job, &a, names.nodename, &fail) < 0)
		return vt_command_error(cmd, EX_BAD_USAGE, "%s; nothing was changed", fail.text);
	if (geteuid() != 0)
		return vt_command_error(cmd, EX_FAILED, "%s: run this as root; nothing was changed", unit);
	umask(0022);
	int rc = create(&job, &fail);
	ct_free(&job.tree);
	return rc < 0 ? vt_command_error(cmd, EX_FAILED, "%s: %s", unit, fail.text) : EX_DONE;
}

const struct vt_command ctl_create = {
    .name = "create",
    .summary = "make a unit of a VM's directory (run it on both hosts)",
    .help =
	"Usage: vmtwin create UNIT --directory DIR --hosts A,B --good-host A\n"
	"                          [--store DIR] [--domain NAME] [--port N] [--host NAME]\n"
	"       vmtwin create UNIT --from FILE --good-host A [--host NAME]\n\n"
	"Run the same command on both hosts, with the VM shut down. On the good host the VM's\n"
	"directory is set aside in the store (a rename, nothing is copied); on the other host the\n"
	"directory must be empty or absent. A run that was interrupted can be repeated.\n\n"
	"  --from FILE       a unit file, vmtwin-unit(5), that says all of the following, and more\n"
	"  --directory DIR   the VM's directory: its disk images, its definition DOMAIN.xml\n"
	"  --hosts A,B       the two hosts' cluster node names\n"
	"  --good-host A     the host whose files become the unit's\n"
	"  --store DIR       where the files really go (default: .vmtwin/UNIT beside DIR)\n"
	"  --domain NAME     the libvirt domain (default: UNIT)\n"
	"  --port N          TCP port of the mirror, one of its own for each unit (default: 7790)\n"
	"  --host NAME       which of the two this host is (default: its host name)\n"
	"  --unit-dir DIR    where unit files are (default: " VT_UNIT_DIR ")\n\n"
	"Exit codes: 0 made, 1 refused or failed, 64 usage.\n",
    .run = run_create,
};
