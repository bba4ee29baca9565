/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the attributes of a lab file may be. Pure. */
#ifndef USHER_USHER_LAB_VALUES_H
#define USHER_USHER_LAB_VALUES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* An attribute, and the API's key for it. */
struct lab_attribute {
	const char *name, *key;
	json_t *(*take)(const char *text); /* NULL: it is not what is expected */
	const char *expected;
	bool required;
};

/* What tables of attributes are made of: take, and what to say. */
#define LAB_WORD lab_take_word, "a name of letters, digits, '-', '_' and '.', of at most 63"
#define LAB_NAMES lab_take_text, "a name, or a range like node{01..10}"
#define LAB_TEXT lab_take_text, "a text of 1 to 255 bytes"
#define LAB_LABELS lab_take_labels, "labels like rack=12 gpu=no, a blank between"
#define LAB_MEMORY lab_take_memory, "a size like 512M or 2G"
#define LAB_DISK lab_take_disk, "a size like 20G"
#define LAB_VCPUS lab_take_vcpus, "a number from 1 to 1024"
#define LAB_YES_NO lab_take_yes_no, "yes or no"
#define LAB_FIRMWARE lab_take_firmware, "bios, efi or efi-secure"
#define LAB_GRAPHICS lab_take_graphics, "none, vnc or spice"
#define LAB_FORWARD lab_take_forward, "none, nat or route"
#define LAB_DOMAIN lab_take_domain, "a domain like lab.example"
#define LAB_SUBNET lab_take_subnet, "a network like 10.77.0.0/24"
#define LAB_PREFIX6 lab_take_prefix6, "an IPv6 prefix like fd00:77::/64"
#define LAB_IPS lab_take_ips, "an address, or a range like 10.77.0.{11..20}"
#define LAB_MACS \
	lab_take_macs, "a MAC like 52:54:00:00:00:10, or a range like 52:54:00:00:00:{10..19}"

typedef json_t *lab_take(const char *text);
lab_take lab_take_word, lab_take_text, lab_take_memory, lab_take_disk, lab_take_vcpus,
	lab_take_yes_no, lab_take_firmware, lab_take_graphics, lab_take_forward, lab_take_domain,
	lab_take_subnet, lab_take_prefix6, lab_take_ips, lab_take_macs, lab_take_labels;

/* The addresses, or MACs, of `n` machines: an array of texts. One value counts up from there; a range has as many as there are
 * machines. NULL with what is wrong (static text). New reference. */
json_t *lab_ips(const char *pattern, size_t n, const char **ret_why);
json_t *lab_macs(const char *pattern, size_t n, const char **ret_why);

#endif
