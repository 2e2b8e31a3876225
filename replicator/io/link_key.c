// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/link.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <string.h>
#include <unistd.h>

#define AUTHKEY_MIN 32
#define AUTHKEY_MAX 4096
#define LABEL "vmtwin data link 1"

static int read_authkey(uint8_t *out, const char *path, struct vt_fail *fail)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return vt_fail(fail, -ENOENT,
			       "%s is missing: the data link's key is made from it; create it with "
			       "corosync-keygen and copy it to both hosts",
			       path);
	if (fd < 0)
		return vt_fail(fail, -errno,
			       "cannot open %s: %s: the data link's key is made from it", path,
			       strerror(errno));
	ssize_t n = read(fd, out, AUTHKEY_MAX + 1);
	int rc = n < 0 ? -errno : (int)n;
	close(fd);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot read %s: %s", path, strerror(-rc));
	if (rc < AUTHKEY_MIN || rc > AUTHKEY_MAX)
		return vt_fail(fail, -EINVAL,
			       "%s is no corosync key: it must hold %d to %d bytes; create it with "
			       "corosync-keygen and copy it to both hosts",
			       path, AUTHKEY_MIN, AUTHKEY_MAX);
	return rc;
}

int vl_derive_key(uint8_t key[32], const char *authkey_path, const uint8_t unit_id[16],
		  struct vt_fail *fail)
{
	uint8_t secret[AUTHKEY_MAX + 1], extracted[32], info[sizeof LABEL - 1 + 16];
	int n = read_authkey(secret, authkey_path, fail);
	if (n < 0)
		return n;
	memcpy(info, LABEL, sizeof LABEL - 1);
	memcpy(info + sizeof LABEL - 1, unit_id, 16);
	const gnutls_datum_t secret_datum = {.data = secret, .size = (unsigned)n};
	const gnutls_datum_t none = {.data = NULL, .size = 0};
	const gnutls_datum_t prk = {.data = extracted, .size = sizeof extracted};
	const gnutls_datum_t context = {.data = info, .size = sizeof info};
	int rc = gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &secret_datum, &none, extracted);
	if (rc == 0)
		rc = gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &prk, &context, key, 32);
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(extracted, sizeof extracted);
	if (rc)
		return vt_fail(fail, -EINVAL, "cannot derive the data link's key: %s",
			       gnutls_strerror(rc));
	return 0;
}
