// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/reason.h"

static const char *const texts[VC_R_COUNT] = {
#define VC_X(name, text) [VC_R_##name] = text, /* NOLINT(bugprone-macro-parentheses): an initialiser */
    VC_REASONS(VC_X)
#undef VC_X
};

static const char *const names[VC_R_COUNT] = {
#define VC_X(name, text) [VC_R_##name] = #name,
    VC_REASONS(VC_X)
#undef VC_X
};

const char *vc_reason_text(enum vc_reason reason)
{
	return reason < VC_R_COUNT ? texts[reason] : "";
}

const char *vc_reason_name(enum vc_reason reason)
{
	return reason < VC_R_COUNT ? names[reason] : "?";
}
