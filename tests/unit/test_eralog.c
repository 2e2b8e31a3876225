// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/unit.h"

#include "core/eralog.h"

/* A log from a text: each letter an era; upper case P pair, A alone host 0, B alone host 1; the id is
 * the letter's place and, after a '/', another branch. */
static struct vc_eralog make(const char *text)
{
	struct vc_eralog log = {0};
	uint64_t branch = 0;
	for (const char *p = text; *p; p++) {
		if (*p == '/') {
			branch += 1000;
			continue;
		}
		unsigned members = *p == 'P' ? 3 : *p == 'A' ? 1 : 2;
		assert_true(vc_eralog_append(&log, log.count + 1 + branch, members == 2, members, 0));
	}
	return log;
}

struct compared {
	const char *a, *b;
	enum vc_compare result, mirrored;
};

static const struct compared compared[] = {
    {"", "", VC_BOTH_BLANK, VC_BOTH_BLANK},
    {"A", "", VC_B_BLANK, VC_A_BLANK},
    {"AP", "AP", VC_SAME, VC_SAME},
    {"AP", "A", VC_SAME, VC_SAME},	     /* a trailing pair era that the other lacks */
    {"APP", "AP", VC_SAME, VC_SAME},	     /* a hand-over half recorded */
    {"AP/P", "APP", VC_SAME, VC_SAME},	     /* both half recorded a different one */
    {"APB", "AP", VC_A_AHEAD, VC_B_AHEAD},   /* went on alone */
    {"APBP", "APP", VC_FORK, VC_FORK},	     /* made apart below */
    {"APA", "AP/B", VC_FORK, VC_FORK},	     /* both went on alone */
    {"APA", "AP/P", VC_A_AHEAD, VC_B_AHEAD}, /* false fork: the other only has a pair era */
    {"A", "/A", VC_UNRELATED, VC_UNRELATED},
};

static void compares(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof compared / sizeof compared[0]; i++) {
		const struct compared *c = &compared[i];
		struct vc_eralog a = make(c->a), b = make(c->b);
		if (strcmp(c->a, "APBP") == 0) { /* third era: same number, other id and members */
			b.era[2].id = 2003;
			b.era[2].members = 1;
		}
		assert_int_equal(vc_eralog_compare(&a, &b), c->result);
		assert_int_equal(vc_eralog_compare(&b, &a), c->mirrored);
	}
}

/* A pair era that the other may not have is not written in. */
static void last_writer_has_written(void **state)
{
	(void)state;
	struct vc_eralog log = make("APB");
	assert_int_equal(vc_eralog_last_writer(&log), 1);
	assert_true(vc_eralog_append(&log, 4, 0, 3, 0));
	assert_int_equal(vc_eralog_last_writer(&log), 1);
	log.era[3].flags = VC_ERA_CONFIRMED;
	assert_int_equal(vc_eralog_last_writer(&log), 0);
	log.count = 0;
	assert_int_equal(vc_eralog_last_writer(&log), VC_SLOTS);
}

/* The writer that breaks a tie is that of the last era that both have (both must agree on it). */
static void common_is_symmetric(void **state)
{
	(void)state;
	struct vc_eralog a = make("APP"), b = make("AP/P");
	const struct vc_era *x = vc_eralog_common(&a, &b), *y = vc_eralog_common(&b, &a);
	assert_non_null(x);
	assert_true(x->id == y->id && x->number == 2);
}

static void trims_to_the_newest(void **state)
{
	(void)state;
	struct vc_eralog whole = make("APAPAPAP"), cut = whole;
	vc_eralog_trim(&cut, 3);
	assert_int_equal(cut.count, 3);
	assert_int_equal(cut.era[2].number, 8);
	assert_int_equal(vc_eralog_compare(&whole, &cut), VC_SAME);
	assert_true(vc_eralog_append(&cut, 77, 0, 1, 0));
	assert_int_equal(cut.era[3].number, 9);
}

static void full_log_is_refused(void **state)
{
	(void)state;
	struct vc_eralog log = {0};
	for (unsigned i = 0; i < VC_ERAS; i++)
		assert_true(vc_eralog_append(&log, i + 1, 0, 3, 0));
	assert_false(vc_eralog_append(&log, 999, 0, 1, 0));
	assert_int_equal(log.count, VC_ERAS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compares),
	    cmocka_unit_test(last_writer_has_written),
	    cmocka_unit_test(common_is_symmetric),
	    cmocka_unit_test(trims_to_the_newest),
	    cmocka_unit_test(full_log_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
