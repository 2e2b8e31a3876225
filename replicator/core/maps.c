// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/maps.h"

void vc_maps_begin(struct vc_maps *m, uint64_t grains)
{
	m->log |= grains;
}

void vc_maps_alone(struct vc_maps *m, uint64_t grains)
{
	m->dirty |= grains;
}

void vc_maps_settle(struct vc_maps *m, uint64_t here, uint64_t there)
{
	m->log &= ~(here & (there | m->dirty));
}

void vc_maps_fold(struct vc_maps *m)
{
	m->dirty |= m->log;
}

uint64_t vc_maps_compare(const struct vc_maps *mine, const struct vc_maps *theirs)
{
	return mine->log | mine->dirty | theirs->log | theirs->dirty;
}

void vc_maps_copied(struct vc_maps *m, uint64_t here, uint64_t there)
{
	m->dirty &= ~(here & there);
	m->log &= ~(here & there);
}

void vc_maps_put_back(struct vc_maps *m, uint64_t grains)
{
	m->dirty |= grains;
}
