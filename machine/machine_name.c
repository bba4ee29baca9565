/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of machines and labs: what may be one, and their order. */
#include "machine/registry.h"

#include <ctype.h>
#include <string.h>

const char *machine_name_error(const char *name)
{
	size_t len = strlen(name);

	if (len == 0)
		return "it is empty";
	if (len >= MACHINE_NAME)
		return "it is longer than 63 characters";
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return "only a-z, 0-9 and - may be in it";
	if (name[0] == '-' || name[len - 1] == '-')
		return "it begins or ends with -";
	if (strspn(name, "0123456789") == len)
		return "it is a number";
	return NULL;
}

const char *machine_lab_error(const char *lab)
{
	size_t n = strspn(lab, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

	if (lab[n] || n >= sizeof(((struct machine *)NULL)->lab))
		return "a lab's name takes at most 63 letters, digits, '-', '_' and '.'";
	return NULL;
}

static int number_compare(const char **a, const char **b)
{
	size_t la, lb;
	int d;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	la = strspn(*a, "0123456789");
	lb = strspn(*b, "0123456789");
	if (la != lb)
		return la < lb ? -1 : 1;
	d = strncmp(*a, *b, la);
	*a += la;
	*b += lb;
	return d;
}

int machine_name_compare(const char *a, const char *b)
{
	const char *x = a, *y = b;

	while (*x && *y) {
		int d;

		if (isdigit((unsigned char)*x) && isdigit((unsigned char)*y))
			d = number_compare(&x, &y);
		else
			d = (unsigned char)*x++ - (unsigned char)*y++;
		if (d)
			return d;
	}
	return *x ? 1 : *y ? -1 : strcmp(a, b);
}
