/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The preflight of a host: what was found out about it and about the path to the other one, and the verdict on it. preflight_gather*.c
 * fill the structures in, preflight_check*.c judge them. Here nothing is looked up: pure. Zero means "not found out" throughout; what was
 * not found out is not judged, but a part that did not end in time is told.
 */
#ifndef VMTWIN_CRM_CONFIG_PREFLIGHT_H
#define VMTWIN_CRM_CONFIG_PREFLIGHT_H

#include "crm-config/check_timing.h"
#include "crm-config/preflight_facts.h"

#define PF_PATHS_MAX 16
#define PF_NAMES_MAX 8
#define PF_DISKS_MAX 16
#define PF_NEEDS_MAX 32
#define PF_CHAIN_MAX 16 /* backing files of one disk */
#define PF_ADDR_MAX 64
#define PF_DEVICE_MAX 16
#define PF_TYPE_MAX 32
#define PF_PINGS 20
#define PF_FLUSHES 20
#define PF_RESOURCES_MAX 64
#define PF_STATE_MAX 32
#define PF_META_BYTES 4096

enum pf_told { PF_UNTOLD, PF_LATE, PF_TOLD }; /* not asked; it did not end in time; it did */
enum pf_truth { PF_UNKNOWN, PF_NO, PF_YES };

/* A systemd unit at boot. */
enum pf_boot { PF_BOOT_UNKNOWN, PF_BOOT_ABSENT, PF_BOOT_OFF, PF_BOOT_ON };
enum pf_service { PF_S_COROSYNC, PF_S_PACEMAKER, PF_S_VMTWIND, PF_S_GUESTS, PF_S_DRBD, PF_SERVICES };

struct pf_system {
	enum pf_told told;
	bool root;	 /* else little can be found out */
	enum pf_truth fuse_known; /* the kernel lists the file system */
	int fuse_error;	 /* errno of opening /dev/fuse; 0: it opens */
	int uring_error; /* errno of io_uring_setup; 0: it works */
	enum pf_truth synchronised; /* the clock, by the kernel's word */
	enum pf_boot boot[PF_SERVICES];
	int watchdog_error; /* errno of looking at the configured watchdog; ENODEV: no character device */
	enum pf_truth selinux, selinux_fuse; /* it enforces; it lets VMs use FUSE */
	enum pf_truth apparmor;		     /* it confines */
	char apparmor_local[4096];	     /* what the site added to virt-aa-helper's profile */
	enum pf_truth firewalld;	     /* it runs */
	enum pf_truth nft_filters;	     /* nftables' rules for incoming packets drop or reject something */
};

/* The running cluster, asked through its sockets. */
struct pf_cluster {
	enum pf_told told;
	enum pf_truth corosync, vmtwind; /* they answer */
	char vmtwind_trouble[256];	 /* why vmtwind doesn't */
	char node[VT_HOST_NAME_MAX + 1]; /* own name by vmtwind; "": unknown */
	uint8_t link_up[PF_UNITS_MAX];	 /* enum pf_truth: the unit's data link is up */
};

struct pf_name {
	char host[VT_HOST_NAME_MAX + 1];
	int error;		 /* of getaddrinfo; 0: it resolves */
	bool loopback, listed;	 /* to an address of this host's loopback (the first such), of corosync.conf's nodelist */
	char addr[PF_ADDR_MAX];	 /* the first address, or the loopback one */
};

enum pf_port { PF_PORT_UNASKED, PF_PORT_OPEN, PF_PORT_REFUSED, PF_PORT_SILENT };

/* From an own ring address to the same ring's of the other host. */
struct pf_path {
	enum pf_told told;
	char peer[VT_HOST_NAME_MAX + 1];
	unsigned ring;
	char own[PF_ADDR_MAX], other[PF_ADDR_MAX]; /* as corosync.conf has them */
	bool unresolved;			   /* one of them is a name that does not resolve */
	bool own_here;				   /* own is configured on device */
	char device[PF_DEVICE_MAX];
	enum pf_truth carrier;
	int mtu;
	long speed_mbit; /* 0: the device doesn't say */
	int route_error; /* errno; 0: there is a route */
	char via[PF_ADDR_MAX]; /* the address that packets leave with, if it isn't own; else "" */
	int ping_error; /* errno: could not be asked */
	unsigned sent, answered;
	uint32_t median_us;
	int mtu_passed; /* the largest packet of those tried that got through whole; 0: none was tried or none did */
	enum pf_truth link; /* corosync's own word: connected */
	uint8_t port[PF_UNITS_MAX]; /* enum pf_port, of the unit's data port there */
};

enum pf_cache { PF_CACHE_UNKNOWN, PF_CACHE_NONE, PF_CACHE_VOLATILE };

/* Where a unit's store is, or will be. */
struct pf_disk {
	enum pf_told told;
	int error;		  /* errno: it could not be looked at */
	char path[VT_PATH_MAX];	  /* the deepest directory that is there already */
	char type[PF_TYPE_MAX];	  /* of the file system: "ext4" */
	bool no_barrier;	  /* a mount option says that flushes may be lost */
	uint64_t total, free_bytes;
	bool has_data;
	uint64_t data_bytes;	  /* of the unit's files in the store */
	int write_error;	  /* errno of making a file there */
	int direct_error;	  /* errno of opening it with O_DIRECT, or of writing so */
	int xattr_error;	  /* errno of setting an extended attribute */
	enum pf_truth entry_types; /* readdir tells what is a directory */
	uint32_t flush_us;	  /* median of a 4 KiB write and its flush; 0: not measured */
	enum pf_cache cache;	  /* of the device, by the kernel's word */
};

