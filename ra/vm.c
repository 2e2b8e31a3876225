// SPDX-License-Identifier: GPL-2.0-or-later
/* ocf:vmtwin:vm: the libvirt domain of a unit, colocated with its promoted mirror. */
#include "ra/vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/paths.h"
#include "io/qemu_proc.h"

#define GUARD_SHARE 97 /* percent of the time limit after which a hung libvirt is given up */

static void set_paths(struct vm *vm, const char *directory)
{
	const char *config = ocf_param(vm->run, "config");
	if (config)
		snprintf(vm->config, sizeof vm->config, "%s", config);
	else if (directory)
		snprintf(vm->config, sizeof vm->config, "%s/%s.xml", directory, vm->domain);
	if (directory) {
		snprintf(vm->directory, sizeof vm->directory, "%s", directory);
		snprintf(vm->snapshots, sizeof vm->snapshots, "%s/snapshots", directory);
	} else if (vm->config[0]) {
		const char *slash = strrchr(vm->config, '/');
		snprintf(vm->snapshots, sizeof vm->snapshots, "%.*s/snapshots",
			 slash ? (int)(slash - vm->config) : 0, vm->config);
	}
}

/*
 * The parameters. What stop and monitor need is little: the domain's name. Files may be unreadable.
 */
static enum ocf_code vm_init(struct vm *vm, struct ocf_run *run)
{
	struct vt_unitconf conf;
	struct vt_fail fail = {.code = 0};
	enum ocf_code code = OCF_ERR_CONFIGURED;
	*vm = (struct vm){.run = run, .unit = ocf_param(run, "unit"), .uri = ocf_param(run, "uri")};
	const char *domain = ocf_param(run, "domain");
	vt_fail(&fail, -EINVAL, "neither parameter config nor parameter unit is set");
	if (vm->unit)
		code = ocf_load_unit(vm->unit, &conf, &fail);
	if (!domain && !vm->unit)
		return ocf_fail(OCF_ERR_CONFIGURED,
				"parameter domain is missing: name the libvirt domain "
				"(or, with parameter unit, it is the one of the unit's file)");
	if (vm->unit && code == OCF_ERR_CONFIGURED)
		return ocf_fail(code, "%s", fail.text);
	if (!domain && code != OCF_SUCCESS)
		return ocf_fail(code, "parameter domain is not set and can't be found out: %s",
				fail.text);
	if (!domain)
		domain = conf.domain;
	if (strlen(domain) >= sizeof vm->domain || strchr(domain, '/'))
		return ocf_fail(OCF_ERR_CONFIGURED, "\"%s\" can't be a domain's name", domain);
	snprintf(vm->domain, sizeof vm->domain, "%s", domain);
	snprintf(vm->conf_problem, sizeof vm->conf_problem, "%s", fail.text);
	set_paths(vm, code == OCF_SUCCESS ? conf.directory : NULL);
	if (vm->config[0] && vm->config[0] != '/')
		return ocf_fail(OCF_ERR_CONFIGURED,
				"parameter config must be an absolute path, not %s", vm->config);
	return OCF_SUCCESS;
}

static enum ocf_code vm_init_numbers(struct vm *vm)
{
	enum ocf_code code = ocf_param_int(vm->run, "start_tries", 1, 1000, &vm->start_tries);
	if (code == OCF_SUCCESS)
		code = ocf_param_int(vm->run, "start_interval", 1, 600, &vm->start_interval);
	if (code == OCF_SUCCESS)
		code = ocf_param_int(vm->run, "stop_tries", 1, 1000, &vm->stop_tries);
	if (code == OCF_SUCCESS)
		code = ocf_param_int(vm->run, "stop_interval", 1, 600, &vm->stop_interval);
	return code;
}

/* A stop must not fail for a number that can't be read: the host would be fenced for a typing
 * error. */
static void default_numbers(struct vm *vm)
{
	ocf_log(vm->run, "warning", "using 5 tries every 5 s");
	vm->start_tries = vm->start_interval = vm->stop_tries = vm->stop_interval = 5;
}

