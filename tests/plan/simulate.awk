# SPDX-License-Identifier: GPL-2.0-or-later
# What must hold in each transition, whatever its scenario. Read by simulate.sh.
# usage: awk -v quorum=0|1 -f simulate.awk SAID GRAPH: what crm_simulate -S -A said, and its graph (--save-dotfile).
#
# "Before" is meant as the graph has it: B can't begin until A is through. That A was carried out first in a simulation may be
# chance. Prints what is wrong; a pseudo action on a fenced host is an action here as well: it's how Pacemaker concludes from
# the fencing that nothing runs there any more.

function host_in(text) { return match(text, /host[12]/) ? substr(text, RSTART, RLENGTH) : "" }
function other(host) { return host == "host1" ? "host2" : "host1" }
function wrong(text) { print text; failed = 1 }

# ---- what crm_simulate said of the state before -------------------------------------------------------------
FNR == NR && /^Transition Summary:/ { past = 1 }
FNR == NR && past { next }
FNR == NR && /\* Node host[12]:.*UNCLEAN/ { unclean[host_in($0)] = 1; next }
FNR == NR && /\* Node: host[12]/ { node = host_in($0); next }
FNR == NR && $2 == "master-vm1-mirror" { scored[node] = $4 > 0; next }
FNR == NR && $2 == "vm1" && /host[12]/ { runs[host_in($0)] = 1; next }
FNR == NR && /\* Clone Set:/ { ours = /vm1-mirror/ }
FNR == NR && /\* Promoted: \[/ && ours { promoted[host_in($0)] = 1; next }
FNR == NR && /vm1-mirror.*[^n]Promoted host[12]/ { promoted[host_in($0)] = 1; next }
FNR == NR { next }

# ---- the graph of what is carried out -----------------------------------------------------------------------
!/style ?= ?bold/ { next }
{ gsub(/vm1-mirror:[0-9]+/, "vm1-mirror") }
/ -> / { split($0, part, "\""); first[part[4], ++inputs[part[4]]] = part[2]; next }
/^ *"/ { split($0, part, "\""); does[part[2]] = 1 }

function reaches(a, b,    i) { # a comes before b
	if (seen[b]++)
		return 0
	for (i = 1; i <= inputs[b]; i++)
		if (first[b, i] == a || reaches(a, first[b, i]))
			return 1
	return 0
}
function before(a, b) {
	delete seen
	return a in does && b in does && reaches(a, b)
}
function ordered(a, b) {
	if (!before(a, b))
		wrong("\"" b "\" without \"" a "\" before it")
}
function fencing(host) {
	if ("stonith 'reboot' " host in does)
		return "stonith 'reboot' " host
	return "stonith 'off' " host in does ? "stonith 'off' " host : ""
}

# The VM, or the write access to its disk, begins on a host.
function begins(action, host,    peer) {
	peer = other(host)
	if (!quorum)
		wrong("\"" action "\" without quorum")
	if (host in unclean || fencing(host) != "")
		wrong("\"" action "\" on a host that is to be fenced")
	if (fencing(peer) != "")
		ordered(fencing(peer), action)
	else if (peer in unclean)
		wrong("\"" action "\" while " peer ", in an unknown state, is not fenced")
	if (peer in runs)
		ordered("vm1_stop_0 " peer, action)
	if (peer in promoted)
		ordered("vm1-mirror_demote_0 " peer, action)
}
# The VM goes first, and what a dead host's actions stand for is known from its fencing only.
function ends(action, host) {
	if (action !~ /^vm1_/ && host in runs)
		ordered("vm1_stop_0 " host, action)
	if (fencing(host) != "")
		ordered(fencing(host), action)
	else if (host in unclean)
		wrong("\"" action "\" is assumed of " host ", in an unknown state, without fencing")
}

END {
	for (n = 1; n <= 2; n++) {
		host = "host" n
		start = "vm1_start_0 " host
		promote = "vm1-mirror_promote_0 " host
		if (promote in does) {
			begins(promote, host)
			if (!scored[host])
				wrong("\"" promote "\" of a copy that must not be used")
		}
		if (start in does) {
			begins(start, host)
			if (promote in does || !(host in promoted) || "vm1-mirror_demote_0 " host in does)
				ordered(promote, start)
		}
		count = split("vm1_stop_0 vm1-mirror_demote_0 vm1-mirror_stop_0", gone, " ")
		for (i = 1; i <= count; i++)
			if (gone[i] " " host in does)
				ends(gone[i] " " host, host)
		if (!quorum && fencing(host) != "")
			wrong(host " is fenced without quorum")
	}
	if (length(runs) > 1 || length(promoted) > 1)
		wrong("the state before has it on two hosts")
	exit failed
}
