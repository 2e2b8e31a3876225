# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# vmtwind hangs past all limits and then goes on, on either host.

vmtwind_pid() { service_pid "$1" vmtwind; }

need "vm1 is ready" vm1_ready
hang_each vmtwind vmtwind_pid
check "PRIM and SECOND green" becomes_green
