/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/boot/place.h"

#include <errno.h>

enum place_seen place_seen_not(int error)
{
	return error == -EOPNOTSUPP ? PLACE_SEEN_CANNOT : PLACE_SEEN_NOT;
}

bool place_is_open(enum place_fault f)
{
	return f == PLACE_NO_MAC || f == PLACE_NO_PORT;
}

/* Where another server leases, or nobody does, the MAC alone says whose an address is. */
static enum place_fault judge_address(const struct place_view *v)
{
	bool by_mac =
		(v->others_lease || v->self_made) && !v->relayed && v->mac != PLACE_SEEN_CANNOT;

	if (!v->card)
		return PLACE_NO_CARD;
	if (v->anothers)
		return PLACE_ANOTHERS;
	return v->recorded || v->leased || by_mac ? PLACE_FINE : PLACE_NOT_HELD;
}

static enum place_fault judge_wire(const struct place_view *v)
{
	if (v->mac == PLACE_SEEN_ANOTHERS)
		return PLACE_WRONG_MAC;
	if (v->guest && v->port == PLACE_SEEN_ANOTHERS)
		return PLACE_WRONG_PORT;
	if (v->mac == PLACE_SEEN_NOT)
		return PLACE_NO_MAC;
	return v->guest && v->port == PLACE_SEEN_NOT ? PLACE_NO_PORT : PLACE_FINE;
}

enum place_fault place_judge(const struct place_view *v)
{
	enum place_fault fault = judge_address(v);

	return fault || v->relayed ? fault : judge_wire(v);
}
