# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # lab_* variables are shared between the parts
# Configuration of the hosts, written outside and copied to a host's disk when it boots for the first time.

corosync_conf() {
	local host ring
	cat <<-TEXT
		totem {
		    version: 2
		    cluster_name: $lab_name
		    transport: knet
		    crypto_cipher: aes256
		    crypto_hash: sha256
		${lab_token:+    token: $lab_token}
		}
		logging {
		    to_stderr: no
		    to_syslog: no
		    to_logfile: yes
		    logfile: /var/log/corosync/corosync.log
		    timestamp: hires
		}
		nodelist {
	TEXT
	for host in host1 host2; do
		printf '    node {\n\tname: %s\n\tnodeid: %s\n' "$host" "$(host_number "$host")"
		for ring in 0 1; do
			printf '\tring%s_addr: %s\n' $ring "$(host_addr "$host" $ring)"
		done
		printf '    }\n'
	done
	printf '}\nquorum {\n    provider: corosync_votequorum\n'
	if [ "$lab_qdevice" = yes ]; then
		cat <<-TEXT
			    device {
			        model: net
			        votes: 1
${lab_device_ms:+	        timeout: $lab_device_ms
	        sync_timeout: $lab_device_ms
}			        net {
			            host: $(host_addr witness 0)
			            algorithm: ffsplit
			            tls: off
			        }
			    }
		TEXT
	else
		echo "    two_node: 1"
	fi
	echo "}"
}

hosts_file() {
	local host
	echo "127.0.0.1 localhost"
	for host in $lab_hosts; do
		echo "$(host_addr "$host" 0) $host"
	done
}

libvirt_conf() { # DIRECTORY
	cat >"$1/libvirtd.conf" <<-'TEXT'
		auth_unix_ro = "none"
		auth_unix_rw = "none"
		log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
	TEXT
	# Console logs are QEMU's own files: written when the guest writes, by nobody who dies with the host.
	cat >"$1/qemu.conf" <<-'TEXT'
		security_driver = "none"
		stdio_handler = "file"
		cgroup_controllers = []
	TEXT
}

config_write() { # HOST
	local etc=$lab_dir/hosts/$1/etc
	mkdir -p "$etc/corosync" "$etc/libvirt"
	corosync_conf >"$etc/corosync/corosync.conf"
	install -m 400 "$lab_dir/authkey" "$etc/corosync/authkey"
	hosts_file >"$etc/hosts"
	echo "$1" >"$etc/hostname"
	printf '%s\n' "$lab_name-$1-$lab_instance" | md5sum | cut -c1-32 >"$etc/machine-id"
	: >"$etc/resolv.conf"
	libvirt_conf "$etc/libvirt"
}
