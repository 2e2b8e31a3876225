// SPDX-License-Identifier: GPL-2.0-or-later
/* The merge of what is wanted into a CIB: what changes, what stays whoever made it, what is refused. Each in a few lines of XML. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

#include "crm-config/merge.h"
#include "crm-config/normal.h"
#include "crm-config/nvset.h"
#include "crm-config/owned.h"

/* A unit's VM and mirror in short, in one CIB and in the other. */
#define VM(inside) "<primitive id='vm1' class='ocf' provider='vmtwin' type='vm'>" inside "</primitive>"
#define UNIT "<instance_attributes id='vm1-ia'><nvpair id='vm1-ia-unit' name='unit' value='vm1'/></instance_attributes>"
#define MIRROR(inside) "<clone id='vm1-mirror-clone'><primitive id='vm1-mirror' class='ocf' provider='vmtwin' type='mirror'>" \
	"<instance_attributes id='m-ia'><nvpair id='m-ia-unit' name='unit' value='vm1'/></instance_attributes></primitive>" inside "</clone>"
#define RESOURCES(inside) "<resources>" inside "</resources>"
#define CONSTRAINTS(inside) "<constraints>" inside "</constraints>"
#define PROPERTIES(inside) "<crm_config>" inside "</crm_config>"
#define META(id, more, pairs) "<meta_attributes id='" id "' " more ">" pairs "</meta_attributes>"
#define PAIR(id, name, value) "<nvpair id='" id "' name='" name "' value='" value "'/>"
#define NIGHT "<rule id='night' score='0'><date_expression id='night-d' operation='date_spec'><date_spec id='night-s' hours='22'/></date_expression></rule>"
#define COLOCATION(id, score) "<rsc_colocation id='" id "' rsc='vm1' rsc-role='Started' with-rsc='vm1-mirror-clone' with-rsc-role='Promoted' score='" score "'/>"
#define ORDER(id, more) "<rsc_order id='" id "' first='vm1-mirror-clone' first-action='promote' then='vm1' then-action='start' " more "/>"

static const char *const unit_ids[] = {"vm1", "vm1-mirror", "vm1-mirror-clone", "vm1-ping", "vm1-ping-clone", "vm2", "vm2-mirror", "vm2-mirror-clone", NULL};
static xmlDoc *current, *wanted;
static struct vt_fail fail;
static char *dumped, *told;

