// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plays a worker without data, to test the master: same command line, lock, socket and messages. It
 * prints what it hears, a line a message with CLOCK_BOOTTIME, to RUN/UNIT.heard. Requests beyond those
 * of the agents make it do what the test wants:
 *   say text=T      multicasts T             ask-fence         asks for a fresh fence state
 *   fence-peer      has the peer fenced      vm-down           has its domain ended
 *   die             is killed                hang              stops answering
 * If RUN/UNIT.fail exists it ends at start with that text as its reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/paths.h"
#include "wire/wmsg.h"

struct standin {
	const char *run_dir, *unit;
	int listener, fd;
	FILE *heard;
	uint64_t incarnation;
	bool primary, quit;
};

static void path_of(const struct standin *s, const char *suffix, char *out, size_t cap)
{
	snprintf(out, cap, "%s/%s.%s", s->run_dir, s->unit, suffix);
}

static void hear(struct standin *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void hear(struct standin *s, const char *fmt, ...)
{
	va_list ap;
	fprintf(s->heard, "%llu ", (unsigned long long)vt_boottime_ns());
	va_start(ap, fmt);
	vfprintf(s->heard, fmt, ap);
	va_end(ap);
	fputc('\n', s->heard);
	fflush(s->heard);
}

static void send_msg(struct standin *s, const struct vw_msg *msg)
{
	uint8_t packet[VW_PACKET_MAX];
	int len = vw_encode(msg, packet);
	if (len > 0 && send(s->fd, packet, (size_t)len, MSG_NOSIGNAL) != len)
		hear(s, "SEND FAILED %s", strerror(errno));
}

static void send_status(struct standin *s)
{
	struct vw_msg msg = {.type = VW_STATUS, .u.status.score = s->primary ? 100 : 10};
	struct vt_kv *kv = &msg.u.status.kv;
	vt_kv_init(kv);
	vt_kv_add(kv, "state", "%s", s->primary ? "PRIM" : "SECOND");
	vt_kv_add(kv, "colour", "green");
	vt_kv_add(kv, "uptodate", "yes");
	send_msg(s, &msg);
}

static void say(struct standin *s, const char *text)
{
	struct vw_msg msg = {.type = VW_SEND};
	msg.u.cpg.len = (uint32_t)strlen(text);
	memcpy(msg.u.cpg.payload, text, msg.u.cpg.len);
	send_msg(s, &msg);
}

static void send_text(struct standin *s, enum vw_type type)
{
	struct vw_msg msg = {.type = type, .u.text.text = "the test wants it"};
	send_msg(s, &msg);
}

static void obey(struct standin *s, const char *cmd, const struct vt_kv *kv)
{
	const char *text = vt_kv_get(kv, "text");
	if (strcmp(cmd, "promote") == 0)
		s->primary = true;
	else if (strcmp(cmd, "demote") == 0)
		s->primary = false;
	else if (strcmp(cmd, "say") == 0)
		say(s, text ? text : "");
	else if (strcmp(cmd, "ask-fence") == 0)
		send_text(s, VW_ASK_FENCE_STATE);
	else if (strcmp(cmd, "fence-peer") == 0)
		send_text(s, VW_FENCE_PEER);
	else if (strcmp(cmd, "die") == 0)
		raise(SIGKILL);
	else if (strcmp(cmd, "hang") == 0)
		raise(SIGSTOP);
	else if (strcmp(cmd, "stop") == 0)
		s->quit = true;
}

static void serve(struct standin *s, const struct vw_request *request)
{
	static struct vw_msg msg;
	const char *cmd = vt_kv_get(&request->kv, "cmd");
	hear(s, "REQUEST %s", cmd ? cmd : "(none)");
	if (!cmd)
		return;
	obey(s, cmd, &request->kv);
	msg.type = VW_REPLY;
	msg.u.request.id = request->id;
	vt_kv_init(&msg.u.request.kv);
	vt_kv_add(&msg.u.request.kv, "rc", "0");
	if (strcmp(cmd, "monitor") == 0) {
		vt_kv_add(&msg.u.request.kv, "role", "%s", s->primary ? "primary" : "secondary");
		vt_kv_add(&msg.u.request.kv, "failed", "0");
	}
	if (strcmp(cmd, "start") == 0 || strcmp(cmd, "promote") == 0 || strcmp(cmd, "demote") == 0)
		send_status(s);
	if (s->quit)
		say(s, "last words");
	send_msg(s, &msg);
}

static void note(struct standin *s, const struct vw_msg *msg)
{
	static const char *const how[] = {"JOINED", "LEFT", "PROCDOWN", "NODEDOWN"};
	const struct vw_attach *a = &msg->u.attach;
	switch (msg->type) {
	case VW_ATTACH:
		hear(s, "ATTACH self %u %s peer %u %s rings %u %s %s", a->self_node, a->self_name,
		     a->peer_node, a->peer_name, a->rings, a->self_addr[0], a->peer_addr[0]);
		break;
	case VW_QUORUM:
		hear(s, "QUORUM %d peer %d", msg->u.quorum.quorate, msg->u.quorum.peer_member);
		break;
	case VW_GROUP:
		hear(s, "GROUP %llx %s", (unsigned long long)msg->u.group.member,
		     how[msg->u.group.how]);
		break;
	case VW_CPG:
		hear(s, "CPG from %llx: %.*s", (unsigned long long)msg->u.cpg.sender,
		     (int)msg->u.cpg.len, (const char *)msg->u.cpg.payload);
		break;
	case VW_UNIT_DOWN:
		hear(s, "UNIT_DOWN %016llx", (unsigned long long)msg->u.unit_down.incarnation);
		break;
	case VW_PROOF:
		hear(s, "PROOF sent %llu", (unsigned long long)msg->u.proof.sent_ns);
		break;
	case VW_FENCE:
		hear(s, "FENCE read %llu known %d record %llx pending %d",
		     (unsigned long long)msg->u.fence.read_ns, msg->u.fence.known,
		     (unsigned long long)msg->u.fence.peer_record, msg->u.fence.pending);
		break;
	default:
		hear(s, "TYPE %d", (int)msg->type);
	}
}

static int prepare(struct standin *s)
{
	char path[512], text[256];
	path_of(s, "fail", path, sizeof path);
	FILE *f = fopen(path, "r");
	if (f) {
		size_t n = fread(text, 1, sizeof text, f);
		fclose(f);
		path_of(s, "error", path, sizeof path);
		f = fopen(path, "w");
		if (f) {
			fwrite(text, 1, n, f);
			fclose(f);
		}
		return -1;
	}
	path_of(s, "pid", path, sizeof path);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0)
		return -1;
	path_of(s, "heard", path, sizeof path);
	s->heard = fopen(path, "ae");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	path_of(s, "sock", addr.sun_path, sizeof addr.sun_path);
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return !s->heard || bind(s->listener, (struct sockaddr *)&addr, sizeof addr) != 0 ||
	       listen(s->listener, 4) != 0;
}