/* libvirt does not run: what can be told from the process alone. */
static enum ocf_code monitor_process(const struct vm *vm, const struct vt_fail *why)
{
	pid_t pid = vm_is_local_qemu(vm) ? qemu_proc_find(vm->domain) : -ENOTSUP;
	if (pid == 0)
		return OCF_NOT_RUNNING;
	if (pid < 0)
		return ocf_fail(OCF_ERR_GENERIC, "can't tell whether domain %s runs: %s",
				vm->domain, why->text);
	ocf_log(vm->run, "warning",
		"domain %s runs (process %d), but nothing more is known of it: %s", vm->domain,
		(int)pid, why->text);
	return OCF_SUCCESS;
}

static enum ocf_code vm_monitor(struct ocf_run *run, struct guard_note *note, void *arg)
{
	struct vm *vm = arg;
	struct vt_fail fail = {.code = 0};
	const char *what;
	virDomainPtr dom;
	vm->run = run;
	vm->note = note;
	int rc = vm_connect(vm, &fail);
	if (rc == -ENOENT)
		return monitor_process(vm, &fail);
	enum vm_seen seen = rc == 0 ? vm_look(vm, &dom, &what, &fail) : VM_UNKNOWN;
	switch (seen) {
	case VM_RUNNING:
		return OCF_SUCCESS;
	case VM_PAUSED:
		ocf_log(run, "notice", "domain %s is %s", vm->domain, what);
		return OCF_SUCCESS;
	case VM_NONE:
	case VM_OFF:
		if (run->probe)
			return OCF_NOT_RUNNING;
		return ocf_fail(OCF_NOT_RUNNING, "domain %s is %s", vm->domain, what);
	case VM_BROKEN:
		return ocf_fail(OCF_ERR_GENERIC, "domain %s is %s", vm->domain, what);
	case VM_UNKNOWN:
		break;
	}
	return ocf_fail(OCF_ERR_GENERIC, "can't tell whether domain %s runs: %s", vm->domain,
			fail.text);
}

static enum ocf_code run_start(struct ocf_run *run)
{
	struct vm vm;
	enum ocf_code code = vm_init(&vm, run);
	if (code == OCF_SUCCESS)
		code = vm_init_numbers(&vm);
	return code == OCF_SUCCESS ? guard_run(run, GUARD_SHARE, vm_start, &vm) : code;
}

static enum ocf_code run_stop(struct ocf_run *run)
{
	struct vm vm;
	enum ocf_code code = vm_init(&vm, run);
	if (code != OCF_SUCCESS)
		return code;
	if (vm_init_numbers(&vm) != OCF_SUCCESS)
		default_numbers(&vm);
	return guard_run(run, GUARD_SHARE, vm_stop, &vm);
}

static enum ocf_code run_monitor(struct ocf_run *run)
{
	struct vm vm;
	enum ocf_code code = vm_init(&vm, run);
	return code == OCF_SUCCESS ? guard_run(run, GUARD_SHARE, vm_monitor, &vm) : code;
}

static enum ocf_code run_validate(struct ocf_run *run)
{
	struct vm vm;
	enum ocf_code code = vm_init(&vm, run);
	if (code == OCF_SUCCESS)
		code = vm_init_numbers(&vm);
	if (code != OCF_SUCCESS)
		return code;
	if (!vm.config[0])
		return ocf_fail(vm.unit ? OCF_ERR_INSTALLED : OCF_ERR_CONFIGURED,
				"the XML of domain %s is unknown: %s", vm.domain, vm.conf_problem);
	const char *level = getenv("OCF_CHECK_LEVEL");
	if (level && atoi(level) >= 10) { /* only where the directory is mounted */
		char *xml = vm_read_file(vm.config);
		if (!xml)
			return ocf_fail(OCF_ERR_INSTALLED, "can't read %s: %s", vm.config,
					strerror(errno));
		free(xml);
	}
	return OCF_SUCCESS;
}

/* The new numbers are read at the next start or stop. */
static enum ocf_code run_reload(struct ocf_run *run)
{
	struct vm vm;
	enum ocf_code code = vm_init(&vm, run);
	return code == OCF_SUCCESS ? vm_init_numbers(&vm) : code;
}

