# shellcheck shell=bash disable=SC2154 # variables of run and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ocf:vmtwin:mirror against the stand-in of vmtwind, well-behaved and not.

unit u1
dir=$work/images/u1
mirror() { agent mirror "$1" unit=u1 "${@:2}"; }

# --- parameters ---
for action in start monitor promote validate-all; do
	agent mirror $action; expect "mirror: $action without unit is a configuration error" 6 'parameter unit'
done
agent mirror start unit=../etc; expect "mirror: a name that can't be a unit's is refused" 6 "unit's name"
agent mirror start unit=absent; expect "mirror: a unit without file is not installed here" 5 'absent.conf'
agent mirror validate-all unit=absent; expect "mirror: validate-all says so too" 5 'absent.conf'
agent mirror monitor unit=absent OCF_RESKEY_CRM_meta_interval=0
expect "mirror: probe of a unit without file" 7
printf 'directory = %s\nhosts = one two\ncolour = red\n' "$work" >/etc/vmtwin/units/bad.conf
agent mirror start unit=bad; expect "mirror: a bad unit file names line and key" 2 'bad.conf.*3.*colour'
agent mirror validate-all unit=bad; expect "mirror: validate-all finds the bad file" 2 colour
mirror validate-all; expect "mirror: validate-all" 0
rmdir "$dir"; mirror validate-all; expect "mirror: validate-all misses the directory" 5 "$dir"
mkdir "$dir"

# --- without vmtwind, nothing running ---
mirror monitor; expect "mirror: monitor, no vmtwind, nothing there: not running" 7
mirror monitor OCF_RESKEY_CRM_meta_interval=0; expect "mirror: probe, no vmtwind, nothing there" 7
mirror stop; expect "mirror: stop, no vmtwind, nothing there" 0 '' 2000
mirror start timeout=4000; expect "mirror: start without vmtwind says what to do" 1 'systemctl start vmtwind' 4000
mirror promote timeout=4000; expect "mirror: promote without vmtwind" 1 'systemctl start vmtwind' 4000

# --- the plain life ---
standin_start
mirror monitor; expect "mirror: monitor before start" 7
mirror stop; expect "mirror: stop when never started" 0
mirror demote; expect "mirror: demote of what does not run" 7 'u1'
mirror promote; expect "mirror: promote of what does not run" 7 'u1'
: >"$standin_dir/log"
mirror start OCF_RESOURCE_INSTANCE=disk:1 timeout=10000; expect "mirror: start" 0
check "mirror: start tells the resource without clone suffix" grep -q 'rsc=disk ' "$standin_dir/log"
limit=$(sed -n 's/.*cmd=start.*timeout_ms=\([0-9]*\).*/\1/p' "$standin_dir/log")
check "mirror: vmtwind is told less than the time limit" test "${limit:-0}" -gt 5000 -a "${limit:-0}" -lt 9000
mirror start; expect "mirror: start again" 0
mirror monitor; expect "mirror: monitor, unpromoted" 0
mirror promote; expect "mirror: promote" 0
mirror promote; expect "mirror: promote again" 0
mirror monitor; expect "mirror: monitor, promoted" 8
mirror notify; expect "mirror: notify" 0
mirror reload-agent; expect "mirror: reload-agent" 0
mirror validate-all; expect "mirror: validate-all while mounted does not hang" 0 '' 2000
mirror demote; expect "mirror: demote" 0
mirror demote; expect "mirror: demote again" 0
mirror monitor; expect "mirror: monitor, demoted" 0
: >"$standin_dir/log"
mirror monitor
check "mirror: monitor is one exchange" test "$(wc -l <"$standin_dir/log")" = 1
if command -v strace >/dev/null; then
	forks=$(OCF_RESKEY_unit=u1 strace -f -e trace=process "$agents/mirror" monitor 2>&1 | grep -cE '(fork|clone3?)\(')
	check "mirror: monitor starts no process" test "$forks" = 0
else
	skip "mirror: monitor starts no process" "strace is not installed"
fi
umount -l "$dir"
mirror monitor; expect "mirror: monitor, its mount was taken away" 1 "not mounted any more"
mirror stop; expect "mirror: stop" 0
mirror stop; expect "mirror: stop again" 0
mirror monitor; expect "mirror: monitor after stop" 7

