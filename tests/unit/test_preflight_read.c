// SPDX-License-Identifier: GPL-2.0-or-later
/* What the preflight reads: the other host's facts, digests of configuration, texts of programs, libvirt's XML. */
#include "tests/unit/preflight_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void test_facts_round(void **state)
{
	struct vt_fail fail = {.code = 0};
	char *told = NULL, *again = NULL;
	size_t size = 0;
	static struct pf_facts back;
	(void)state;
	good_facts(&other, "host2");
	FILE *out = open_memstream(&told, &size);
	assert_int_equal(pf_facts_print(&other, out), 0);
	fclose(out);
	assert_int_equal(pf_facts_parse(&back, told, "f", &fail), 0);
	out = open_memstream(&again, &size);
	assert_int_equal(pf_facts_print(&back, out), 0);
	fclose(out);
	assert_string_equal(told, again);
	assert_memory_equal(&back, &other, sizeof back);
	free(told);
	free(again);
}

static void test_facts_bad(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {{"", "f: empty"},
		     {"host = a\n", "f:1: these are no facts"},
		     {"facts = 2\n", "f:1: facts of another version"},
		     {"facts = 1\n", "the line 'host = NAME' is missing"},
		     {"facts = 1\nrubbish\n", "not of the form"},
		     {"facts = 1\nhost = a\nhost = b\n", "f:3: told twice: 'host'"},
		     {"facts = 1\nhost =\n", "the value is empty"},
		     {"facts = 1\nclock = soon\n", "must be a whole number: 'clock'"},
		     {"facts = 1\nclock = 1\nclock = 1\n", "told twice: 'clock'"},
		     {"facts = 1\nclock = 1111111111111111111\n", "must be a whole number"},
		     {"facts = 1\nsynchronised = perhaps\n", "must be yes or no"},
		     {"facts = 1\nunit.../x = a:1\n", "none can have this name"},
		     {"facts = 1\ndata.vm1 = 1\ndata.vm1 = 1\n", "told twice"},
		     {"facts = 1\nmachine.vm1 = 0123456789012345678901234567890123456789012345678901234567890123\n", "too long"}};
	static struct pf_facts f;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct vt_fail fail = {.code = 0};
		assert_int_equal(pf_facts_parse(&f, cases[i].text, "f", &fail), -EINVAL);
		if (!strstr(fail.text, cases[i].words))
			fail_msg("'%s', not '%s'", fail.text, cases[i].words);
	}
	struct vt_fail fail = {.code = 0};
	assert_int_equal(pf_facts_parse(&f, "facts = 1\nfrom.the = future\nhost = a\n", "f", &fail), 0);
	assert_string_equal(f.host, "a");
}

static void test_facts_full(void **state)
{
	static struct pf_facts f;
	static char told[PF_FACTS_BYTES_MAX];
	struct vt_fail fail = {.code = 0};
	size_t len = 0;
	(void)state;
	len += (size_t)snprintf(told, sizeof told, "facts = 1\nhost = a\n");
	for (int i = 0; i < PF_UNITS_MAX; i++)
		len += (size_t)snprintf(told + len, sizeof told - len, "unit.vm%d = a:1\n", i);
	assert_int_equal(pf_facts_parse(&f, told, "f", &fail), 0);
	assert_int_equal(f.units, PF_UNITS_MAX);
	snprintf(told + len, sizeof told - len, "unit.one-more = a:1\n");
	assert_int_equal(pf_facts_parse(&f, told, "f", &fail), -EINVAL);
}

static void test_digest(void **state)
{
	char a[PF_DIGEST_MAX], b[PF_DIGEST_MAX], keys[64], hash[PF_HASH_MAX], again[PF_HASH_MAX];
	struct vt_fail fail = {.code = 0};
	(void)state;
	assert_int_equal(pf_digest_conf("port = 1\nlease_ms = 2\nstore = /a\nfence.host1 = secret\n", "f", a, &fail), 0);
	assert_null(strstr(a, "store"));
	assert_null(strstr(a, "fence"));
	assert_int_equal(pf_digest_conf("# a comment\n  lease_ms=2\n\nport =  1  \nstore = /b\n", "f", b, &fail), 0);
	assert_int_equal(pf_digest_differ(a, b, keys, sizeof keys), 0);
	assert_int_equal(pf_digest_conf("port = 2\nmode = sync\n", "f", b, &fail), 0);
	assert_int_equal(pf_digest_differ(a, b, keys, sizeof keys), 3);
	assert_string_equal(keys, "port, lease_ms, mode");
	assert_int_equal(pf_digest_conf("a:b = 1\n", "f", b, &fail), -EINVAL);
	pf_digest_text("totem {\n  token: 1\n}\n", hash);
	pf_digest_text("# new\n\ntotem {\ntoken: 1  \r\n}", again);
	assert_string_equal(hash, again);
	pf_digest_text("totem {\n  token: 2\n}\n", again);
	assert_string_not_equal(hash, again);
}

