// SPDX-License-Identifier: GPL-2.0-or-later
/* The XML of the fence-agents project: its metadata.rng, which pcs's ocf-1.0.rng includes. */
#include "stonith/metadata.h"

#include <stdio.h>
#include <string.h>

#include "stonith/options.h"

#define STRING(x) STRING_(x)
#define STRING_(x) #x

static const struct param {
	const char *name, *getopt, *type, *fallback, *text;
	const char *attributes; /* of deprecated names and what takes their place */
} params[] = {
    {"action", "-o, --action=[action]", "string", "reboot",
     "What to do: reboot (default), off, on, status, monitor, list, list-status, validate-all or metadata", ""},
    {"plug", "-n, --plug=[host]", "string", NULL, "Name of the host to act on, as the cluster knows it", " obsoletes=\"port\""},
    {"port", "-n, --plug=[host]", "string", NULL, "Name of the host to act on, as the cluster knows it", " deprecated=\"1\""},
    {"quiet", "-q, --quiet", "boolean", "0", "Nothing on standard error; the exit code tells", ""},
    {"verbose", "-v, --verbose", "boolean", "0", "More on standard error", ""},
    {"debug_file", "-D, --debug-file=[file]", "string", NULL, "Append all messages to a file, with times", ""},
    {"version", "-V, --version", "boolean", NULL, "Display version information and exit", ""},
    {"help", "-h, --help", "boolean", NULL, "Display help and exit", ""},
    {"delay", "--delay=[seconds]", "second", "0", "Wait that long before off and reboot begin", ""},
    {"wait_timeout", "--wait-timeout=[seconds]", "second", STRING(FA_WAIT_TIMEOUT_S),
     "Give up off and reboot after so many seconds; 0: not before vmtwind refuses. pcmk_reboot_timeout and pcmk_off_timeout "
     "limit it as well, and are shorter by default",
     ""},
};
#define PARAMS (sizeof params / sizeof params[0])

static const char longdesc[] =
    "fence_vmtwin is the fence agent of vmtwin for clusters without power fencing. It switches nothing: it reports success when "
    "the other host has surely ended its virtual machines by itself. A host that is not heard may use vmtwin's data only until "
    "its lease runs out; the agent asks vmtwind, which has the history, until that time and a margin have passed while this host "
    "had quorum (and reached its witnesses, where it has any) without a break. A host that is still a member is ordered to end its "
    "virtual machines and to reset itself, and confirms it. Without quorum that tells which side is cut off (plain two_node without "
    "a witness) it refuses. "
    "It takes as long as the longest lease of the units and the cluster's own times together: pcmk_reboot_timeout and "
    "pcmk_off_timeout of the device must be longer than that, see fence_vmtwin(8). "
    "Resources that are not vmtwin's know no lease: on a cluster with such, hosts must reset themselves (self_fence or watchdog in "
    "vmtwind.conf(5)).";

static void put_param(const struct param *p)
{
	printf("<parameter name=\"%s\" unique=\"0\" required=\"0\"%s>\n"
	       "<getopt mixed=\"%s\"/>\n"
	       "<content type=\"%s\"",
	       p->name, p->attributes, p->getopt, p->type);
	if (p->fallback)
		printf(" default=\"%s\"", p->fallback);
	printf("/>\n"
	       "<shortdesc lang=\"en\">%s</shortdesc>\n"
	       "</parameter>\n",
	       p->text);
}

void fa_print_metadata(void)
{
	printf("<?xml version=\"1.0\"?>\n"
	       "<resource-agent name=\"fence_vmtwin\" shortdesc=\"Fencing of vmtwin: confirms that a silent host has ended\">\n"
	       "<longdesc>%s</longdesc>\n"
	       "<vendor-url/>\n"
	       "<parameters>\n",
	       longdesc);
	for (size_t i = 0; i < PARAMS; i++)
		put_param(&params[i]);
	printf("</parameters>\n<actions>\n");
	for (int i = 0; i < FA_ACTIONS; i++) /* "on" is never sent by itself: nothing is to be switched on when a host joins */
		printf("<action name=\"%s\"%s/>\n", fa_action_name((enum fa_action)i), i == FA_ON ? " automatic=\"0\"" : "");
	printf("</actions>\n</resource-agent>\n");
}

void fa_print_help(void)
{
	printf("fence_vmtwin: confirms that a host of vmtwin has ended its virtual machines\n\n"
	       "usage: fence_vmtwin -o ACTION [-n HOST] [OPTION...]\n"
	       "       fence_vmtwin <FILE      options as lines of name=value, as the cluster's fencer sends them\n\n");
	for (size_t i = 0; i < PARAMS; i++)
		if (!strstr(params[i].attributes, "deprecated"))
			printf("  %-26s %s\n", params[i].getopt, params[i].text);
	printf("\nExit code: 0 done; 1 failed; of status: 0 on, 2 off, 1 unknown. See fence_vmtwin(8).\n");
}
