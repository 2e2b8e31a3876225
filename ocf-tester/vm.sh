# shellcheck shell=bash disable=SC2154 # variables of run and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ocf:vmtwin:vm against a libvirtd of its own with real QEMU guests (firmware only: they run, and are
# deaf to shutdown requests) and with libvirt's test driver (whose guests obey).

if ! command -v libvirtd >/dev/null || ! command -v qemu-system-x86_64 >/dev/null; then
	skip "vm: all checks" "libvirtd or qemu-system-x86_64 is not installed"
	return 0
fi

unit vm1
vmdir=$work/images/vm1
vm() { agent vm "$1" domain=vm1 unit=vm1 "${@:2}"; }
fast=(start_tries=2 start_interval=1 stop_tries=1 stop_interval=1)
virt() { timeout 20 virsh -q -c qemu:///system "$@"; }
vm_state() { virt domstate vm1 2>/dev/null | head -1; }
is_state() { [ "$(vm_state)" = "$1" ]; }
qemu_pid() { cat /run/libvirt/qemu/vm1.pid 2>/dev/null; }

mkdir -p /etc/libvirt /var/lib/libvirt /var/log/libvirt/qemu /var/cache/libvirt
rm -f /etc/libvirt/qemu/networks/autostart/* /etc/libvirt/qemu/autostart/*
cat >/etc/libvirt/qemu.conf <<-'END'
	security_driver = "none"
	user = "root"
	group = "root"
	cgroup_controllers = []
	namespaces = []
	stdio_handler = "file"
	remember_owner = 0
END
: >/etc/libvirt/libvirtd.conf
libvirtd_start() {
	rm -f /run/libvirtd.pid
	libvirtd >"$work/libvirtd.log" 2>&1 &
	libvirtd_pid=$!
	wait_for 20 virt list || fail "a private libvirtd starts" "$(tail -5 "$work/libvirtd.log")"
}
libvirtd_kill() { kill -9 "$libvirtd_pid" && wait "$libvirtd_pid" 2>/dev/null; }

uuid=5b5f0e7c-8c52-4b8e-9d5a-3f2a1c6d7e80
# vm_up: a start that is preparation
vm_up() {
	vm start "${fast[@]}"
	[ "$rc" = 0 ] || fail "vm: start as a preparation" "$output"
}
vm_xml() { # vm_xml NAME DISK [UUID]
	cat <<-END
		<domain type='qemu'>
		  <name>$1</name>${3:+<uuid>$3</uuid>}
		  <memory unit='MiB'>24</memory>
		  <os><type arch='x86_64' machine='pc'>hvm</type></os>
		  <devices>
		    <emulator>$(command -v qemu-system-x86_64)</emulator>
		    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
		      <source file='$2'/><target dev='vda' bus='virtio'/></disk>
		    <controller type='usb' model='none'/>
		  </devices>
		</domain>
	END
}
qemu-img create -q -f qcow2 "$vmdir/disk.qcow2" 16M
vm_xml vm1 "$vmdir/disk.qcow2" $uuid >"$vmdir/vm1.xml"

# --- without libvirt ---
agent vm monitor domain=vm1; expect "vm: monitor without libvirt, no QEMU: not running" 7
vm stop; expect "vm: stop without libvirt, no QEMU" 0 '' 8000
vm start; expect "vm: start without libvirt says what to do" 1 'systemctl start libvirtd' 8000
agent vm monitor domain=vm1 uri=qemu+unix:///session
expect "vm: monitor, another URI without libvirt can't be told" 1 "can't tell"

# --- parameters ---
agent vm start; expect "vm: start without domain is a configuration error" 6 'parameter domain'
agent vm validate-all; expect "vm: validate-all without domain" 6 'parameter domain'
agent vm validate-all domain=vm1; expect "vm: neither config nor unit" 6 'config nor parameter unit'
agent vm validate-all domain=vm1 config=relative.xml; expect "vm: config must be absolute" 6 'absolute'
agent vm validate-all domain=a/b config=/x.xml; expect "vm: a name that can't be a domain's" 6 "a/b"
for p in start_tries start_interval stop_tries stop_interval; do
	vm validate-all $p=0; expect "vm: $p=0 is refused" 6 "$p"
	vm start $p=5x; expect "vm: $p=5x is refused" 6 "$p"
done
vm validate-all; expect "vm: validate-all" 0
agent vm validate-all unit=vm1; expect "vm: the domain's name comes from the unit" 0
agent vm validate-all unit=absent domain=vm1; expect "vm: a unit without file" 5 'absent.conf'
agent vm stop unit=absent; expect "vm: stop with an unknown name never claims success" 5 'absent.conf'
vm reload-agent stop_tries=3; expect "vm: reload-agent" 0
vm validate-all OCF_CHECK_LEVEL=10; expect "vm: validate-all reads the XML if asked to" 0

# --- the plain life ---
libvirtd_start
vm monitor; expect "vm: monitor before start" 7 'vm1 is not defined'
vm monitor OCF_RESKEY_CRM_meta_interval=0; expect "vm: probe before start" 7
vm stop; expect "vm: stop when never started" 0 '' 5000
vm start "${fast[@]}"; expect "vm: start" 0
check "vm: ... it runs" is_state running
vm start "${fast[@]}"; expect "vm: start again" 0
vm monitor; expect "vm: monitor" 0
virt suspend vm1 >/dev/null
vm monitor; expect "vm: paused by a user counts as running" 0
check "vm: ... and is noted" grep -q 'paused by a user' <<<"$output"
vm stop "${fast[@]}"; expect "vm: stop of a paused one" 0 '' 10000
vm monitor; expect "vm: monitor after stop tells why" 7 'vm1 is off: it was destroyed'
vm stop; expect "vm: stop again" 0
vm_up
pid=$(qemu_pid)
vm stop timeout=10000 stop_tries=100; expect "vm: a deaf guest is destroyed inside the time limit" 0 '' 10000
check "vm: ... not before four fifths of it less vmtwind's share" test "$took_ms" -gt 5500
check "vm: ... QEMU is gone" gone "$pid"
vm_up
vm stop "${fast[@]}"; expect "vm: stop_tries and stop_interval end the asking" 0 '' 8000

# --- the file and the domain ---
virt autostart vm1 >/dev/null
vm_up
check "vm: start switches autostart off" grep -q 'Autostart: *disable' <<<"$(virt dominfo vm1)"
rm "$vmdir/vm1.xml" /etc/vmtwin/units/vm1.conf
vm monitor; expect "vm: monitor without its files" 0
vm stop "${fast[@]}"; expect "vm: stop without its files" 0 '' 8000
check "vm: ... it is off" is_state 'shut off'
vm start; expect "vm: start without the unit's file tells it" 6 'vm1.conf'
unit vm1
vm start; expect "vm: start without XML tells the file" 5 "$vmdir/vm1.xml"
echo '<domain' >"$vmdir/vm1.xml"
vm start; expect "vm: start with broken XML" 1 "does not take $vmdir/vm1.xml"
vm_xml other "$vmdir/disk.qcow2" >"$vmdir/vm1.xml"
vm start; expect "vm: start with another domain's XML" 2 'describes the domain "other"'
vm_xml vm1 "$vmdir/missing.qcow2" $uuid >"$vmdir/vm1.xml"
vm start "${fast[@]}"; expect "vm: start of what can't start" 1 'missing.qcow2' 8000
check "vm: ... was tried start_tries times" test "$(grep -c 'does not run yet' <<<"$output")" = 2
vm start start_tries=1000 timeout=5000; expect "vm: ... ends inside the time limit" 1 'missing.qcow2' 5000
vm_xml vm1 "$vmdir/disk.qcow2" $uuid >"$vmdir/vm1.xml"
vm start "${fast[@]}"; expect "vm: the domain follows its XML" 0

vm stop "${fast[@]}"
vm_xml vm1 "$vmdir/disk.qcow2" >"$vmdir/vm1.xml"
vm start "${fast[@]}"; expect "vm: XML without uuid replaces a domain of that name" 0
check "vm: ... with a warning" grep -q 'Give .*vm1.xml a uuid' <<<"$output"
vm stop "${fast[@]}"
vm start "${fast[@]}"; expect "vm: ... at each start" 0
vm stop "${fast[@]}"
vm_xml vm1 "$vmdir/disk.qcow2" $uuid >"$vmdir/vm1.xml"
vm_up

# --- managed save, snapshots ---
virt managedsave vm1 >/dev/null
vm start "${fast[@]}"; expect "vm: start over a managed save" 0
check "vm: ... which is dropped, not resumed" grep -q 'dropping the managed save' <<<"$output"
check "vm: ... and gone" grep -q 'Managed save: *no' <<<"$(virt dominfo vm1)"
vm stop "${fast[@]}"
mkdir "$vmdir/snapshots"
for s in zz-parent aa-child; do
	virt snapshot-create-as vm1 $s >/dev/null
	virt snapshot-dumpxml vm1 $s >"$vmdir/snapshots/$s.xml"
done
for s in aa-child zz-parent; do virt snapshot-delete vm1 $s --metadata >/dev/null; done
echo nonsense >"$vmdir/snapshots/bad.xml"
vm start "${fast[@]}"; expect "vm: start with replicated snapshots, one of them bad" 0
check "vm: ... parent and child are known again" test "$(virt snapshot-list vm1 --name | sort | xargs)" = "aa-child zz-parent"
check "vm: ... the bad one is told" grep -q 'snapshots/bad.xml is not known' <<<"$output"

# --- vmtwind's part in stop ---
standin_start
: >"$standin_dir/log"
vm stop "${fast[@]}"; expect "vm: stop with vmtwind there" 0
check "vm: ... held writes are ended before destroy" grep -q 'cmd=fail-held unit=vm1' "$standin_dir/log"
vm_up
kill -STOP "$standin_pid"
vm stop timeout=12000 stop_tries=100; expect "vm: a vmtwind that hangs does not keep stop" 0 '' 12000
kill -CONT "$standin_pid"
mkdir -p /run/vmtwin
# a worker is known by its name and its last argument
bash -c 'exec 9>/run/vmtwin/vm1.pid; flock 9; echo $$ >&9; printf vmtwin-worker >/proc/$$/comm
	exec {p}<> <(:); read -r -u $p _' worker vm1 &
vm_up
pid=$(worker_pid vm1)
check "vm: a worker lives" alive "$pid"
fault "fail-held hang"
vm stop timeout=20000 stop_tries=100; expect "vm: stop with a worker that hangs" 0 "" 20000
check "vm: ... it is ended, so that no write hangs" gone "$pid"
no_fault
vm_up
fault "monitor refuse -110 it took too long"
vm stop timeout=60000 stop_tries=100; expect "vm: stop does not wait for a guest whose worker hangs" 0 "" 10000
no_fault
standin_kill
vm_up
vm stop stop_tries=many stop_interval=1 timeout=12000
check "vm: a bad number does not keep stop from stopping" test "$rc" = 0

# --- libvirt hangs ---
vm_up
pid=$(qemu_pid)
kill -STOP "$libvirtd_pid"
vm monitor timeout=4000; expect "vm: monitor, libvirt hangs" 1 'does not answer' 4000
vm start timeout=4000; expect "vm: start, libvirt hangs" 1 'does not answer' 4000
vm stop timeout=5000; expect "vm: stop, libvirt hangs: in time, and no success" 1 'does not answer' 5000
check "vm: ... indeed it still runs" alive "$pid"
kill -CONT "$libvirtd_pid"
wait_for 10 virt list
vm monitor; expect "vm: monitor, libvirt is back" 0

# --- libvirt is gone ---
libvirtd_kill
vm monitor; expect "vm: monitor, libvirt gone, QEMU there: never \"not running\"" 0
check "vm: ... and the log says why little is known" grep -q 'libvirt does not run' <<<"$output"
vm monitor OCF_RESKEY_CRM_meta_interval=0; expect "vm: probe, libvirt gone, QEMU there" 0
vm stop timeout=16000; expect "vm: stop, libvirt gone: QEMU is ended" 0 '' 16000
check "vm: ... it is gone" gone "$pid"
vm monitor; expect "vm: monitor after that" 7
sleep 300 & bystander=$!
echo $bystander >/run/libvirt/qemu/vm1.pid
vm stop; expect "vm: stop, pid file left over with another's pid" 0
check "vm: ... the other process lives" alive $bystander
kill $bystander; wait $bystander 2>/dev/null; rm -f /run/libvirt/qemu/vm1.pid

libvirtd_start
vm start "${fast[@]}"; expect "vm: start after libvirt came back" 0
libvirtd_kill
(sleep 2; exec libvirtd >"$work/libvirtd.log" 2>&1) & libvirtd_pid=$!
vm stop "${fast[@]}"; expect "vm: stop waits while libvirt restarts" 0
check "vm: ... and stopped through it" is_state 'shut off'

# --- guests that obey: libvirt's test driver, kept alive by an open connection ---
test_uri="test+unix:///default?socket=/run/libvirt/libvirt-sock"
mkfifo "$work/keep"
virsh -q -c "$test_uri" <"$work/keep" >/dev/null 2>&1 & keeper=$!
exec 8>"$work/keep"
echo list >&8
wait_for 10 virsh -q -c "$test_uri" domstate test
virsh -q -c "$test_uri" dumpxml --inactive test >"$work/test.xml"
obeys() { agent vm "$1" domain=test config="$work/test.xml" uri="$test_uri" "${@:2}"; }
obeys monitor; expect "vm: test driver: monitor" 0
obeys stop; expect "vm: test driver: an obedient guest shuts down at once" 0 '' 3000
check "vm: ... without being destroyed" grep -vq destroying <<<"$output."
obeys monitor; expect "vm: test driver: monitor after stop tells why" 7 'its guest shut down'
obeys start; expect "vm: test driver: start" 0
obeys monitor; expect "vm: test driver: monitor after start" 0
exec 8>&-
wait "$keeper" 2>/dev/null
