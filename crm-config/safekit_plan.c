// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan as the text of a unit's file, and the proof that vmtwind reads in it what was meant. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crm-config/safekit_int.h"

#define PORT_DEFAULT "7790"

/* all: how many there would be, had each of them room. */
static void put_todos(const struct sk_plan *p, unsigned all, FILE *f)
{
	for (unsigned i = 0; i < p->todos; i++) {
		fprintf(f, "# TO COMPLETE: %s\n", p->todo[i].why);
		if (p->todo[i].line[0])
			fprintf(f, "#%s\n", p->todo[i].line);
	}
	if (all > p->todos)
		fprintf(f, "# TO COMPLETE: %u more of the kind: the lines of the report that say \"not taken over\"\n", all - p->todos);
}

static void put_rings(const struct sk_plan *p, FILE *f)
{
	for (unsigned i = 0; i < p->rings; i++)
		fprintf(f, "ring%u = %s %s\n", i, p->ring[i]->addr[0], p->ring[i]->addr[1]);
	if (p->rings + p->rings_asked == 0)
		fputs("# the hosts' addresses, in the order of hosts; needed only if vmtwin-config is to make corosync.conf\n"
		      "#ring0 = 192.0.2.1 192.0.2.2\n",
		      f);
}

static void put_cluster_keys(const struct sk_plan *p, FILE *f)
{
	char window[32];
	put_rings(p, f);
	if (p->token_ms)
		fprintf(f, "token_ms = %u\n", p->token_ms);
	if (p->witness[0])
		fprintf(f, "witness =%s\n", p->witness);
	if (p->prefer[0])
		fprintf(f, "prefer = %s\n", p->prefer);
	if (p->restarts)
		fprintf(f, "restarts = %u\n", p->restarts);
	if (p->window_ms)
		fprintf(f, "restart_window = %s\n", sk_time_text(p->window_ms, window, sizeof window));
	if (p->require_ping[0])
		fprintf(f, "require_ping =%s\n", p->require_ping);
}

static void put_plan(const struct sk_import *m, FILE *f)
{
	const struct sk_plan *p = &m->plan;
	fprintf(f, "# vmtwin unit %s, made by vmtwin-config import of a SafeKit module; the same on both hosts; the keys: vmtwin-unit(5)\n",
		p->unit);
	put_todos(p, m->out->to_complete, f);
	fprintf(f, "directory = %s\n", p->directory);
	if (p->hosts_known)
		fprintf(f, "hosts = %s %s\n", p->host[0], p->host[1]);
	fprintf(f, "domain = %s\nmode = sync\n# one of its own for each unit\nport = %s\n", p->domain, m->want->port ? m->want->port : PORT_DEFAULT);
	if (p->link_ms)
		fprintf(f, "link_timeout_ms = %u\n", p->link_ms);
	if (p->manual)
		fputs("failover = manual\n", f);
	put_cluster_keys(p, f);
}

/* A key's value is one that vmtwind takes, and it comes through as it is: the file's parser cuts blanks off. */
static int prove_value(struct sk_import *m, unsigned line, const char *key, const char *value)
{
	const struct vt_unitconf_value values[] = {{"directory", "/srv/vm"}, {"hosts", "host1 host2"}, {key, value}};
	struct vt_unitconf c;
	char source[sizeof m->doc->path + 16];
	size_t len = strlen(value);
	snprintf(source, sizeof source, "%s:%u", m->doc->path, line);
	if (value[0] == ' ' || (len > 0 && value[len - 1] == ' '))
		return sk_bad(m, line, "'%.100s': blanks around %s can't be written in a unit's file", value, key);
	return vt_unitconf_build(&c, m->plan.unit, values, sizeof values / sizeof values[0], source, m->fail);
}

int sk_plan_prove_names(struct sk_import *m)
{
	int rc = prove_value(m, m->plan.dir_line, "directory", m->plan.directory);
	return rc == 0 ? prove_value(m, m->plan.domain_line, "domain", m->plan.domain) : rc;
}

/* As vmtwin-config reads the file, vmtwind's keys among them. */
static int read_as_unit(const char *name, const char *text, struct vt_unitconf *out, struct vt_fail *why)
{
	struct cf_model *model = malloc(sizeof *model);
	struct cf_model_reader *r = model ? cf_model_begin(model) : NULL;
	if (!r) {
		free(model);
		return vt_fail(why, -ENOMEM, "out of memory");
	}
	int rc = cf_model_add(r, name, text, "the unit's file", why);
	if (rc == 0) {
		*out = model->unit[0].conf;
		rc = cf_model_end(r, why);
	} else {
		free(r);
	}
	free(model);
	return rc;
}

/* What reads the file finds in it what was meant. Without hosts, which are left to complete, it is shown two. */
static int prove(struct sk_import *m, const char *text)
{
	struct vt_unitconf c;
	struct vt_fail why = {.code = 0};
	const struct sk_plan *p = &m->plan;
	const char *first = p->prefer[0] && strcmp(p->prefer, "none") != 0 ? p->prefer : "host1";
	char *whole = NULL;
	int size = p->hosts_known ? asprintf(&whole, "%s", text)
				  : asprintf(&whole, "hosts = %s %s\n%s", first, strcasecmp(first, "host2") == 0 ? "host1" : "host2", text);
	if (size < 0)
		return vt_fail(m->fail, -ENOMEM, "out of memory");
	int rc = read_as_unit(p->unit, whole, &c, &why);
	free(whole);
	if (rc < 0)
		return vt_fail(m->fail, -EINVAL, "%s: what comes of it can't be a unit: %s", m->module->path, why.text);
	if (strcmp(c.directory, p->directory) != 0 || strcmp(c.domain, p->domain) != 0)
		return vt_fail(m->fail, -EINVAL, "%s: directory or domain can't be written in a unit's file", m->module->path);
	if (p->hosts_known && (strcmp(c.hosts[0], p->host[0]) != 0 || strcmp(c.hosts[1], p->host[1]) != 0))
		return vt_fail(m->fail, -EINVAL, "the hosts' names can't be written in a unit's file");
	return 0;
}

int sk_plan_text(struct sk_import *m)
{
	size_t len = 0;
	FILE *f = open_memstream(&m->out->conf, &len);
	if (!f)
		return vt_fail(m->fail, -ENOMEM, "out of memory");
	put_plan(m, f);
	if (fclose(f) != 0)
		return vt_fail(m->fail, -ENOMEM, "out of memory");
	return prove(m, m->out->conf);
}
