/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the store only. */
#ifndef VMTWIN_IO_STORE_INT_H
#define VMTWIN_IO_STORE_INT_H

#include "io/store.h"

#define VS_HASH_BITS 12
#define VS_HASH_SIZE (1u << VS_HASH_BITS)

/* Data descriptors open at a time; above it those nobody uses are closed. */
#define VS_DATA_FDS_MAX 512

struct vs_store {
	unsigned data_fds, data_fds_limit;
	struct vs_inode *root;
	dev_t dev;
	struct vs_inode *dirty;
	struct vs_inode *by_ino[VS_HASH_SIZE];
	struct vs_inode *by_id[VS_HASH_SIZE];
};

struct vs_check {
	char bad[VM_NAME_MAX + 1];
};

/* Finds or makes the inode of an O_PATH descriptor, which is taken over in every case. */
int vs_adopt(struct vs_store *s, int fd, struct vs_inode **out, struct stat *st);

#endif
