// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/safekit.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>

#define XINCLUDE "http://www.w3.org/2001/XInclude"
#define SAX_ATTR_WORDS 5 /* of an attribute in startElementNs: name, prefix, namespace, begin, end */

struct reader {
	struct sk_doc *doc;
	const char *root;
	xmlParserCtxt *xml;
	int open[SK_DEPTH_MAX]; /* the elements that we are in */
	unsigned depth;
	struct vt_fail *fail;
	int rc; /* the first error; all that comes after it is passed over */
};

static unsigned line_now(const struct reader *r)
{
	int line = r->xml->input ? r->xml->input->line : 0;
	return line > 0 ? (unsigned)line : 0;
}

static void refuse(struct reader *r, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void refuse(struct reader *r, unsigned line, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	if (r->rc != 0)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	r->rc = vt_fail(r->fail, -EINVAL, "%s:%u: %s", r->doc->path, line, text);
	xmlStopParser(r->xml);
}

/* The line of an attribute. libxml2 knows the tag's end only; but while a value needs no decoding it lies in the input. */
static unsigned line_of(const struct reader *r, const xmlChar *value)
{
	const xmlParserInput *in = r->xml->input;
	unsigned line = line_now(r);
	if (!in || value < in->base || value > in->cur)
		return line;
	for (const xmlChar *at = value; at < in->cur && line > 1; at++)
		line -= *at == '\n';
	return line;
}

/* Neither ASCII's control characters nor Unicode's (U+0080 to U+009F): they would reach a terminal and a unit file. */
static bool plain(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < ' ' || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f))
			return false;
	return true;
}

/* "prefix:name" */
static void set_name(struct reader *r, char out[SK_NAME_MAX], const xmlChar *prefix, const char *between, const xmlChar *name)
{
	int n = snprintf(out, SK_NAME_MAX, "%s%s%s", prefix ? (const char *)prefix : "", prefix ? between : "", (const char *)name);
	if (n < 0 || n >= SK_NAME_MAX)
		refuse(r, line_now(r), "a name is longer than %d bytes: '%.40s...'", SK_NAME_MAX - 1, (const char *)name);
}

static void add_attr(struct reader *r, const xmlChar **word)
{
	struct sk_doc *d = r->doc;
	unsigned line = line_of(r, word[3]);
	size_t len = (size_t)(word[4] - word[3]);
	if (d->attrs == SK_ATTRS_MAX) {
		refuse(r, line, "more than %d attributes", SK_ATTRS_MAX);
		return;
	}
	struct sk_attr *a = &d->attr[d->attrs];
	a->line = line;
	set_name(r, a->name, word[1], ":", word[0]);
	if (len >= SK_VALUE_MAX)
		refuse(r, line, "%s: the value is longer than %d bytes", a->name, SK_VALUE_MAX - 1);
	if (r->rc != 0)
		return;
	a->value = strndup((const char *)word[3], len);
	if (!a->value) {
		r->rc = vt_fail(r->fail, -ENOMEM, "out of memory");
		return;
	}
	d->attrs++;
	if (!plain(a->value))
		refuse(r, line, "%s: a control character in the value; write it without", a->name);
}

