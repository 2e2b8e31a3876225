// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "ra/ocf.h"

static void put_escaped(const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			fputs("&lt;", stdout);
			break;
		case '>':
			fputs("&gt;", stdout);
			break;
		case '&':
			fputs("&amp;", stdout);
			break;
		case '"':
			fputs("&quot;", stdout);
			break;
		default:
			putchar(*s);
		}
	}
}

static void put_text(const char *element, const char *text)
{
	printf("<%s lang=\"en\">", element);
	put_escaped(text);
	printf("</%s>\n", element);
}

static void put_param(const struct ocf_param *p)
{
	/* "unique" beside "unique-group" for tools that know only OCF 1.0 */
	printf("<parameter name=\"%s\" required=\"%d\" unique=\"%d\"", p->name, p->required,
	       p->unique);
	if (p->unique)
		printf(" unique-group=\"%s\"", p->name);
	if (p->reloadable)
		printf(" reloadable=\"1\"");
	printf(">\n");
	put_text("longdesc", p->longdesc);
	put_text("shortdesc", p->shortdesc);
	printf("<content type=\"%s\"", p->type);
	if (p->fallback) {
		printf(" default=\"");
		put_escaped(p->fallback);
		putchar('"');
	}
	printf("/>\n</parameter>\n");
}

static void put_action(const struct ocf_action *a)
{
	printf("<action name=\"%s\" timeout=\"%us\"", a->name, a->timeout_s);
	if (a->interval_s)
		printf(" interval=\"%us\"", a->interval_s);
	if (a->role)
		printf(" role=\"%s\"", a->role);
	printf("/>\n");
}

void ocf_print_metadata(const struct ocf_agent *agent)
{
	printf("<?xml version=\"1.0\"?>\n"
	       "<!DOCTYPE resource-agent SYSTEM \"ra-api-1.dtd\">\n"
	       "<resource-agent name=\"%s\" version=\"1.0\">\n"
	       "<version>1.1</version>\n",
	       agent->name);
	put_text("longdesc", agent->longdesc);
	put_text("shortdesc", agent->shortdesc);
	printf("<parameters>\n");
	for (const struct ocf_param *p = agent->params; p->name; p++)
		put_param(p);
	printf("</parameters>\n<actions>\n");
	for (const struct ocf_action *a = agent->actions; a->name; a++)
		put_action(a);
	printf("<action name=\"meta-data\" timeout=\"5s\"/>\n"
	       "</actions>\n</resource-agent>\n");
}
