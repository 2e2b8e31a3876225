/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of /proc/PID/mountinfo, taken apart (proc(5)). Pure. */
#ifndef VMTWIN_BASE_MOUNTINFO_H
#define VMTWIN_BASE_MOUNTINFO_H

struct vt_mountinfo {
	unsigned major, minor; /* of the file system's device */
	char dir[4096];	       /* mount point, unescaped */
	char type[64];	       /* file system type with subtype */
};

/* Parses line (a trailing newline is allowed). 0, or -EBADMSG: not a line of mountinfo, or longer
 * than a path may be. */
int vt_mountinfo_parse(struct vt_mountinfo *mi, const char *line);

#endif