static void test_texts(void **state)
{
	char version[PF_VERSION_MAX], type[PF_TYPE_MAX];
	uint32_t values[] = {5, 1, 9};
	bool no_barrier;
	static const char mounts[] = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
				     "2 1 8:2 / /var/lib rw,nobarrier - xfs /dev/sda2 rw\n"
				     "rubbish\n"
				     "3 1 8:3 / /srv rw - ext4 /dev/sda3 rw,barrier=0\n"
				     "4 1 0:4 / /srv rw - tmpfs tmpfs rw\n";
	(void)state;
	pf_version_of("Pacemaker 2.1.5-4+deb12u1\nWritten by\n", version);
	assert_string_equal(version, "2.1.5-4+deb12u1");
	pf_version_of("Corosync Cluster Engine, version '3.1.7'\nCopyright (c) 2006-2021", version);
	assert_string_equal(version, "3.1.7");
	pf_version_of("none", version);
	assert_string_equal(version, "");
	assert_true(pf_version_at_least("10.0", 9, 5) && pf_version_at_least("6.1.0-18-amd64", 5, 10) && pf_version_at_least("?", 1, 0));
	assert_false(pf_version_at_least("5.9", 5, 10));
	assert_int_equal(pf_median(values, 3), 5);
	assert_int_equal(pf_median(values, 0), 0);
	assert_true(pf_mount_of(mounts, "/var/lib/x", type, &no_barrier) && no_barrier);
	assert_string_equal(type, "xfs");
	assert_true(pf_mount_of(mounts, "/var/library", type, &no_barrier) && !no_barrier);
	assert_string_equal(type, "ext4");
	assert_true(pf_mount_of(mounts, "/srv", type, &no_barrier) && !no_barrier);
	assert_string_equal(type, "tmpfs");
	assert_false(pf_mount_of("", "/", type, &no_barrier));
}

static void test_filters(void **state)
{
	(void)state;
	assert_false(pf_nft_filters(""));
	assert_true(pf_nft_filters("table inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n"));
	assert_false(pf_nft_filters("table inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t}\n}\n"));
	/* what libvirt makes: rejects what is forwarded, accepts what comes in */
	assert_false(pf_nft_filters("table ip filter {\n\tchain LIBVIRT_FWI {\n\t\toifname \"virbr0\" counter reject\n\t}\n"
				    "\tchain LIBVIRT_INP {\n\t\tudp dport 53 counter accept\n\t}\n"
				    "\tchain INPUT {\n\t\ttype filter hook input priority filter; policy accept;\n\t\tjump LIBVIRT_INP\n\t}\n"
				    "\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy accept;\n\t\tjump LIBVIRT_FWI\n\t}\n}\n"));
	/* two jumps away, the chains in an order that needs more than one look */
	assert_true(pf_nft_filters("table inet f {\n\tchain c {\n\t\treject with icmpx admin-prohibited\n\t}\n"
				   "\tchain b {\n\t\tgoto c\n\t}\n"
				   "\tchain a {\n\t\ttype filter hook input priority 0; policy accept;\n\t\tip saddr 10.0.0.0/8 jump b\n\t}\n}\n"));
	assert_false(pf_nft_filters("table inet f {\n\tchain c {\n\t\tdrop\n\t}\n}\ntable inet g {\n\tchain a {\n\t\ttype filter hook input "
				    "priority 0; policy accept;\n\t\tjump c\n\t}\n}\n"));
}

static void test_domain_xml(void **state)
{
	static struct pf_domain d;
	struct vt_fail fail = {.code = 0};
	(void)state;
	assert_int_equal(pf_domain_parse(&d,
					 "<domain><os><type machine='pc-q35-7.2'>hvm</type></os><cpu mode='host-passthrough'/><devices>"
					 "<disk type='file' device='disk'><driver name='qemu' cache='none'/><source file='/a/b'/><target dev='vda'/></disk>"
					 "<disk type='file' device='cdrom'><target dev='sda'/><readonly/></disk>"
					 "<disk type='block' device='disk'><source dev='/dev/sdb'/><target dev='vdb'/></disk>"
					 "</devices></domain>",
					 &fail),
			 0);
	assert_string_equal(d.machine, "pc-q35-7.2");
	assert_string_equal(d.cpu_mode, "host-passthrough");
	assert_int_equal(d.disks, 3);
	assert_string_equal(d.disk[0].cache, "none");
	assert_string_equal(d.disk[0].source, "/a/b");
	assert_true(d.disk[0].writable && d.disk[1].file && !d.disk[1].writable && !d.disk[2].file);
	assert_int_equal(pf_domain_parse(&d, "<network/>", &fail), -EINVAL);
	assert_int_equal(pf_domain_parse(&d, "<domain>", &fail), -EINVAL);
	assert_int_equal(pf_domain_parse(&d, "<!DOCTYPE domain SYSTEM 'x'><domain/>", &fail), -EINVAL);
}

static void test_capabilities_xml(void **state)
{
	static struct pf_facts f;
	(void)state;
	assert_int_equal(pf_capabilities_parse(&f,
					       "<capabilities><host><cpu><arch>x86_64</arch><model>EPYC</model><vendor>AMD</vendor></cpu></host>"
					       "<guest><arch name='i686'><machine>isapc</machine></arch></guest>"
					       "<guest><arch name='x86_64'><machine>pc-q35-7.2</machine><machine canonical='pc-q35-7.2'>q35</machine>"
					       "<machine>q35</machine></arch></guest></capabilities>",
					       "x86_64"),
			 0);
	assert_string_equal(f.cpu, "AMD EPYC");
	assert_string_equal(f.machines, "pc-q35-7.2 q35");
	assert_int_equal(pf_capabilities_parse(&f, "<domain/>", "x86_64"), -EINVAL);
	char *xml = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&xml, &size);
	fprintf(out, "<capabilities><guest><arch name='x86_64'>");
	for (int i = 0; i < 1000; i++)
		fprintf(out, "<machine>machine-%d</machine>", i);
	fprintf(out, "</arch></guest></capabilities>");
	fclose(out);
	assert_int_equal(pf_capabilities_parse(&f, xml, "x86_64"), 0);
	assert_non_null(strstr(f.machines, " ..."));
	free(xml);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_facts_round), cmocka_unit_test(test_facts_bad), cmocka_unit_test(test_facts_full),
	    cmocka_unit_test(test_digest),	cmocka_unit_test(test_texts),	  cmocka_unit_test(test_filters),
	    cmocka_unit_test(test_domain_xml),	cmocka_unit_test(test_capabilities_xml),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
