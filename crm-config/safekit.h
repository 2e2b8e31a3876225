/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SafeKit's two configuration files, userconfig.xml (a module) and cluster.xml (nodes and networks), as a flat list of elements
 * in the order of the file. Nothing is interpreted here but macros; what the elements mean: safekit_map.h.
 *
 * The files are somebody else's, so the reader takes nothing on trust: no entities, no external parts, no declarations in the
 * DOCTYPE, no XInclude, no control characters in values, and a limit for everything. libxml2 is used as a SAX parser: no tree is
 * built, nothing is ever fetched.
 */
#ifndef VMTWIN_CRM_CONFIG_SAFEKIT_H
#define VMTWIN_CRM_CONFIG_SAFEKIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define SK_BYTES_MAX (1024 * 1024) /* of a file */
#define SK_DEPTH_MAX 12		   /* elements inside each other; SafeKit's own need 6 */
#define SK_ELEMS_MAX 1024
#define SK_ATTRS_MAX 4096
#define SK_MACROS_MAX 256
#define SK_NAME_MAX 64	   /* of an element, attribute or macro, its end included */
#define SK_VALUE_MAX 2048  /* of an attribute, macros put in, its end included */

struct sk_attr {
	char name[SK_NAME_MAX];
	char *value; /* UTF-8, macros put in; owned by the document */
	unsigned line;
};

struct sk_elem {
	char name[SK_NAME_MAX]; /* "?NAME": a processing instruction */
	unsigned line;
	int parent;	      /* index, -1: the root */
	unsigned first, attrs; /* its attributes in sk_doc.attr */
	bool text;	      /* has text that is not blank */
};

struct sk_macro {
	unsigned name, value; /* indexes of its attributes */
	int state;	      /* of the substitution: 0 not yet, 1 under way, 2 done */
	bool used;
};

/* Large: on the heap. */
struct sk_doc {
	char path[512]; /* for messages */
	unsigned elems, attrs, macros;
	struct sk_elem elem[SK_ELEMS_MAX];
	struct sk_attr attr[SK_ATTRS_MAX];
	struct sk_macro macro[SK_MACROS_MAX];
};

/*
 * Reads text (len bytes); path is for messages; root is the name its outermost element must have. 0, or -EINVAL or -ENOMEM and
 * fail says why with file and line. In both cases sk_free() is due. doc is overwritten. Macros are put in by sk_macros().
 */
int sk_read(struct sk_doc *doc, const char *text, size_t len, const char *path, const char *root, struct vt_fail *fail);
/*
 * Collects <macro name="" value=""/> wherever they stand and puts their values in for %NAME% in all attributes' values, the macros'
 * own included. A macro may be used before the line that defines it. Not defined, defined twice, defined by itself, value too long:
 * -EINVAL. A '%' that is not followed by letters, digits, '_', '-' or '.', and another '%', is left as it is.
 */
int sk_macros(struct sk_doc *doc, struct vt_fail *fail);
/* The attribute of an element, NULL: it has none of that name. */
const struct sk_attr *sk_attr(const struct sk_doc *doc, const struct sk_elem *e, const char *name);
/* Its value, "": none. */
const char *sk_value(const struct sk_doc *doc, const struct sk_elem *e, const char *name);
/* The element around it, NULL: it is the outermost. */
const struct sk_elem *sk_parent(const struct sk_doc *doc, const struct sk_elem *e);
/* The attribute that has the macro's value, NULL: no such macro. */
const struct sk_attr *sk_macro(const struct sk_doc *doc, const char *name);
/* Some value refers to it. */
bool sk_macro_used(const struct sk_doc *doc, const char *name);
void sk_free(struct sk_doc *doc);

#endif