# --- answers that fail ---
mirror start
fault 'monitor failed unit vm1: its disk failed'
mirror monitor; expect "mirror: a failed secondary" 1 '^unit vm1: its disk failed'
no_fault; mirror promote; fault 'monitor failed unit vm1: its disk failed'
mirror monitor; expect "mirror: a failed primary" 9 '^unit vm1: its disk failed'
no_fault; mirror demote
fault 'promote again 3'
mirror promote; expect "mirror: promote waits for evidence that comes" 0
mirror demote
fault 'promote again 1000000'
mirror promote timeout=5000; expect "mirror: promote without evidence ends in time, with the reason" 1 'evidence is lacking' 5000
fault 'promote refuse -1 this copy is outdated since Monday'
mirror promote timeout=20000; expect "mirror: refused promotion fails at once" 1 'outdated since Monday' 1500
fault 'promote slow 1500'
mirror promote timeout=20000; expect "mirror: a slow promotion" 0
fault 'demote hang'
mirror demote timeout=4000; expect "mirror: demote that hangs ends in time" 1 'did not answer' 4000
fault 'monitor hang'
mirror monitor timeout=4000; expect "mirror: monitor that hangs ends in time" 1 'did not answer' 4000
fault 'start hang'
mirror start timeout=4000; expect "mirror: start that hangs ends in time" 1 'did not answer' 4000
fault 'start refuse -5 the store is on a read-only file system'
mirror start; expect "mirror: refused start tells the reason" 1 'read-only file system'
no_fault

# --- stop always ends ---
pid=$(worker_pid u1)
fault 'stop hang'
mirror stop timeout=6000; expect "mirror: stop ends in time though vmtwind hangs" 0 '' 6000
check "mirror: ... the worker is dead" gone "$pid"
check "mirror: ... nothing is mounted" unmounted "$dir"
no_fault; mirror start; pid=$(worker_pid u1)
fault 'stop refuse -5 does not work'
mirror stop timeout=6000; expect "mirror: stop works though vmtwind refuses" 0 '' 6000
check "mirror: ... the worker is dead" gone "$pid"
no_fault; mirror start; pid=$(worker_pid u1); kill -STOP "$pid"
fault 'stop hang'
mirror stop timeout=6000; expect "mirror: stop kills a stopped worker" 0 '' 6000
check "mirror: ... it is dead" gone "$pid"
no_fault; mirror start; pid=$(worker_pid u1); kill -STOP "$standin_pid"
mirror monitor timeout=4000; expect "mirror: monitor, vmtwind stopped by a signal" 1 'did not answer' 4000
mirror stop timeout=6000; expect "mirror: stop, vmtwind stopped by a signal" 0 '' 6000
check "mirror: ... the worker is dead" gone "$pid"
check "mirror: ... nothing is mounted" unmounted "$dir"
kill -CONT "$standin_pid"

# --- vmtwind gone, worker alive ---
mirror start; pid=$(worker_pid u1); standin_kill
check "mirror: the worker survives vmtwind" alive "$pid"
mirror monitor timeout=4000; expect "mirror: monitor, only the worker lives" 1 'systemctl start vmtwind.*still runs' 4000
mirror monitor timeout=4000 OCF_RESKEY_CRM_meta_interval=0; expect "mirror: probe, only the worker lives" 1 'systemctl start vmtwind' 4000
mv /etc/vmtwin/units/u1.conf "$work/u1.conf"
mirror monitor timeout=4000; expect "mirror: monitor, also without the unit's file" 1 'still runs' 4000
mv "$work/u1.conf" /etc/vmtwin/units/
mirror stop timeout=6000; expect "mirror: stop, only the worker lives" 0 '' 6000
check "mirror: ... it is dead" gone "$pid"
check "mirror: ... nothing is mounted" unmounted "$dir"

# --- a vmtwind that is restarted meanwhile ---
(sleep 1.5; exec "$work/ctl-standin" "$standin_dir" >"$standin_dir/out" 2>&1) & standin_pid=$!
mirror start timeout=20000; expect "mirror: start waits while vmtwind restarts" 0
pid=$(worker_pid u1); standin_kill

# --- doubtful evidence ---
mv /etc/vmtwin/units/u1.conf "$work/u1.conf"
mirror stop timeout=6000; expect "mirror: stop without the unit's file kills the worker" 0 '' 6000
check "mirror: ... it is dead" gone "$pid"
mv "$work/u1.conf" /etc/vmtwin/units/
mirror stop; expect "mirror: the next stop clears the mount" 0
check "mirror: ... nothing is mounted" unmounted "$dir"
sleep 300 & bystander=$!
echo $bystander >/run/vmtwin/u1.pid
mirror stop; expect "mirror: stop, pid file left over with another's pid" 0
check "mirror: ... the other process lives" alive $bystander
mirror monitor; expect "mirror: monitor, pid file left over" 7
echo nonsense >/run/vmtwin/u1.pid
(exec 9</run/vmtwin/u1.pid; flock -x 9; exec sleep 300) & holder=$!
wait_for 5 sh -c '! flock -n /run/vmtwin/u1.pid true'
mirror stop timeout=4000; expect "mirror: stop never claims success while somebody holds the lock" 1 'must be restarted' 4000
mirror monitor timeout=4000; expect "mirror: monitor while somebody holds the lock" 1 '' 4000
kill $bystander $holder
wait $bystander $holder 2>/dev/null
rm -f /run/vmtwin/u1.pid

