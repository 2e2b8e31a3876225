// SPDX-License-Identifier: GPL-2.0-or-later
/* The unit file's parser against any bytes: never crashes; what it accepts obeys its promises. */
#include "tests/fuzz/fuzz.h"

#include "base/unitconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_unitconf conf;
	struct vt_fail fail = {0};
	char *text = text_of(data, size);
	int rc = vt_unitconf_parse(&conf, "vm1", text, "fuzz", &fail);
	free(text);
	if (rc != 0) {
		require(rc == -EINVAL && fail.code == rc && fail.text[0] != '\0');
		return 0;
	}
	require(conf.directory[0] == '/' && conf.store[0] == '/' && conf.domain[0] != '\0');
	require(!strstr(conf.directory, "/../") && !strstr(conf.store, "/../"));
	require(strcmp(conf.hosts[0], conf.hosts[1]) != 0);
	require(vt_unitconf_slot(&conf, conf.hosts[0]) != vt_unitconf_slot(&conf, conf.hosts[1]));
	require(conf.port != 0 && conf.lease_ms >= 5000 && conf.link_timeout_ms >= 1000);
	return 0;
}
