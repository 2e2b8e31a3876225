// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints the configuration of a CIB (FILE) as sorted lines that don't depend on who wrote it. For tests. */
#include <libxml/parser.h>
#include <stdio.h>

#include "crm-config/normal.h"

int main(int argc, char **argv)
{
	xmlDoc *doc = argc == 2 ? xmlReadFile(argv[1], NULL, XML_PARSE_NONET) : NULL;
	if (!doc)
		return 2;
	struct cf_lines l = cf_normal(doc);
	for (unsigned i = 0; i < l.count; i++)
		puts(l.line[i]);
	int code = l.failed ? 1 : 0;
	cf_lines_free(&l);
	xmlFreeDoc(doc);
	return code;
}