/* A new element in the one that is open; NULL: refused. */
static struct sk_elem *add_elem(struct reader *r, const xmlChar *prefix, const char *between, const xmlChar *name, unsigned line)
{
	struct sk_doc *d = r->doc;
	if (d->elems == SK_ELEMS_MAX) {
		refuse(r, line, "more than %d elements", SK_ELEMS_MAX);
		return NULL;
	}
	struct sk_elem *e = &d->elem[d->elems];
	*e = (struct sk_elem){.line = line, .parent = r->depth > 0 ? r->open[r->depth - 1] : -1, .first = d->attrs};
	set_name(r, e->name, prefix, between, name);
	if (r->rc != 0)
		return NULL;
	d->elems++;
	return e;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int spaces, const xmlChar **space,
		     int count, int defaulted, const xmlChar **word)
{
	struct reader *r = ctx;
	unsigned line = count > 0 ? line_of(r, word[3]) : line_now(r);
	(void)spaces;
	(void)space;
	(void)defaulted; /* of an ATTLIST, which is refused */
	if (r->rc != 0)
		return;
	if (uri && strcmp((const char *)uri, XINCLUDE) == 0) {
		refuse(r, line, "XInclude is refused: put everything into one file");
		return;
	}
	if (r->depth == SK_DEPTH_MAX) {
		refuse(r, line, "elements are nested more than %d deep", SK_DEPTH_MAX);
		return;
	}
	if (r->depth == 0 && strcmp((const char *)name, r->root) != 0) {
		refuse(r, line, "the outermost element is <%.60s>, not <%s>", (const char *)name, r->root);
		return;
	}
	struct sk_elem *e = add_elem(r, prefix, ":", name, line);
	if (!e)
		return;
	r->open[r->depth++] = (int)(e - r->doc->elem);
	for (int i = 0; i < count && r->rc == 0; i++)
		add_attr(r, word + SAX_ATTR_WORDS * i);
	e->attrs = r->doc->attrs - e->first;
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *r = ctx;
	(void)name;
	(void)prefix;
	(void)uri;
	if (r->rc == 0 && r->depth > 0)
		r->depth--;
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct reader *r = ctx;
	for (int i = 0; i < len && r->rc == 0 && r->depth > 0; i++)
		if (!strchr(" \t\r\n", text[i]))
			r->doc->elem[r->open[r->depth - 1]].text = true;
}

static void on_instruction(void *ctx, const xmlChar *target, const xmlChar *data)
{
	struct reader *r = ctx;
	(void)data;
	if (r->rc == 0)
		add_elem(r, (const xmlChar *)"?", "", target, line_now(r));
}

/* ---- what is refused -------------------------------------------------------------------------------- */

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	struct reader *r = ctx;
	(void)name;
	if (public_id || system_id)
		refuse(r, line_now(r), "the DOCTYPE names an external file, which is refused; write <!DOCTYPE %s>", r->root);
}

static void refuse_declaration(struct reader *r)
{
	refuse(r, line_now(r), "the DOCTYPE declares something (entities, attributes), which is refused; write <!DOCTYPE %s>", r->root);
}

static void on_entity(void *ctx, const xmlChar *name, int type, const xmlChar *public_id, const xmlChar *system_id, xmlChar *content)
{
	(void)name;
	(void)type;
	(void)public_id;
	(void)system_id;
	(void)content;
	refuse_declaration(ctx);
}

static void on_unparsed(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id, const xmlChar *notation)
{
	(void)name;
	(void)public_id;
	(void)system_id;
	(void)notation;
	refuse_declaration(ctx);
}

static void on_notation(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	(void)name;
	(void)public_id;
	(void)system_id;
	refuse_declaration(ctx);
}

static void on_element_declaration(void *ctx, const xmlChar *name, int type, xmlElementContent *content)
{
	(void)name;
	(void)type;
	(void)content;
	refuse_declaration(ctx);
}

static void on_attlist(void *ctx, const xmlChar *elem, const xmlChar *name, int type, int def, const xmlChar *value, xmlEnumeration *tree)
{
	(void)elem;
	(void)name;
	(void)type;
	(void)def;
	(void)value;
	xmlFreeEnumeration(tree);
	refuse_declaration(ctx);
}

static xmlEntity *on_parameter_entity(void *ctx, const xmlChar *name)
{
	(void)name;
	refuse_declaration(ctx);
	return NULL;
}

static void on_reference(void *ctx, const xmlChar *name)
{
	struct reader *r = ctx;
	refuse(r, line_now(r), "the entity &%.40s; is refused", (const char *)name);
}

