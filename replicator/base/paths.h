/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things live. One place, so that agents, daemon, command and packaging agree. */
#ifndef VMTWIN_BASE_PATHS_H
#define VMTWIN_BASE_PATHS_H

#define VT_CONF_DIR "/etc/vmtwin"
#define VT_UNIT_DIR VT_CONF_DIR "/units" /* NAME.conf, one file a unit */
#define VT_DOMAIN_DIR VT_CONF_DIR "/domains" /* NAME.xml, where the VM's directory can't hold it: on DRBD */
#define VT_HOST_CONF VT_CONF_DIR "/vmtwind.conf" /* the host's: vmtwind.conf(5) */
#define VT_RUN_DIR "/run/vmtwin"	 /* NAME.sock, NAME.pid of each worker; root only */
#define VT_LOG_DIR "/var/log/vmtwin"	 /* NAME.log: the unit's story */
#define VT_LIBEXEC_DIR "/usr/libexec/vmtwin"
#define VT_WORKER_PATH VT_LIBEXEC_DIR "/vmtwin-worker"
#define VT_FENCEWATCH_PATH VT_LIBEXEC_DIR "/vmtwin-fencewatch"
#define VT_WITNESS_PATH VT_LIBEXEC_DIR "/vmtwin-witness"
#define VT_VMDOWN_PATH VT_LIBEXEC_DIR "/vmtwin-vmdown"
#define VT_AUTHKEY "/etc/corosync/authkey"
#define VT_IPC_NAME "vmtwind" /* libqb IPC service of the master */
#define VT_CPG_GROUP "vmtwin"

#endif
