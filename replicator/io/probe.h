/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks witnesses whether they answer: an ICMP echo request, or a TCP connection that is closed again. */
#ifndef VMTWIN_IO_PROBE_H
#define VMTWIN_IO_PROBE_H

#include "base/witness.h"

/*
 * One round: asks all at once and waits until all have answered, timeout_ms at the most. A bit for each that did: an echo
 * reply with this round's own payload, a connection that was accepted. Nothing of a round is left for the next.
 */
uint32_t vt_probe(const struct vt_witness *witness, unsigned count, unsigned timeout_ms);
/* A bit for each that is an address of this host now: it would answer whatever is cut. */
uint32_t vt_probe_own(const struct vt_witness *witness, unsigned count);

#endif