/* libxml2's own complaints; the type of its second parameter differs between its versions. */
static void on_error(void *ctx, const xmlError *e)
{
	struct reader *r = ctx;
	char what[160];
	if (r->rc != 0 || e->level < XML_ERR_ERROR)
		return;
	snprintf(what, sizeof what, "%s", e->message ? e->message : "not well-formed");
	what[strcspn(what, "\r\n")] = '\0';
	for (char *c = what; *c; c++)
		*c = (unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f ? '?' : *c;
	if (e->code == XML_ERR_INVALID_CHAR || e->code == XML_ERR_INVALID_ENCODING)
		refuse(r, e->line > 0 ? (unsigned)e->line : line_now(r),
		       "not XML in UTF-8: %s; if the file is in another encoding, say so in its first line: <?xml version=\"1.0\" "
		       "encoding=\"ISO-8859-1\"?>",
		       what);
	else
		refuse(r, e->line > 0 ? (unsigned)e->line : line_now(r), "not well-formed XML: %s", what);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* Everything of libxml2's own handlers goes: they would take our context for theirs. */
static void set_handlers(xmlSAXHandler *sax)
{
	memset(sax, 0, sizeof *sax);
	sax->initialized = XML_SAX2_MAGIC;
	sax->startElementNs = on_start;
	sax->endElementNs = on_end;
	sax->characters = on_text;
	sax->cdataBlock = on_text;
	sax->processingInstruction = on_instruction;
	sax->internalSubset = on_doctype;
	sax->externalSubset = on_doctype;
	sax->entityDecl = on_entity;
	sax->unparsedEntityDecl = on_unparsed;
	sax->notationDecl = on_notation;
	sax->elementDecl = on_element_declaration;
	sax->attributeDecl = on_attlist;
	sax->getParameterEntity = on_parameter_entity;
	sax->reference = on_reference;
	sax->serror = (xmlStructuredErrorFunc)on_error;
}

static int parse(struct reader *r, const char *text, size_t len)
{
	/* NOENT: else &amp; in a value comes as another reference. There is no entity that it could put in: none may be declared. */
	const int options = XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOENT;
	r->xml = xmlNewParserCtxt();
	if (!r->xml)
		return vt_fail(r->fail, -ENOMEM, "out of memory");
	set_handlers(r->xml->sax);
	r->xml->userData = r;
	xmlDoc *doc = xmlCtxtReadMemory(r->xml, text, (int)len, NULL, NULL, options);
	int formed = r->xml->wellFormed;
	xmlFreeDoc(doc);
	xmlFreeDoc(r->xml->myDoc);
	r->xml->myDoc = NULL;
	xmlFreeParserCtxt(r->xml);
	if (r->rc == 0 && (!formed || r->doc->elems == 0))
		r->rc = vt_fail(r->fail, -EINVAL, "%s: not well-formed XML", r->doc->path);
	return r->rc;
}

int sk_read(struct sk_doc *doc, const char *text, size_t len, const char *path, const char *root, struct vt_fail *fail)
{
	struct reader r = {.doc = doc, .root = root, .fail = fail};
	memset(doc, 0, sizeof *doc);
	snprintf(doc->path, sizeof doc->path, "%s", path);
	if (len > SK_BYTES_MAX)
		return vt_fail(fail, -EINVAL, "%s: longer than %d bytes: not %s", doc->path, SK_BYTES_MAX, "a configuration of SafeKit");
	if (strnlen(text, len) < len)
		return vt_fail(fail, -EINVAL, "%s: a NUL byte in the file: not XML in UTF-8", doc->path);
	if (text[strspn(text, " \t\r\n")] == '\0')
		return vt_fail(fail, -EINVAL, "%s: the file is empty", doc->path);
	return parse(&r, text, len);
}

const struct sk_attr *sk_attr(const struct sk_doc *doc, const struct sk_elem *e, const char *name)
{
	for (unsigned i = 0; i < e->attrs; i++)
		if (strcmp(doc->attr[e->first + i].name, name) == 0)
			return &doc->attr[e->first + i];
	return NULL;
}

const char *sk_value(const struct sk_doc *doc, const struct sk_elem *e, const char *name)
{
	const struct sk_attr *a = sk_attr(doc, e, name);
	return a ? a->value : "";
}

const struct sk_elem *sk_parent(const struct sk_doc *doc, const struct sk_elem *e)
{
	return e->parent < 0 ? NULL : &doc->elem[e->parent];
}

void sk_free(struct sk_doc *doc)
{
	for (unsigned i = 0; i < doc->attrs; i++)
		free(doc->attr[i].value);
	doc->attrs = doc->elems = doc->macros = 0;
}
