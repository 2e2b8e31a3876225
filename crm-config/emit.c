// SPDX-License-Identifier: GPL-2.0-or-later
/* As CIB XML, corosync.conf and vmtwind.conf. */
#include "crm-config/emit.h"

#include <errno.h>
#include <string.h>

void cf_emit_cib(FILE *out, const xmlDoc *doc)
{
	xmlChar *text = NULL;
	int size = 0;
	xmlDocDumpFormatMemoryEnc((xmlDoc *)doc, &text, &size, "UTF-8", 1);
	if (text)
		fwrite(text, 1, (size_t)size, out);
	xmlFree(text);
}

static void put_nodes(FILE *out, const struct cf_site *site)
{
	fputs("\nnodelist {\n", out);
	for (int host = 0; host < CF_HOSTS; host++) {
		fprintf(out, "\tnode {\n\t\tname: %s\n\t\tnodeid: %d\n", site->host[host], host + 1);
		for (unsigned ring = 0; ring < site->rings; ring++)
			fprintf(out, "\t\tring%u_addr: %s\n", ring, site->ring[ring][host]);
		fputs("\t}\n", out);
	}
	fputs("}\n", out);
}

static void put_quorum(FILE *out, const struct cf_site *site)
{
	fputs("\nquorum {\n\tprovider: corosync_votequorum\n", out);
	if (site->device_host[0])
		fprintf(out, "\tdevice {\n\t\tmodel: net\n\t\tvotes: 1\n\t\tnet {\n\t\t\talgorithm: ffsplit\n\t\t\thost: %s\n\t\t}\n\t}\n",
			site->device_host);
	else
		fputs("\t# A host alone has quorum; after both were off it waits for the other one.\n\ttwo_node: 1\n", out);
	fputs("}\n", out);
}

int cf_emit_corosync(FILE *out, const struct cf_model *m, struct vt_fail *fail)
{
	const struct cf_site *site = &m->site;
	if (site->rings == 0)
		return vt_fail(fail, -EINVAL, "no unit file has ring0: the hosts' addresses are needed, as in: ring0 = 10.0.0.1 10.0.0.2");
	fprintf(out,
		"# /etc/corosync/corosync.conf, the same on both hosts. /etc/corosync/authkey, made by corosync-keygen, too.\n"
		"totem {\n\tversion: 2\n\tcluster_name: %s\n\ttransport: knet\n\tcrypto_cipher: aes256\n\tcrypto_hash: sha256\n\ttoken: %u\n}\n",
		site->cluster, site->token_ms);
	put_nodes(out, site);
	put_quorum(out, site);
	fputs("\nlogging {\n\tto_logfile: yes\n\tlogfile: /var/log/corosync/corosync.log\n\tto_syslog: yes\n\ttimestamp: on\n}\n", out);
	return 0;
}

void cf_emit_vmtwind(FILE *out, const struct cf_model *m)
{
	fputs("# /etc/vmtwin/vmtwind.conf, the same on both hosts; more keys: vmtwind.conf(5)\n", out);
	if (m->site.witness[0])
		fprintf(out, "witness = %s\nwitness_need = %s\n", m->site.witness, m->site.witness_all ? "all" : "any");
	else
		fputs("# No witness that vmtwind asks is configured in the unit files.\n", out);
}
