/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The management controller's own address, by the kernel's IPMI device. */
#include "contrib/discover/collect.h"
#include "contrib/discover/facts.h"

#include <fcntl.h>
#include <linux/ipmi.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	NETFN_TRANSPORT = 0x0c, /* IPMI 2.0, table 5-1 */
	GET_LAN = 0x02,         /* 23.2 */
	CHANNELS = 15,          /* 6.3 */
	ANSWER_MS = 2000,
	ANSWER_MAX = 64,
};

static int send_get_lan(int fd, unsigned char channel, unsigned char parameter)
{
	struct ipmi_system_interface_addr addr = {
		.addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE, .channel = IPMI_BMC_CHANNEL};
	unsigned char data[4] = {channel, parameter, 0, 0}; /* the first of a set */
	struct ipmi_req req = {.addr = (unsigned char *)&addr,
		.addr_len = sizeof addr,
		.msg = {.netfn = NETFN_TRANSPORT,
			.cmd = GET_LAN,
			.data_len = sizeof data,
			.data = data}};

	return ioctl(fd, IPMICTL_SEND_COMMAND, &req);
}

/* Bytes of the answer, completion code first; 0: none came. */
static size_t ask(
	int fd, unsigned char channel, unsigned char parameter, unsigned char ret[ANSWER_MAX])
{
	struct ipmi_addr addr;
	struct ipmi_recv recv = {.addr = (unsigned char *)&addr,
		.addr_len = sizeof addr,
		.msg = {.data = ret, .data_len = ANSWER_MAX}};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (send_get_lan(fd, channel, parameter) || poll(&p, 1, ANSWER_MS) != 1 ||
		ioctl(fd, IPMICTL_RECEIVE_MSG_TRUNC, &recv))
		return 0;
	return recv.msg.data_len <= ANSWER_MAX ? recv.msg.data_len : 0;
}

static void get(int fd, unsigned char channel, unsigned char parameter, char ret[FACTS_LAN_TEXT])
{
	unsigned char answer[ANSWER_MAX];

	facts_lan(parameter, answer, ask(fd, channel, parameter, answer), ret);
}

/* The first channel that has an address. */
static void ask_all(struct say *s, int fd)
{
	char ip[FACTS_LAN_TEXT] = "", mac[FACTS_LAN_TEXT] = "", ip6[FACTS_LAN_TEXT] = "";

	for (unsigned char channel = 1; channel < CHANNELS && !*ip && !*ip6; channel++) {
		get(fd, channel, FACTS_LAN_IP, ip);
		get(fd, channel, FACTS_LAN_MAC, mac);
		if (!*mac)
			continue;
		get(fd, channel, FACTS_LAN_STATIC6, ip6);
		if (!*ip6)
			get(fd, channel, FACTS_LAN_DYNAMIC6, ip6);
	}
	say_text(s, "address", ip);
	say_text(s, "mac", mac);
	say_text(s, "address6", ip6);
}

void collect_controller(struct say *s)
{
	int fd = open("/dev/ipmi0", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	say_open(s, "controller", '{');
	say_text(s, "kind", "ipmi");
	ask_all(s, fd);
	say_close(s, '}');
	close(fd);
}