static void session(struct standin *s)
{
	static struct vw_msg msg;
	uint8_t packet[VW_PACKET_MAX];
	msg.type = VW_HELLO;
	msg.u.hello.incarnation = s->incarnation;
	msg.u.hello.pid = (uint32_t)getpid();
	snprintf(msg.u.hello.unit, sizeof msg.u.hello.unit, "%s", s->unit);
	send_msg(s, &msg);
	for (ssize_t n; !s->quit && (n = recv(s->fd, packet, sizeof packet, 0)) > 0;) {
		if (vw_decode(&msg, packet, (size_t)n) < 0)
			hear(s, "BAD PACKET of %zd bytes", n);
		else if (msg.type == VW_REQUEST)
			serve(s, &msg.u.request);
		else
			note(s, &msg);
		if (msg.type == VW_ATTACH)
			send_status(s);
	}
	hear(s, "DETACHED");
	close(s->fd);
}

int main(int argc, char **argv)
{
	struct standin s = {.run_dir = VT_RUN_DIR, .unit = argc > 1 ? argv[1] : ""};
	for (int i = 2; i + 1 < argc; i += 2)
		if (strcmp(argv[i], "--run-dir") == 0)
			s.run_dir = argv[i + 1];
	s.incarnation = vt_random_u64();
	if (!*s.unit || prepare(&s) != 0)
		return 1;
	while (!s.quit && (s.fd = accept4(s.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		session(&s);
	return 0;
}
