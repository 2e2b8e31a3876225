// SPDX-License-Identifier: GPL-2.0-or-later
/* No secret leaves in a support archive; what helps stays. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "base/blank.h"

static void gives(void (*blank)(const char *, size_t, FILE *), const char *text, const char *want)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);
	assert_non_null(f);
	blank(text, strlen(text), f);
	fclose(f);
	assert_string_equal(out, want);
	free(out);
}

static void conf(void **state)
{
	(void)state;
	gives(vt_blank_conf,
	      "totem {\n\ttoken: 1000\n\tkeyfile: /etc/corosync/authkey\n\tkey: abc\n}\n",
	      "totem {\n\ttoken: 1000\n\tkeyfile: /etc/corosync/authkey\n\tkey: (left out)\n}\n");
	gives(vt_blank_conf, "# password: x\n  Key : a:b", "  Key: (left out)\n");
	gives(vt_blank_conf, "tls_password: x\n", "tls_password: (left out)\n");
	gives(vt_blank_conf, "", "");
	gives(vt_blank_conf, ":\n\n key\n", ":\n\n key\n");
}

static void cib(void **state)
{
	(void)state;
	gives(vt_blank_cib, "<a><nvpair id=\"p\" name=\"ip\" value=\"10.0.0.1\"/></a>",
	      "<a><nvpair id=\"p\" name=\"ip\" value=\"10.0.0.1\"/></a>");
	gives(vt_blank_cib, "<nvpair id=\"p\" name=\"passwd\" value=\"s3\"/>",
	      "<nvpair id=\"p\" name=\"passwd\" value=\"(left out)\"/>");
	/* order and quotes of the writer's choice; '>' in a value */
	gives(vt_blank_cib, "<nvpair value='a>\"b' name='ipmi_Password' id='p'/>x",
	      "<nvpair value='(left out)' name='ipmi_Password' id='p'/>x");
	gives(vt_blank_cib, "<nvpair\n  name=\"snmp_community\"\n  value=\"public\"/>",
	      "<nvpair\n  name=\"snmp_community\"\n  value=\"(left out)\"/>");
	gives(vt_blank_cib, "<nvpair name = \"x\" value = \"https://u:p@h/\"/>",
	      "<nvpair name = \"x\" value = \"(left out)\"/>");
	gives(vt_blank_cib, "<nvpair id-ref=\"r\" value=\"s\"/>",
	      "<nvpair id-ref=\"r\" value=\"(left out)\"/>");
	/* an attribute that only ends in the word is another one */
	gives(vt_blank_cib, "<nvpair fname=\"ip\" name=\"secret\" xvalue=\"1\" value=\"2\"/>",
	      "<nvpair fname=\"ip\" name=\"secret\" xvalue=\"1\" value=\"(left out)\"/>");
	gives(vt_blank_cib, "<a><!-- password <x> --></a>", "<a></a>");
}

static void broken(void **state)
{
	(void)state;
	gives(vt_blank_cib, "", "");
	gives(vt_blank_cib, "<", "<");
	gives(vt_blank_cib, "<!-- never ends", "");
	gives(vt_blank_cib, "<nvpair name=\"passwd\" value=\"s", "<nvpair/>");
	gives(vt_blank_cib, "<nvpair name=passwd value=s/>", "<nvpair/>");
}

static void names(void **state)
{
	(void)state;
	static const char *const secret[] = {"passwd",		 "PASSWORD",	 "password_script",
					     "ssh_key",		 "auth",	 "secret",
					     "snmp_priv_passwd", "identity_file"};
	static const char *const plain[] = {"ip", "port", "username", "pcmk_host_list", "delay"};
	for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
		assert_true(vt_secret_name(secret[i], strlen(secret[i])));
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		assert_false(vt_secret_name(plain[i], strlen(plain[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(conf), cmocka_unit_test(cib),
					   cmocka_unit_test(broken), cmocka_unit_test(names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