struct pf_vdisk {
	char target[PF_TYPE_MAX], cache[PF_TYPE_MAX]; /* "vda"; "": the default */
	char source[VT_PATH_MAX];			      /* the file, or the block device; "": neither */
	char format[PF_TYPE_MAX]; /* the driver's type; "": the default, raw */
	bool file, writable;
	bool optional; /* the VM starts without the medium */
	bool chain;    /* the XML itself tells what the image is based on */
	enum pf_truth here; /* a source outside the unit's directory: this host has it */
};

/* What a domain needs beside its disks, of the host or of files that may be outside the unit's directory. */
enum pf_need_kind {
	PF_N_NVRAM,
	PF_N_TEMPLATE, /* that the NVRAM is made of where there is none */
	PF_N_FIRMWARE,
	PF_N_KERNEL,
	PF_N_INITRD,
	PF_N_DTB,
	PF_N_BACKING,
	PF_N_SHARED, /* a directory, with the guest */
	PF_N_LOG,    /* the directory of a serial line's file: QEMU makes the file alone */
	PF_N_LINE,   /* a device behind a serial line */
	PF_N_RANDOM, /* a source of entropy */
	PF_N_BRIDGE,
	PF_N_LINK, /* a network interface: of macvtap, or a bridge of Open vSwitch */
	PF_N_NETWORK,
	PF_N_PCI,
	PF_N_DEVICE, /* another one that is passed through: "USB 046d:c31c" */
	PF_N_TPM_STATE,
	PF_N_TPM_CHIP,
	PF_N_MEMORY,
	PF_N_KINDS
};

struct pf_need {
	enum pf_need_kind kind;
	enum pf_truth here; /* this host has it */
	enum pf_truth active, at_boot; /* of a network */
	char of[PF_TYPE_MAX];	       /* the disk that the backing file is of */
	char name[VT_PATH_MAX];
};

enum pf_source { PF_S_NONE, PF_S_LIBVIRT, PF_S_FILE }; /* where the domain's XML is from */

struct pf_domain {
	enum pf_source source;
	enum pf_truth autostart;
	char trouble[256]; /* why the XML could not be had */
	char machine[PF_MACHINE_MAX], cpu_mode[PF_TYPE_MAX];
	unsigned disks;
	bool more_disks; /* than the table holds */
	struct pf_vdisk disk[PF_DISKS_MAX];
	unsigned needs;
	bool more_needs;
	struct pf_need need[PF_NEEDS_MAX];
};

struct pf_vms {
	enum pf_told told;
	char trouble[256]; /* why libvirt can't be asked; "": it can */
	bool asked;	   /* what is late is the files that domains need, not libvirt */
	struct pf_domain domain[PF_UNITS_MAX];
};

/* ---- DRBD: looked at only where a unit is on it ---- */

/* A resource that runs, as `drbdsetup status --verbose` tells of its first volume and connection. Texts "": not told. */
struct pf_resource {
	char name[VT_UNIT_NAME_MAX + 1]; /* cut */
	bool has_minor;
	unsigned minor;
	char suspended[PF_STATE_MAX], disk[PF_STATE_MAX];
	char connection[PF_STATE_MAX], replication[PF_STATE_MAX], peer_disk[PF_STATE_MAX];
};

struct pf_drbd {
	enum pf_told told;
	enum pf_truth agent;	   /* ocf:linbit:drbd is installed */
	enum pf_truth scripts[3];  /* by enum cf_drbd: both of that module's scripts are */
	char uname[VT_HOST_NAME_MAX + 1];
	bool more_resources; /* than the table holds */
	unsigned resources;
	struct pf_resource resource[PF_RESOURCES_MAX];
};

enum pf_meta { PF_META_UNKNOWN, PF_META_NONE, PF_META_8, PF_META_9 };

/* A unit's volume. */
struct pf_volume {
	enum pf_told told;
	int res_error;		    /* errno of reading /etc/drbd.d/UNIT.res */
	char res[PF_HASH_MAX];	    /* pf_digest_text of it */
	char refused[200];	    /* what drbdadm says to it; "": it takes it, or was not asked */
	enum pf_truth boot;	    /* drbd@UNIT is started at boot */
	int definition_error;	    /* errno of reading its domain's XML */
	int disk_error;		    /* errno of opening drbd_disk; ENOTBLK: no block device */
	uint64_t bytes;
	char used[200]; /* "mounted at /srv"; "": not, as far as is seen */
	enum pf_meta meta;
};

struct pf_names {
	enum pf_told told;
	unsigned count;
	struct pf_name name[PF_NAMES_MAX];
};

struct pf_host {
	bool more_units, more_paths; /* than the tables hold */
	char peer[VT_HOST_NAME_MAX + 1]; /* what --peer names; "": the other host of each unit */
	struct pf_facts own;
	struct pf_system system;
	struct pf_cluster cluster;
	struct pf_names names;
	unsigned paths;
	struct pf_path path[PF_PATHS_MAX];
	struct pf_disk disk[PF_UNITS_MAX]; /* each by the unit's number in cf_facts, as the arrays above */
	struct pf_vms vms;
	struct pf_drbd drbd;
	struct pf_volume volume[PF_UNITS_MAX];
};

/* The other host's facts, and when they were told by this host's clock. */
struct pf_peer {
	const struct pf_facts *facts; /* NULL: none given */
	int64_t here_ms;
};

/* Findings are added to out. f->cib is not looked at. */
void pf_check(const struct cf_facts *f, const struct pf_host *host, const struct pf_peer *peer, struct cf_findings *out);

#endif
