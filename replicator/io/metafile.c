// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/metafile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const slot_name[2] = {"slot0", "slot1"};

static int write_slot(int fd, const struct vm_record *rec)
{
	uint8_t bytes[VM_SLOT_SIZE];
	vm_encode(rec, bytes);
	ssize_t n = pwrite(fd, bytes, sizeof bytes, 0);
	if (n != (ssize_t)sizeof bytes)
		return n < 0 ? -errno : -EIO;
	return fdatasync(fd) < 0 ? -errno : 0;
}

static int create_slot(int dir, const char *name, const struct vm_record *rec)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int res = write_slot(fd, rec);
	if (res == 0 && fsync(fd) < 0)
		res = -errno;
	close(fd);
	return res;
}

int vm_file_create(const char *meta_dir, const struct vc_durable *first, struct vt_fail *fail)
{
	int dir = open(meta_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return vt_fail(fail, -errno, "cannot open %s: %s", meta_dir, strerror(errno));
	int res = 0;
	for (int i = 0; i < 2 && res == 0; i++) {
		struct vm_record rec = {.generation = (uint64_t)i + 1, .durable = *first};
		res = create_slot(dir, slot_name[i], &rec);
	}
	if (res == 0 && fsync(dir) < 0)
		res = -errno;
	close(dir);
	if (res < 0)
		vt_fail(fail, res, "cannot write the metadata in %s: %s", meta_dir, strerror(-res));
	return res;
}

static int read_slot(int fd, struct vm_record *rec)
{
	uint8_t bytes[VM_SLOT_SIZE];
	ssize_t n = pread(fd, bytes, sizeof bytes, 0);
	if (n < 0)
		return -errno;
	/* A worker that was killed may have written it without having made it durable. What is read here
	 * is acted upon, so no power cut may bring an older record back (S5). */
	if (fdatasync(fd) < 0)
		return -errno;
	if (n != (ssize_t)sizeof bytes)
		return -EBADMSG;
	return vm_decode(rec, bytes);
}

static int open_slots(struct vm_file *file, const char *meta_dir, struct vt_fail *fail)
{
	file->lock_fd = open(meta_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->lock_fd < 0)
		return vt_fail(fail, -errno, "no metadata in %s: %s; was the unit created here (vmtwin create)?",
			       meta_dir, strerror(errno));
	if (flock(file->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return vt_fail(fail, errno == EWOULDBLOCK ? -EBUSY : -errno,
			       "another process holds the unit's metadata %s: %s", meta_dir,
			       errno == EWOULDBLOCK ? "a worker of this unit is still running"
						    : strerror(errno));
	for (int i = 0; i < 2; i++) {
		file->fd[i] = openat(file->lock_fd, slot_name[i], O_RDWR | O_CLOEXEC);
		if (file->fd[i] < 0)
			return vt_fail(fail, -errno, "cannot open %s/%s: %s", meta_dir,
				       slot_name[i], strerror(errno));
	}
	return 0;
}

static int choose_slot(struct vm_file *file, const char *meta_dir, struct vc_durable *out,
		       int *damaged, struct vt_fail *fail)
{
	struct vm_record rec[2] = {0};
	int res[2];
	for (int i = 0; i < 2; i++)
		res[i] = read_slot(file->fd[i], &rec[i]);
	int slot = vm_choose(rec, res, damaged);
	if (slot == -EPROTONOSUPPORT)
		return vt_fail(fail, slot,
			       "%s/%s was written by another version of vmtwin; install the "
			       "version that the other host runs",
			       meta_dir, slot_name[res[0] != -EPROTONOSUPPORT]);
	if (slot < 0)
		return vt_fail(fail, slot,
			       "both metadata slots in %s are damaged; nothing was touched. Keep a copy "
			       "of the store and resynchronise this host from the other one",
			       meta_dir);
	file->current = slot;
	file->generation = rec[slot].generation;
	*out = rec[file->current].durable;
	return 0;
}

int vm_file_open(struct vm_file *file, const char *meta_dir, struct vc_durable *out, int *damaged,
		 struct vt_fail *fail)
{
	*file = (struct vm_file){.fd = {-1, -1}, .lock_fd = -1};
	int res = open_slots(file, meta_dir, fail);
	if (res == 0)
		res = choose_slot(file, meta_dir, out, damaged, fail);
	if (res < 0)
		vm_file_close(file);
	return res;
}

void vm_file_prepare(const struct vm_file *file, const struct vc_durable *durable, uint8_t *bytes)
{
	struct vm_record rec = {.generation = file->generation + 1, .durable = *durable};
	vm_encode(&rec, bytes);
}

int vm_file_next_fd(const struct vm_file *file)
{
	return file->fd[1 - file->current];
}

void vm_file_stored(struct vm_file *file)
{
	file->current = 1 - file->current;
	file->generation++;
}

int vm_file_store(struct vm_file *file, const struct vc_durable *durable)
{
	struct vm_record rec = {.generation = file->generation + 1, .durable = *durable};
	int res = write_slot(vm_file_next_fd(file), &rec);
	if (res == 0)
		vm_file_stored(file);
	return res;
}

void vm_file_close(struct vm_file *file)
{
	for (int i = 0; i < 2; i++)
		if (file->fd[i] >= 0)
			close(file->fd[i]);
	if (file->lock_fd >= 0)
		close(file->lock_fd);
	*file = (struct vm_file){.fd = {-1, -1}, .lock_fd = -1};
}