static const struct ocf_param params[] = {
    {.name = "domain",
     .type = "string",
     .unique = true,
     .shortdesc = "Name of the libvirt domain",
     .longdesc =
	 "The virtual machine's name in libvirt (virsh list --all). Without it, it is the domain "
	 "of the unit's file. Setting it is advised: then the VM can be stopped even if "
	 "that file can't be read."},
    {.name = "unit",
     .type = "string",
     .shortdesc = "Name of the unit that mirrors this VM's directory",
     .longdesc =
	 "The unit whose mirror holds this VM, as in ocf:vmtwin:mirror. Gives the defaults of "
	 "domain and config, and lets stop end writes that the mirror holds back before it "
	 "destroys the VM. Leave it out for a VM that is not mirrored by vmtwin."},
    {.name = "config",
     .type = "string",
     .shortdesc = "Path of the domain's XML",
     .longdesc =
	 "The file the domain is defined from at each start; kept in the mirrored directory it is "
	 "the same on both hosts. Default: DIRECTORY/DOMAIN.xml, with the unit's directory."},
    {.name = "uri",
     .type = "string",
     .fallback = "qemu:///system",
     .shortdesc = "libvirt's connection URI",
     .longdesc = "How to reach libvirt on the host itself."},
    {.name = "start_tries",
     .type = "integer",
     .fallback = "5",
     .reloadable = true,
     .shortdesc = "Tries to start the VM",
     .longdesc =
	 "How often start tries to get the VM running before it fails, 1 to 1000; always inside "
	 "the operation's timeout."},
    {.name = "start_interval",
     .type = "integer",
     .fallback = "5",
     .reloadable = true,
     .shortdesc = "Seconds between tries to start",
     .longdesc = "Seconds from one try to start the VM to the next, 1 to 600."},
    {.name = "stop_tries",
     .type = "integer",
     .fallback = "5",
     .reloadable = true,
     .shortdesc = "Requests to shut down before the VM is destroyed",
     .longdesc =
	 "How often the guest is asked to shut down, 1 to 1000. Then, or at four fifths of the "
	 "operation's timeout if that is earlier, the VM is destroyed."},
    {.name = "stop_interval",
     .type = "integer",
     .fallback = "5",
     .reloadable = true,
     .shortdesc = "Seconds between requests to shut down",
     .longdesc =
	 "Seconds from one request to shut down to the next, 1 to 600. A guest that needs a "
	 "minute to shut down wants stop_tries times stop_interval above 60 and the stop "
	 "operation's timeout above that with a fifth in reserve."},
    {.name = NULL},
};

static const struct ocf_action actions[] = {
    {.name = "start", .timeout_s = 90, .fn = run_start},
    {.name = "stop", .timeout_s = 120, .fn = run_stop},
    {.name = "monitor", .timeout_s = 30, .interval_s = 10, .fn = run_monitor},
    {.name = "reload-agent", .timeout_s = 20, .fn = run_reload},
    {.name = "validate-all", .timeout_s = 20, .fn = run_validate},
    {.name = NULL},
};

static const struct ocf_agent agent = {
    .name = "vm",
    .shortdesc = "A virtual machine (libvirt domain) whose directory vmtwin mirrors",
    .longdesc =
	"Runs a libvirt domain. At each start the domain is defined anew from the XML in its "
	"mirrored "
	"directory, so both hosts always agree on it; snapshots whose XML lies in the directory's "
	"snapshots/ are made known to libvirt, autostart is switched off, and a managed save is "
	"dropped, as it would not match the disks.\n\n"
	"Stop asks the guest to shut down, several times, then destroys the VM in time before the "
	"operation's timeout. It reports success only when the VM was seen to be off. Monitor "
	"tells a "
	"running VM from one that is off, crashed, or paused on an I/O error; a VM paused by a "
	"user "
	"counts as running.\n\n"
	"Colocate it with the promoted instance of its mirror and order it after the promotion:\n"
	"pcs resource create vm1 ocf:vmtwin:vm domain=vm1 unit=vm1\n"
	"pcs constraint colocation add vm1 with Promoted vm1-mirror-clone\n"
	"pcs constraint order promote vm1-mirror-clone then start vm1",
    .params = params,
    .actions = actions,
};

int main(int argc, char **argv)
{
	return ocf_main(&agent, argc, argv);
}
