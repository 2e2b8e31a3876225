/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the core did, or does not, something: one list for the unit's log, for agents' exit reasons and
 * for `vmtwin explain`. %P stands for the peer's name. Each text says what is so and what helps.
 */
#ifndef VMTWIN_CORE_REASON_H
#define VMTWIN_CORE_REASON_H

#define VC_REASONS(X)                                                                              \
	X(NONE, "")                                                                                \
	X(STARTED, "started; waiting for %P to compare data")                                      \
	X(STARTED_SOLO, "started; this host has the newest data and can run without %P")           \
	X(PEER_GONE_NODE, "%P left the cluster membership")                                        \
	X(PEER_GONE_DAEMON, "vmtwind on %P ended")                                                 \
	X(PEER_GONE_UNIT, "the unit's worker on %P ended")                                         \
	X(PEER_LEFT, "%P was stopped cleanly; this host has all data and goes on alone")           \
	X(PEER_SEEN, "%P is there; comparing data")                                                \
	X(LINK_LOST, "data link to %P lost; writes are held")                                      \
	X(LINK_DOWN, "data link to %P lost")                                                       \
	X(LINK_BACK, "data link to %P is back; what was held was sent again, nothing was lost")    \
	X(RESYNC_SOURCE, "resynchronising %P from this host")                                      \
	X(RESYNC_TARGET, "resynchronising this host from %P; not usable until it is done")         \
	X(PAIRED, "both hosts hold the same data")                                                 \
	X(PROMOTED_PAIR, "promoted; %P mirrors every write")                                       \
	X(PROMOTED_SOLO, "promoted alone; writes are not mirrored until %P is back")               \
	X(ALONE_CONSENT, "%P has marked its copy outdated; going on alone")                        \
	X(ALONE_PROCDOWN, "vmtwind on %P is known to have ended; going on alone")                  \
	X(ALONE_FENCED, "%P was fenced; going on alone")                                           \
	X(DEMOTED, "demoted")                                                                      \
	X(STOPPED, "stopped")                                                                      \
	X(LEFT_OUTDATED, "stopped while %P goes on; this copy is outdated from now on")            \
	X(CONSENTED, "%P goes on alone at its request; this copy is outdated from now on")         \
	X(SAW_SOLO, "%P went on alone in the meantime; this copy is outdated")                     \
	X(OUTDATED, "this copy is outdated: %P holds newer data. Start vmtwin on %P; this host "   \
		    "resynchronises by itself")                                                    \
	X(SYNCING, "this copy is incomplete: its resynchronisation from %P has not ended. Start "  \
		   "%P or mend the data link; it goes on by itself")                               \
	X(UNCERTAIN, "whether %P went on alone in the meantime is not known. Start %P; or, if it " \
		     "is lost for good: vmtwin force-primary")                                         \
	X(NO_EVIDENCE, "%P cannot be reached and is not known to be dead: waiting for fencing to " \
		       "succeed (crm_mon shows it), or for %P to answer")                          \
	X(NO_QUORUM, "no quorum: this host must not decide alone")                                 \
	X(NOT_CONNECTED, "waiting for the data link to %P; vmtwin explain tells what keeps it")      \
	X(DIVERGED, "both hosts wrote without the other: a fork. Nothing is merged or dropped; "   \
		    "decide whose data is to stay, then give up the other: vmtwin discard-fork")     \
	X(UNRELATED, "%P holds another unit's data under the same name. Check which host was "     \
		     "created as the good one, and give up the other: vmtwin discard-fork")           \
	X(BOTH_BLANK, "no host has data yet: create the unit with --good-host on the host that "   \
		      "holds the VM's files")                                                      \
	X(NO_COMPLETE_COPY, "no host holds a complete copy with the newest data; both are needed " \
			    "in the state before; or decide: vmtwin force-primary")                \
	X(PEER_PRIMARY, "%P is still primary and connected")                                       \
	X(LEASE_END, "this host had no proof of quorum for the length of its lease; held writes "  \
		     "were failed and the VM is taken down")                                       \
	X(FAILED_HELD, "held writes were answered with an I/O error on request")                   \
	X(DISK_FAILED, "this host's disk failed an operation; see the log for the file")           \
	X(STREAM_BROKEN, "the stream from or to %P was broken; resynchronising")                   \
	X(FENCE_ASKED, "%P is a member but does not answer; its fencing was asked for")            \
	X(MASTER_LOST, "vmtwind on this host ended; writes go on while the lease lasts")           \
	X(TARGET_RUNS, "the VM still runs on the copy that is not gone on with; it is ended there first")          \
	X(ROLLED_BACK, "this unit's copy on one host is older than what the other remembers of it: a disk " \
		       "or its metadata was put back from an older copy, or lost writes. It is not "       \
		       "used as a source; vmtwin explain tells what helps")                                                  \
	X(FORCED, "forced by the operator: this copy is gone on with, whatever %P holds")               \
	X(FORCE_NOT_NEEDED, "this host may run the VM already; nothing to force")                       \
	X(FORCE_CONNECTED, "the unit is connected to %P: nothing to force. Stop the unit on %P first "  \
			   "if its copy shall not be used")                                             \
	X(FORCE_PEER_THERE, "the unit runs on %P and the two can compare: wait for that, or stop the "  \
			    "unit on %P first if its copy shall not be used")                           \
	X(FORCE_PEER_PRIMARY, "%P has the VM: stop it there first")                                     \
	X(FORCE_BLANK, "this host never held the unit's data: there is nothing to go on with")         \
	X(FORCE_DEMOTE_FIRST, "this host is being demoted, or its writes failed: force once that is "   \
			      "over")                                                                   \
	X(UNDO_NONE, "no copy from before a resync is kept on this host")                               \
	X(UNDO_NOT_NOW, "the resync from %P goes on, or this copy is whole: there is nothing to go "    \
			"back to")                                                                      \
	X(UNDONE, "gone back to the copy from before the resync; it is consistent, and old")            \
	X(TAIL_LEFT, "%P may have acknowledged writes that had not been sent yet (mode async): they "   \
		     "are not in this copy")                                                            \
	X(TAIL_HERE, "this host acknowledged writes that %P went on without (mode async): they are "    \
		     "not in the unit's data any more")                                                 \
	X(MODES_DIFFER, "the unit's mode is not the same on both hosts: mend the unit file and restart " \
			"the unit there")                                                               \
	X(LOG_FULL, "the log of eras is full; both hosts must be connected once to shorten it")

enum vc_reason {
#define VC_X(name, text) VC_R_##name,
	VC_REASONS(VC_X)
#undef VC_X
	    VC_R_COUNT
};

/* The text with %P still in it. */
const char *vc_reason_text(enum vc_reason reason);
/* The name as in VC_REASONS, for traces. */
const char *vc_reason_name(enum vc_reason reason);

#endif