# --- the pid file is gone or wrong, the worker lives ---
# lost_pid_file WHAT COMMAND...: as after COMMAND the worker is still seen, and ended, and nobody else.
lost_pid_file() {
	local what=$1 pid other
	shift
	standin_start
	mirror start; pid=$(worker_pid u1)
	agent mirror start unit=u2; other=$(worker_pid u2)
	standin_kill
	"$@"
	mirror monitor timeout=4000; expect "mirror: monitor, $what" 1 'still runs' 4000
	mirror monitor timeout=4000 OCF_RESKEY_CRM_meta_interval=0; expect "mirror: probe, $what" 1 'still runs' 4000
	mirror stop timeout=6000; expect "mirror: stop, $what" 0 '' 6000
	check "mirror: ... the worker is dead" gone "$pid"
	check "mirror: ... another unit's lives" alive "$other"
	agent mirror stop unit=u2 timeout=6000; expect "mirror: ... until it is stopped" 0
	rm -f /run/vmtwin/u[12].pid
	[ -e /etc/vmtwin/units/u1.conf ] || mv "$work/u1.conf" /etc/vmtwin/units/
	mirror stop
}
names_another() { rm /run/vmtwin/u1.pid; echo "$bystander" >/run/vmtwin/u1.pid; }
moved_away() { mv /run/vmtwin/u1.pid "$work/u1.pid"; }
removed_with_conf() { rm /run/vmtwin/u1.pid; mv /etc/vmtwin/units/u1.conf "$work/u1.conf"; }
unit u2
sleep 300 & bystander=$!
lost_pid_file "the pid file was removed" rm /run/vmtwin/u1.pid
lost_pid_file "the pid file names another process" names_another
lost_pid_file "the pid file was renamed" moved_away
lost_pid_file "pid file and unit's file were removed" removed_with_conf
check "mirror: the process that the pid file named lives" alive "$bystander"
standin_start
mirror start; pid=$(worker_pid u1); rm /run/vmtwin/u1.pid
fault 'monitor refuse -2 not started' 'stop refuse -2 not started'
mirror monitor timeout=9000; expect "mirror: monitor, vmtwind has forgotten the worker and its pid file is gone" 1 'does not know the worker' 9000
mirror stop timeout=6000; expect "mirror: ... stop" 0 '' 6000
check "mirror: ... the worker is dead" gone "$pid"
no_fault
mirror start; pid=$(worker_pid u1); echo "$bystander" >/run/vmtwin/u1.pid; fault 'stop hang'
mirror stop timeout=6000; expect "mirror: stop, another's pid was written into the pid file" 0 '' 6000
check "mirror: ... the worker is dead" gone "$pid"
check "mirror: ... the other process lives" alive "$bystander"
no_fault; standin_kill
# Processes called as a worker is: of another unit, of a user. Neither is taken for the unit's, let alone killed.
# shellcheck disable=SC2016 # for that bash
called_worker() { exec "$@" bash -c 'printf vmtwin-worker >/proc/$$/comm; exec {p}<> <(:); read -r -u $p _' worker "$unit"; }
(unit=u11 called_worker) & similar=$!
(unit=u1 called_worker setpriv --reuid=65534) & users=$!
wait_for 5 sh -c "grep -q vmtwin-worker /proc/$similar/comm && grep -q vmtwin-worker /proc/$users/comm"
mirror monitor; expect "mirror: monitor, others are called as its worker" 7
mirror stop; expect "mirror: stop, others are called as its worker" 0
check "mirror: ... another unit's lives" alive "$similar"
check "mirror: ... a user's process lives" alive "$users"
mkdir -p "$work/images/u3"
(unit=u3 called_worker) & pid=$!
wait_for 5 grep -q vmtwin-worker /proc/$pid/comm
printf 'directory = %s\nhosts = one two\nstore = %s\n' "$work/images/u3" "$work/images/.vmtwin/u1" >/etc/vmtwin/units/u3.conf
mirror stop; expect "mirror: stop, another unit's file names its store" 0
check "mirror: ... that unit's worker lives" alive "$pid"
rm /etc/vmtwin/units/u3.conf
kill $bystander $similar $users $pid
wait $bystander $similar $users $pid 2>/dev/null
