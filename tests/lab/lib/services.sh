# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # pause_fd is whose sources this
# What pid 1 of a host does, whatever the host is made of: directories that Debian's packages would have made, and services.

# A new cluster waits dc-deadtime (20 s) before it elects anybody: the one property that is not the default here.
initial_cib() {
	cat <<-'XML'
		<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>
		<cluster_property_set id="cib-bootstrap-options">
		<nvpair id="cib-bootstrap-options-dc-deadtime" name="dc-deadtime" value="4s"/>
		</cluster_property_set></crm_config><nodes/><resources/><constraints/></configuration><status/></cib>
	XML
}

skeleton() {
	local var=/run/disk/var
	mkdir -p "$var"/{lib,log,cache,spool,tmp,opt,local} "$var/lib/vmtwin" /run/disk/{srv,root}
	chmod 1777 "$var/tmp"
	chmod 700 /run/disk/root
	ln -sfn /run "$var/run"
	ln -sfn /run/lock "$var/lock"
	mkdir -p "$var/lib/corosync" "$var/lib/pcsd" "$var/lib/heartbeat" "$var/lib/dbus" "$var/cache/libvirt"
	install -d "$var/lib/pacemaker"
	install -d -o hacluster -g haclient -m 750 "$var"/lib/pacemaker/{blackbox,cib,cores,pengine}
	initial_cib >"$var/lib/pacemaker/cib/cib.xml"
	chown hacluster:haclient "$var/lib/pacemaker/cib/cib.xml"
	chmod 600 "$var/lib/pacemaker/cib/cib.xml"
	install -d -m 755 "$var/lib/libvirt"
	install -d -m 711 "$var"/lib/libvirt/{boot,images}
	install -d -o libvirt-qemu -g libvirt-qemu -m 750 "$var"/lib/libvirt/qemu{,/channel}
}

log_skeleton() {
	mkdir -p /var/log/corosync /var/log/libvirt/qemu /var/log/pcsd
	install -d -o hacluster -g haclient -m 770 /var/log/pacemaker
}

# A pause without a process of its own; the caller has pause_fd open on a pipe where nothing comes.
pause() { read -r -t "$1" -u "$pause_fd" _ || :; }

# service NAME RESTART CMD...: runs CMD for ever. RESTART=yes: again 1 s after its end, as systemd would;
# no: again when somebody removes NAME.down.
service() {
	local name=$1 restart=$2 rc
	shift 2
	while :; do
		while [ -e "/run/lab/$name.down" ]; do
			pause 0.1
		done
		echo "$(date '+%F %T.%3N') $name starts" >>/var/log/lab-init.log
		"$@" >>"/var/log/$name.out" 2>&1 </dev/null &
		echo $! >"/run/lab/$name.pid"
		wait $!
		rc=$?
		echo "$(date '+%F %T.%3N') $name ended with $rc" >>/var/log/lab-init.log
		rm -f "/run/lab/$name.pid"
		[ "$restart" = yes ] || touch "/run/lab/$name.down"
		pause 1
	done
}

# shellcheck disable=SC2317 # called through service
after_corosync() {
	until grep -q '@cmap' /proc/net/unix; do
		pause 0.1
	done
	exec "$@"
}

service_environment() {
	export PCMK_logfile=/var/log/pacemaker/pacemaker.log PCMK_logfacility=none
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 HOME=/root
}

# The cluster stack and libvirt.
cluster_services() {
	install -d -o hacluster -g haclient -m 750 /run/crm
	mkdir -p /run/resource-agents /run/libvirt /run/corosync-qdevice
	service corosync no corosync -f &
	service pacemaker no after_corosync pacemakerd -f &
	service virtlogd yes virtlogd &
	service libvirtd yes libvirtd &
}