static xmlDoc *parse(const char *inside)
{
	char text[16384];
	int n = snprintf(text, sizeof text, "<cib><configuration>%s</configuration><status/></cib>", inside);
	assert_true(n > 0 && n < (int)sizeof text);
	xmlDoc *doc = xmlReadMemory(text, n, "t", NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
	assert_non_null(doc);
	return doc;
}

static int end(void **state)
{
	(void)state;
	xmlFreeDoc(current);
	xmlFreeDoc(wanted);
	xmlFree(dumped);
	free(told);
	current = wanted = NULL;
	dumped = told = NULL;
	return 0;
}

static void dump(void)
{
	xmlChar *text = NULL;
	int size = 0;
	xmlFree(dumped);
	xmlDocDumpMemory(current, &text, &size);
	dumped = (char *)text;
}

static bool has(const char *text)
{
	return strstr(dumped, text) != NULL;
}

static int merge(const char *is, const char *shall_be)
{
	end(NULL);
	fail = (struct vt_fail){.code = 0};
	current = parse(is);
	wanted = parse(shall_be);
	int rc = cf_merge(current, wanted, unit_ids, &fail);
	dump();
	size_t size = 0;
	FILE *out = open_memstream(&told, &size);
	assert_non_null(out);
	cf_tell_ruled(out, current, wanted);
	fclose(out);
	return rc;
}

static void count_ids(const xmlNode *n, unsigned *ids)
{
	for (; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (cf_attr(n, "id")[0]) {
			(*ids)++;
			assert_ptr_equal(cf_find_id(cf_configuration(current), cf_attr(n, "id")), n);
		}
		count_ids(n->children, ids);
	}
}

/* Merged, each id is there once, and a second time there is nothing to do. */
static void merges(const char *is, const char *shall_be)
{
	unsigned ids = 0;
	if (merge(is, shall_be) != 0)
		fail_msg("%s", fail.text);
	count_ids(cf_configuration(current)->children, &ids);
	assert_true(ids > 0);
	char *once = strdup(dumped);
	assert_int_equal(cf_merge(current, wanted, unit_ids, &fail), 0);
	dump();
	assert_string_equal(dumped, once);
	free(once);
}

static void refuses(const char *is, const char *shall_be, const char *text)
{
	assert_int_equal(merge(is, shall_be), -EEXIST);
	if (!strstr(fail.text, text))
		fail_msg("says: %s", fail.text);
	xmlDoc *before = parse(is);
	struct cf_lines a = cf_normal(before), b = cf_normal(current);
	assert_true(cf_lines_same(&a, &b));
	cf_lines_free(&a);
	cf_lines_free(&b);
	xmlFreeDoc(before);
}

/* ---- resources -------------------------------------------------------------------------------------------- */

static void test_new(void **state)
{
	(void)state;
	merges("", RESOURCES(VM(UNIT) MIRROR("")) CONSTRAINTS(ORDER("o", "")) PROPERTIES("<cluster_property_set id='p'>" PAIR("p-a", "a", "1") "</cluster_property_set>"));
	assert_true(has("<rsc_order id=\"o\""));
	assert_true(has("id=\"vm1-mirror\""));
	assert_true(has("id=\"p-a\""));
}

static void test_values(void **state)
{
	(void)state;
	merges(RESOURCES(VM(UNIT META("m", "", PAIR("m-a", "priority", "5") PAIR("m-b", "old", "1") PAIR("m-r", "target-role", "Stopped")
					PAIR("m-m", "is-managed", "false") PAIR("m-x", "maintenance", "true")))),
	       RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10") PAIR("w-c", "new", "2")))));
	assert_true(has("id=\"m-a\" name=\"priority\" value=\"10\""));
	assert_false(has("name=\"old\""));
	assert_true(has("id=\"w-c\" name=\"new\" value=\"2\""));
	assert_true(has("id=\"m-r\"") && has("id=\"m-m\"") && has("id=\"m-x\""));
	assert_string_equal(told, "");
}

static void test_set_in_order(void **state)
{
	(void)state;
	static const char operations[] = RESOURCES(VM("<operations><op id='o' name='stop' interval='0s' timeout='1s'/></operations>"));
	merges(operations, RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10")) "<operations><op id='o' name='stop' interval='0s' timeout='1s'/></operations>")));
	const char *params = strstr(dumped, "<instance_attributes"), *metas = strstr(dumped, "<meta_attributes"), *ops = strstr(dumped, "<operations");
	assert_true(params && metas && ops && params < metas && metas < ops);
	merges(RESOURCES(MIRROR("")), RESOURCES(MIRROR(META("c", "", PAIR("c-a", "clone-max", "2")))));
	assert_true(strstr(dumped, "</primitive>") < strstr(dumped, "<meta_attributes"));
}

static void test_set_with_a_rule(void **state)
{
	(void)state;
	static const char ruled[] = META("m", "score='10'", NIGHT PAIR("m-a", "priority", "0") PAIR("m-b", "theirs", "1"));
	char is[4096];
	snprintf(is, sizeof is, RESOURCES(VM(UNIT "%s")), ruled);
	merges(is, RESOURCES(VM(UNIT META("m", "", PAIR("m-a", "priority", "10")))));
	assert_true(has("name=\"priority\" value=\"0\"") && has("name=\"theirs\"") && has("<rule id=\"night\""));
	assert_true(has("<meta_attributes id=\"m-1\"") && has("id=\"m-a-1\" name=\"priority\" value=\"10\""));
	assert_non_null(strstr(told, "vm1: priority=10 is meant, but set m gives it priority=0 while its rule holds"));
	merges(RESOURCES(VM(UNIT META("r", "", NIGHT PAIR("r-a", "priority", "10")))), RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10")))));
	assert_true(has("id=\"w-a\" name=\"priority\" value=\"10\"") && has("id=\"r-a\""));
	/* before and behind the plain one */
	merges(RESOURCES(VM(UNIT META("r", "", NIGHT PAIR("r-a", "priority", "10")) META("m", "", PAIR("m-a", "priority", "5")))),
	       RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10")))));
	assert_true(has("id=\"m-a\" name=\"priority\" value=\"10\""));
	assert_string_equal(told, "");
	merges(RESOURCES(VM(UNIT META("m", "", PAIR("m-a", "priority", "5")) META("r", "", NIGHT PAIR("r-a", "priority", "0")))),
	       RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10")))));
	assert_true(has("id=\"m-a\" name=\"priority\" value=\"10\"") && has("id=\"r-a\" name=\"priority\" value=\"0\""));
}

static void test_several_sets(void **state)
{
	(void)state;
	merges(RESOURCES(VM(UNIT META("m", "", PAIR("m-a", "priority", "10")) META("n", "score='5'", PAIR("n-a", "priority", "0") PAIR("n-b", "old", "1")))),
	       RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10")))));
	assert_true(has("id=\"n-a\" name=\"priority\" value=\"10\""));
	assert_false(has("name=\"old\""));
}

static void test_set_of_somebody_else(void **state)
{
	(void)state;
	merges(RESOURCES("<primitive id='web' class='ocf' provider='heartbeat' type='x'>" META("shared", "", PAIR("s-a", "priority", "0") PAIR("s-b", "theirs", "1"))
			 "</primitive>" VM(UNIT "<meta_attributes id-ref='shared'/>")),
	       RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10")))));
	assert_true(has("id=\"s-a\" name=\"priority\" value=\"0\"") && has("theirs") && has("id-ref=\"shared\""));
	assert_non_null(strstr(told, "set shared gives it priority=0;"));
}

static void test_value_of_somebody_else(void **state)
{
	(void)state;
	merges(RESOURCES("<primitive id='web' class='ocf' provider='heartbeat' type='x'>" META("wm", "", PAIR("wm-a", "priority", "0")) "</primitive>"
			 VM(UNIT META("m", "", "<nvpair id-ref='wm-a' name='priority'/>"))),
	       RESOURCES(VM(UNIT META("w", "", PAIR("w-a", "priority", "10")))));
	assert_true(has("id=\"wm-a\" name=\"priority\" value=\"0\"") && has("id=\"w-a\" name=\"priority\" value=\"10\""));
	assert_false(has("id-ref"));
}

static void test_operations(void **state)
{
	(void)state;
	static const char want[] = RESOURCES(VM("<operations><op id='w1' name='monitor' interval='10s' timeout='30s'/><op id='w2' name='stop' interval='0s' timeout='90s'/></operations>"));
	merges(RESOURCES(VM("<operations><op id='a' name='monitor' interval='10' timeout='30' /><op id='b' name='stop' interval='0' timeout='1.5min'/></operations>")), want);
	merges(RESOURCES(VM("<operations><op id='a' name='monitor' interval='10000ms' timeout='20s' on-fail='ignore'>" META("k", "", NIGHT PAIR("k-a", "record-pending", "true"))
			    META("l", "", PAIR("l-a", "record-pending", "true")) "</op><op id='c' name='monitor' interval='5s' timeout='30s'/></operations>")),
	       want);
	assert_true(has("id=\"a\" name=\"monitor\" interval=\"10s\" timeout=\"30s\"") && has("id=\"k-a\"") && has("id=\"w2\""));
	assert_false(has("on-fail") || has("id=\"l-a\"") || has("id=\"c\""));
	merges(RESOURCES(VM("<operations><op id='w2' name='monitor' interval='10s' timeout='30s'/></operations>")), want);
	assert_true(has("id=\"w2-1\" name=\"stop\""));
	merges(RESOURCES(VM("<operations><op id='o' name='stop' interval='0s' timeout='90s'/></operations>")), RESOURCES(VM("")));
	assert_false(has("name=\"stop\""));
	merges(RESOURCES(VM("<operations><op id='a' name='monitor' interval='10s' timeout='1s'/><op id='b' name='monitor' interval='11s' timeout='2s'/></operations>")),
	       RESOURCES(VM("<operations><op id='x' name='monitor' interval='11s' timeout='3s'/><op id='y' name='monitor' interval='10s' timeout='4s'/></operations>")));
	assert_true(has("id=\"a\" name=\"monitor\" interval=\"10s\" timeout=\"4s\"") && has("id=\"b\" name=\"monitor\" interval=\"11s\" timeout=\"3s\""));
	merges(RESOURCES(VM("<operations><op id='o' name='stop' interval='0s' timeout='90s'/></operations>")), RESOURCES(VM("")));
	assert_false(has("name=\"stop\""));
	merges(RESOURCES(VM("<operations><op id='a' name='stop' interval='0' timeout='1s'/><op id='b' name='stop' interval='0s' timeout='90s'/></operations>")), want);
	assert_true(has("id=\"a\"") && !has("id=\"b\""));
	merges(RESOURCES(VM("<operations><op id='a' name='monitor' interval='10s' timeout='1s' enabled='false' record-pending='true'/></operations>")), want);
	assert_true(has("enabled=\"false\"") && has("timeout=\"30s\"") && !has("record-pending")); /* an operator's, while it is unmanaged */
}

static void test_same_words_stay(void **state)
{
	(void)state;
	merges(RESOURCES(VM(UNIT META("m", "", PAIR("m-a", "priority", "5")) "<operations><op id='a' name='stop' interval='0' timeout='90'/></operations>") MIRROR("")),
	       RESOURCES(VM(UNIT META("m", "", PAIR("m-a", "priority", "10")) "<operations><op id='w' name='stop' interval='0s' timeout='90s'/></operations>") MIRROR("")));
	assert_true(has("id=\"a\" name=\"stop\" interval=\"0\" timeout=\"90\""));
}

static void test_kind_changes(void **state)
{
	(void)state;
	merges(RESOURCES("<primitive id='power-host1' class='stonith' type='fence_a'/>"), RESOURCES("<primitive id='power-host1' class='stonith' type='fence_b'/>"));
	assert_true(has("type=\"fence_b\"") && !has("fence_a"));
}

static void test_mirror_inside_its_clone(void **state)
{
	(void)state;
	merges(RESOURCES(MIRROR(META("c", "", PAIR("c-a", "clone-max", "3")))), RESOURCES(MIRROR(META("w", "", PAIR("w-a", "clone-max", "2")))));
	assert_true(has("id=\"c-a\" name=\"clone-max\" value=\"2\""));
	merges("<resources>" MIRROR("") "</resources>",
	       "<resources><clone id='vm1-mirror-clone'><primitive id='vm1-mirror' class='ocf' provider='vmtwin' type='mirror'>" UNIT
	       META("x", "", PAIR("x-a", "failure-timeout", "10min")) "</primitive></clone></resources>");
	assert_true(has("failure-timeout"));
}

static void test_no_longer_wanted(void **state)
{
	(void)state;
	merges(RESOURCES(VM(UNIT) "<clone id='vm1-ping-clone'><primitive id='vm1-ping' class='ocf' provider='pacemaker' type='ping'/></clone>"
			 "<primitive id='web' class='ocf' provider='x' type='y'/>"),
	       RESOURCES(VM(UNIT)));
	assert_false(has("ping"));
	assert_true(has("id=\"web\""));
}

/* ---- constraints, levels, properties ---------------------------------------------------------------------- */

static void test_constraint_that_was_changed(void **state)
{
	(void)state;
	static const char want[] = RESOURCES(VM("") MIRROR("")) CONSTRAINTS(COLOCATION("c", "INFINITY") ORDER("o", ""));
	merges(RESOURCES(VM("") MIRROR("")) CONSTRAINTS(COLOCATION("c", "500") ORDER("o", "kind='Optional'")), want);
	assert_true(has("id=\"c\"") && has("score=\"INFINITY\"") && !has("500") && !has("Optional"));
	/* under their ids, or others */
	merges(RESOURCES(VM("") MIRROR("")) CONSTRAINTS(COLOCATION("other", "INFINITY") ORDER("more", "")), want);
	assert_true(has("id=\"other\"") && has("id=\"more\"") && !has("id=\"c\"") && !has("id=\"o\""));
	merges(RESOURCES(VM("") MIRROR("")) CONSTRAINTS(COLOCATION("other", "1") ORDER("more", "symmetrical='false'")), want);
	assert_true(!has("id=\"other\"") && !has("id=\"more\"") && has("id=\"c\"") && has("id=\"o\""));
	merges(RESOURCES(VM("") MIRROR("")) CONSTRAINTS(COLOCATION("other", "INFINITY") ORDER("more", "")), RESOURCES(VM("") MIRROR("")));
	assert_true(!has("id=\"other\"") && !has("id=\"more\""));
}

static void test_location_of_a_device_that_was_changed(void **state)
{
	(void)state;
	merges(RESOURCES("<primitive id='p' class='stonith' type='f'/>") CONSTRAINTS("<rsc_location id='l' rsc='p' node='host1' score='-100'/>"),
	       RESOURCES("<primitive id='p' class='stonith' type='f'/>") CONSTRAINTS("<rsc_location id='l' rsc='p' node='host1' score='-INFINITY'/>"));
	assert_true(has("score=\"-INFINITY\"") && !has("-100"));
}

static void test_device_of_leases_off_other_hosts(void **state)
{
	(void)state;
	static const char twin[] = RESOURCES("<primitive id='twin' class='stonith' type='fence_vmtwin'/>");
	static const char is[] = RESOURCES("<primitive id='twin' class='stonith' type='fence_vmtwin'/>" VM("") MIRROR(""))
	    CONSTRAINTS("<rsc_location id='location-twin-hosts' rsc='twin' node='host3' score='-INFINITY'/><rsc_location id='location-twin-host4' rsc='twin' node='host4' score='-1'/>"
			"<rsc_location id='location-web-hosts' rsc='web' node='host3' score='-INFINITY'/>");
	merges(is, twin);
	assert_true(!has("location-twin-hosts") && has("location-twin-host4") && has("location-web-hosts"));
	merges(is, RESOURCES(VM("") MIRROR(""))); /* only a unit is looked at */
	assert_true(has("location-twin-hosts"));
}

static void test_constraints_of_others(void **state)
{
	(void)state;
	static const char others[] = "<rsc_colocation id='a' rsc='vm1' with-rsc='vm2' score='-INFINITY'/><rsc_order id='b' first='vm1' then='vm2'/>"
				     "<rsc_colocation id='a2' rsc='vm1' with-rsc='vm2-mirror-clone' score='1'/><rsc_order id='b2' first='vm2-mirror-clone' then='vm1'/>"
				     "<rsc_order id='f' first='vm9-mirror-clone' then='vm9'/><rsc_colocation id='g' rsc='vm9' with-rsc='vm9-mirror-clone' score='1'/>"
				     "<rsc_order id='d' first='web' then='vm1'/><rsc_location id='cli-prefer-vm1' rsc='vm1' node='host1' score='INFINITY'/>"
				     "<rsc_location id='location-web-prefer' rsc='web' node='host1' score='1'/><rsc_colocation id='e' rsc='web' with-rsc='vm1' score='1'/>";
	char is[8192];
	snprintf(is, sizeof is, RESOURCES(VM("") MIRROR("")) CONSTRAINTS("%s"), others);
	merges(is, RESOURCES(VM("") MIRROR("")));
	assert_true(has("id=\"a\"") && has("id=\"b\"") && has("id=\"a2\"") && has("id=\"b2\"") && has("id=\"d\"") && has("id=\"cli-prefer-vm1\"") && has("id=\"e\""));
	assert_true(has("location-web-prefer") && has("id=\"f\"") && has("id=\"g\""));
}

static void test_rules_by_their_ids(void **state)
{
	(void)state;
	merges(RESOURCES(VM("") MIRROR(""))
	       CONSTRAINTS("<rsc_location id='location-vm1-mirror-clone-prefer' rsc='vm1-mirror-clone' node='host1' score='1'/>"
			   "<rsc_location id='location-vm1-mirror-clone-ping' rsc='vm1-mirror-clone' node='host1' score='2'/>"
			   "<rsc_location id='location-vm1-hosts' rsc='vm1' node='host1' score='3'/><rsc_location id='mine' rsc='vm1' node='host1' score='4'/>"),
	       RESOURCES(VM("") MIRROR("")));
	assert_false(has("prefer") || has("clone-ping") || has("vm1-hosts"));
	assert_true(has("id=\"mine\""));
}

static void test_levels(void **state)
{
	(void)state;
	merges("<fencing-topology><fencing-level id='x' target='host1' index='1' devices='old'/><fencing-level id='y' target='host3' index='1' devices='theirs'/>"
	       "<fencing-level id='z' target='host2' index='1' devices='p2'/></fencing-topology>",
	       "<fencing-topology><fencing-level id='fl-host1-1' target='host1' index='1' devices='p1'/><fencing-level id='fl-host2-1' target='host2' index='1' devices='p2'/>"
	       "</fencing-topology>");
	assert_true(has("id=\"fl-host1-1\"") && !has("old") && has("theirs") && has("id=\"z\"") && !has("fl-host2-1"));
	merges("<fencing-topology><fencing-level id='y' target='host1' index='1' devices='theirs'/></fencing-topology>", "");
	assert_true(has("theirs"));
}

#define SET(id, more, pairs) "<cluster_property_set id='" id "' " more ">" pairs "</cluster_property_set>"
static void test_properties(void **state)
{
	(void)state;
	static const char want[] = PROPERTIES(SET("cib-bootstrap-options", "", PAIR("w-s", "stonith-enabled", "true")));
	merges(PROPERTIES(SET("a", "", PAIR("a-s", "stonith-enabled", "false")) SET("b", "", PAIR("b-s", "stonith-enabled", "false") PAIR("b-x", "theirs", "1"))), want);
	assert_true(has("id=\"a-s\" name=\"stonith-enabled\" value=\"true\"") && has("id=\"b-s\" name=\"stonith-enabled\" value=\"true\"") && has("theirs"));
	merges(PROPERTIES(SET("b", "", PAIR("b-x", "theirs", "1"))), want);
	assert_true(has("id=\"w-s\"") && has("theirs") && !has("cib-bootstrap-options"));
	merges(PROPERTIES(SET("cib-bootstrap-options", "score='1'", NIGHT PAIR("r-s", "stonith-enabled", "false"))), want);
	assert_true(has("id=\"r-s\" name=\"stonith-enabled\" value=\"false\"") && has("id=\"cib-bootstrap-options-1\"") && has("id=\"w-s\""));
	assert_non_null(strstr(told, "properties: stonith-enabled=true is meant, but set cib-bootstrap-options gives it stonith-enabled=false while its rule holds"));
	static const char delay[] = PROPERTIES(SET("cib-bootstrap-options", "", PAIR("w-d", "priority-fencing-delay", "2s")));
	merges(PROPERTIES(SET("a", "", PAIR("a-d", "priority-fencing-delay", "15"))), delay);
	assert_true(has("value=\"15\""));
	merges(PROPERTIES(SET("a", "", PAIR("a-d", "priority-fencing-delay", "1500ms"))), delay);
	assert_true(has("value=\"2s\""));
	merges(PROPERTIES(SET("a", "", PAIR("a-d", "priority-fencing-delay", "soon"))), delay);
	assert_true(has("value=\"2s\""));
	merges(PROPERTIES(SET("a", "", PAIR("a-s", "stonith-timeout", "15"))), PROPERTIES(SET("cib-bootstrap-options", "", PAIR("w-s", "stonith-timeout", "2s"))));
	assert_true(has("value=\"2s\""));
}

/* ---- ids -------------------------------------------------------------------------------------------------- */

static void test_clashes(void **state)
{
	(void)state;
	static const char want[] = RESOURCES(VM("") MIRROR("")) CONSTRAINTS(ORDER("o", ""));
	refuses(RESOURCES(VM("") MIRROR("")) CONSTRAINTS("<rsc_order id='o' first='web' then='vm1'/>"), want, "a rsc_order of vm1-mirror-clone and vm1, but has been given to a rsc_order of web and vm1");
	refuses(RESOURCES(VM("") MIRROR("")) CONSTRAINTS("<rsc_location id='o' rsc='web' node='host1' score='1'/>"), want, "has been given to a rsc_location of web");
	refuses(RESOURCES(VM("") MIRROR(META("o", "", ""))), want, "has been given to a meta_attributes in vm1-mirror-clone");
	refuses(RESOURCES("<primitive id='vm1' class='stonith' type='f'/>"), want, "id vm1 is needed for a primitive, but has been given to a primitive");
	refuses(RESOURCES("<group id='g'>" VM("") "</group>"), want, "given to a primitive in g");
	refuses(RESOURCES("<primitive id='vm1-mirror' class='ocf' provider='vmtwin' type='mirror'/>"), want, "id vm1-mirror is needed");
	refuses(RESOURCES("<clone id='vm1-mirror-clone'>" VM("") "</clone>"), RESOURCES(MIRROR("")), "id vm1-mirror-clone is needed");
	refuses("<fencing-topology><fencing-level id='l' target-pattern='h.*' index='1' devices='d'/></fencing-topology>",
		"<fencing-topology><fencing-level id='l' target='host1' index='1' devices='d'/></fencing-topology>", "id l is needed for a fencing-level of host1");
	/* the same thing under another id needs none */
	merges(RESOURCES(VM("") MIRROR("")) CONSTRAINTS(ORDER("mine", "") "<rsc_order id='o' first='web' then='vm1'/>"), want);
	assert_true(has("id=\"mine\"") && has("first=\"web\""));
}

static void test_ids_that_are_only_names(void **state)
{
	(void)state;
	static const char rule[] = "<rsc_location id='%s' rsc='%s'><rule id='r' score='1'><expression id='e' attribute='#uname' operation='eq' value='host1'/></rule></rsc_location>";
	char theirs[512], ours[512], is[2048], shall_be[2048];
	snprintf(theirs, sizeof theirs, rule, "theirs", "web");
	snprintf(ours, sizeof ours, rule, "ours", "vm1");
	snprintf(is, sizeof is, RESOURCES(VM("")) CONSTRAINTS("%s"), theirs);
	snprintf(shall_be, sizeof shall_be, RESOURCES(VM("")) CONSTRAINTS("%s"), ours);
	merges(is, shall_be);
	assert_true(has("<rule id=\"r\"") && has("<rule id=\"r-1\"") && has("id=\"e\"") && has("id=\"e-1\""));
}

/* ---- which are a unit's ----------------------------------------------------------------------------------- */

static int owns(const char *resources, const char *unit, struct cf_owned *o)
{
	end(NULL);
	fail = (struct vt_fail){.code = 0};
	current = parse(resources);
	assert_true(cf_owned_init(o, 1));
	return cf_owned_add(o, current, unit, false, &fail);
}

static void is_foreign(const char *resources, const char *text)
{
	struct cf_owned o;
	assert_int_equal(owns(resources, "vm1", &o), -EEXIST);
	if (!strstr(fail.text, text))
		fail_msg("says: %s", fail.text);
	cf_owned_free(&o);
}

#define PING "<clone id='vm1-ping-clone'><primitive id='vm1-ping' class='ocf' provider='pacemaker' type='ping'><instance_attributes id='p-ia'>" PAIR("p-ia-n", "name", "vm1-ping") "</instance_attributes></primitive></clone>"
#define OWN_PING "<clone id='vm1-ping-clone'><primitive id='vm1-ping' class='ocf' provider='pacemaker' type='ping'/></clone>"
#define DRBD(name) "<clone id='vm1-drbd-clone'><primitive id='vm1-drbd' class='ocf' provider='linbit' type='drbd'><instance_attributes id='d-ia'>" \
	PAIR("d-ia-r", "drbd_resource", name) "</instance_attributes></primitive></clone>"
static void test_owned(void **state)
{
	struct cf_owned o;
	(void)state;
	assert_int_equal(owns(RESOURCES(VM(UNIT) MIRROR("") PING "<primitive id='vm10' class='ocf' provider='x' type='y'/>"), "vm1", &o), 0);
	assert_int_equal(o.count, 5);
	assert_string_equal(o.id[0], "vm1");
	assert_string_equal(o.id[1], "vm1-mirror");
	assert_string_equal(o.id[2], "vm1-mirror-clone");
	assert_string_equal(o.id[3], "vm1-ping");
	assert_string_equal(o.id[4], "vm1-ping-clone");
	assert_null(o.id[5]);
	cf_owned_free(&o);
	assert_int_equal(owns(RESOURCES(VM("<instance_attributes id='i'>" PAIR("i-c", "config", "/etc/x.xml") "</instance_attributes>") DRBD("vm1")), "vm1", &o), 0);
	assert_int_equal(o.count, 3);
	cf_owned_free(&o);
	assert_int_equal(owns(RESOURCES(""), "vm1", &o), 0);
	assert_int_equal(o.count, 0);
	cf_owned_free(&o);
}

static void test_not_owned(void **state)
{
	(void)state;
	is_foreign(RESOURCES("<primitive id='vm1' class='ocf' provider='heartbeat' type='vm'>" UNIT "</primitive>"), "be called vm1, but that is a primitive");
	is_foreign(RESOURCES("<primitive id='vm1' class='ocf' provider='vmtwin' type='other'>" UNIT "</primitive>"), "be called vm1,");
	is_foreign(RESOURCES("<primitive id='vm1' class='lsb' provider='vmtwin' type='vm'>" UNIT "</primitive>"), "be called vm1,");
	is_foreign(RESOURCES("<primitive id='vm1' class='ocf' provider='vmtwin' type='vm'><instance_attributes id='i'>" PAIR("i-u", "unit", "vm2") "</instance_attributes></primitive>"),
		   "be called vm1,");
	is_foreign(RESOURCES("<group id='vm1'><primitive id='a' class='ocf' provider='x' type='y'/></group>"), "be called vm1, but that is a group");
	is_foreign(RESOURCES("<group id='g'>" VM(UNIT) "</group>"), "in g");
	is_foreign(RESOURCES(DRBD("vm2")), "be called vm1-drbd,");
	is_foreign(RESOURCES("<clone id='vm1-mirror-clone'><primitive id='web' class='ocf' provider='x' type='y'/></clone>"), "be called vm1-mirror-clone,");
	is_foreign(RESOURCES("<clone id='other'><primitive id='vm1-ping' class='ocf' provider='pacemaker' type='ping'><instance_attributes id='p-ia'>" PAIR("p-ia-n", "name", "vm1-ping") "</instance_attributes></primitive></clone>"), "in other");
	is_foreign(RESOURCES("<group id='g'>" PING "</group>"), "called vm1-ping-clone,");
	/* an administrator's: its attribute has another name */
	struct cf_owned o;
	assert_int_equal(owns(RESOURCES(VM(UNIT) OWN_PING), "vm1", &o), 0);
	assert_int_equal(o.count, 1);
	assert_string_equal(o.id[0], "vm1");
	assert_int_equal(cf_owned_add(&o, current, "vm1", true, &fail), -EEXIST);
	assert_non_null(strstr(fail.text, "called vm1-ping,"));
	end(NULL);
	cf_owned_free(&o);
	is_foreign(RESOURCES("<master id='vm1-mirror-clone'><primitive id='vm1-mirror' class='ocf' provider='vmtwin' type='mirror'>" UNIT "</primitive></master>"), "that is a master");
}

static void test_taken_out(void **state)
{
	(void)state;
	end(NULL);
	current = parse(RESOURCES(VM(UNIT) MIRROR("") "<primitive id='web' class='ocf' provider='x' type='y'/>")
			CONSTRAINTS(ORDER("o", "") "<rsc_order id='a' first='web' then='vm1'/><rsc_colocation id='b' rsc='web' with-rsc='vm1' score='1'/>"
				    "<rsc_location id='c' rsc='vm1' node='host1' score='1'/><rsc_location id='d' rsc='web' node='host1' score='1'/>"
				    "<rsc_order id='e' first='vm1' then='web'/><rsc_colocation id='f' rsc='vm1' with-rsc='web' score='1'/>"));
	assert_true(cf_take_out(current, unit_ids));
	dump();
	assert_false(has("vm1"));
	assert_true(has("<primitive id=\"web\"") && has("id=\"d\""));
	assert_false(cf_take_out(current, unit_ids));
}

/* ---- sets ------------------------------------------------------------------------------------------------- */

static void test_value_that_counts(void **state)
{
	(void)state;
	end(NULL);
	current = parse(PROPERTIES(SET("a", "score='5'", PAIR("a-x", "x", "a") PAIR("a-y", "y", "a") PAIR("a-z", "z", "a")) SET("r", "score='100'", NIGHT PAIR("r-x", "x", "r"))
				   SET("b", "score='10'", PAIR("b-x", "x", "b") PAIR("b-y", "y", "b")) SET("cib-bootstrap-options", "", PAIR("c-y", "y", "c"))
				   SET("d", "score='10'", PAIR("d-x", "x", "d")) "<cluster_property_set id-ref='t'/>") "<tags><tag id='tag'/>" SET("t", "", PAIR("t-q", "q", "t")) "</tags>");
	const xmlNode *config = cf_section(current, "crm_config");
	assert_string_equal(cf_pair_value(config, "cluster_property_set", "x"), "b");
	assert_string_equal(cf_pair_value(config, "cluster_property_set", "y"), "c");
	assert_string_equal(cf_pair_value(config, "cluster_property_set", "z"), "a");
	assert_string_equal(cf_pair_value(config, "cluster_property_set", "q"), "t");
	assert_null(cf_pair_find(config, "cluster_property_set", "none"));
	assert_null(cf_pair_find(NULL, "cluster_property_set", "x"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_new, end),
	    cmocka_unit_test_teardown(test_values, end),
	    cmocka_unit_test_teardown(test_set_in_order, end),
	    cmocka_unit_test_teardown(test_set_with_a_rule, end),
	    cmocka_unit_test_teardown(test_several_sets, end),
	    cmocka_unit_test_teardown(test_set_of_somebody_else, end),
	    cmocka_unit_test_teardown(test_value_of_somebody_else, end),
	    cmocka_unit_test_teardown(test_operations, end),
	    cmocka_unit_test_teardown(test_same_words_stay, end),
	    cmocka_unit_test_teardown(test_kind_changes, end),
	    cmocka_unit_test_teardown(test_mirror_inside_its_clone, end),
	    cmocka_unit_test_teardown(test_no_longer_wanted, end),
	    cmocka_unit_test_teardown(test_constraint_that_was_changed, end),
	    cmocka_unit_test_teardown(test_location_of_a_device_that_was_changed, end),
	    cmocka_unit_test_teardown(test_device_of_leases_off_other_hosts, end),
	    cmocka_unit_test_teardown(test_constraints_of_others, end),
	    cmocka_unit_test_teardown(test_rules_by_their_ids, end),
	    cmocka_unit_test_teardown(test_levels, end),
	    cmocka_unit_test_teardown(test_properties, end),
	    cmocka_unit_test_teardown(test_clashes, end),
	    cmocka_unit_test_teardown(test_ids_that_are_only_names, end),
	    cmocka_unit_test_teardown(test_owned, end),
	    cmocka_unit_test_teardown(test_not_owned, end),
	    cmocka_unit_test_teardown(test_taken_out, end),
	    cmocka_unit_test_teardown(test_value_that_counts, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
