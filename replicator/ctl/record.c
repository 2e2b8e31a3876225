// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/transition.h"
#include "ctl/dirs.h"

static const char *const slot_names[2] = {"slot0", "slot1"};

static void print_time(FILE *out, time_t when)
{
	char text[32];
	struct tm tm;
	if (gmtime_r(&when, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		fputs(text, out);
}

static void print_record(FILE *out, const struct vm_record *rec)
{
	const struct vc_durable *d = &rec->durable;
	fprintf(out, "  generation %llu\n  standing %s\n  lease %u ms\n  fork known %d\n  unit id ",
		(unsigned long long)rec->generation,
		vc_machine_state_name(VC_OF_STANDING, d->standing), d->lease_ms, d->fork);
	for (int i = 0; i < 16; i++)
		fprintf(out, "%02x", d->unit_id[i]);
	fprintf(out, "\n  %u eras: number, id, writer's slot, members, flags\n", d->log.count);
	for (uint32_t i = 0; i < d->log.count; i++) {
		const struct vc_era *e = &d->log.era[i];
		fprintf(out, "    %llu %016llx %u %s%s%s%s\n", (unsigned long long)e->number,
			(unsigned long long)e->id, e->writer,
			e->members == 3	  ? "both"
			: e->members == 1 ? "slot 0 alone"
					  : "slot 1 alone",
			e->flags & VC_ERA_FORCED ? ", forced" : "",
			e->flags & VC_ERA_CONFIRMED ? ", confirmed" : "",
			e->flags & VC_ERA_TAIL ? ", tail" : "");
	}
}

/* One slot's record: 0, a vm_decode error, or negative errno. */
static int read_slot(const char *store, int slot, char *path, struct vm_record *rec, time_t *when)
{
	uint8_t bytes[VM_SLOT_SIZE];
	struct stat st = {0};
	if (cd_join(path, store, slot == 0 ? "meta/slot0" : "meta/slot1") < 0)
		return -ENAMETOOLONG;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	ssize_t n = fstat(fd, &st) < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
	int rc = n < 0 ? -errno : n == (ssize_t)sizeof bytes ? vm_decode(rec, bytes) : -EBADMSG;
	close(fd);
	*when = st.st_mtim.tv_sec;
	return rc;
}

int cr_read(const char *store, struct vm_record *out, time_t *when)
{
	char path[CD_PATH_MAX];
	struct vm_record rec[2] = {0};
	time_t at[2] = {0};
	int rc[2];
	for (int i = 0; i < 2; i++)
		rc[i] = read_slot(store, i, path, &rec[i], &at[i]);
	if (rc[0] != 0 && rc[1] != 0)
		return rc[0];
	int best = rc[0] != 0 || (rc[1] == 0 && rec[1].generation > rec[0].generation) ? 1 : 0;
	*out = rec[best];
	*when = at[best];
	return 0;
}

static void print_slot(FILE *out, const char *store, int slot)
{
	char path[CD_PATH_MAX];
	struct vm_record rec = {0};
	time_t when = 0;
	int rc = read_slot(store, slot, path, &rec, &when);
	fprintf(out, "%s, written ", slot_names[slot]);
	print_time(out, when);
	fputc('\n', out);
	if (rc == 0)
		print_record(out, &rec);
	else if (rc == -EBADMSG)
		fprintf(out, "  damaged, or being written just now\n");
	else
		fprintf(out, "  %s\n",
			rc == -ENODATA		 ? "never written"
			: rc == -EPROTONOSUPPORT ? "of another version of vmtwin"
						 : strerror(-rc));
}

void cr_print_slots(FILE *out, const char *store)
{
	print_slot(out, store, 0);
	print_slot(out, store, 1);
}

void cr_print_line(FILE *out, const struct vm_record *rec, time_t when)
{
	static const char *const meaning[] = {
	    [VC_SYNCING] = "incomplete, or empty",
	    [VC_OUTDATED] = "the other host holds writes that this copy lacks",
	    [VC_PAIRED] = "in step when last in use; did the other host go on alone? not known",
	    [VC_SOLO] = "it holds writes that the other host lacks",
	};
	const struct vc_durable *d = &rec->durable;
	fprintf(out, "standing %s (%s), %slast era %llu, recorded ",
		vc_machine_state_name(VC_OF_STANDING, d->standing), meaning[d->standing],
		d->fork ? "a fork is known, " : "",
		(unsigned long long)(d->log.count ? d->log.era[d->log.count - 1].number : 0));
	print_time(out, when);
	fputc('\n', out);
}
