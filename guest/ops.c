/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ops.h"

#include "guest/console.h"
#include "guest/domain/domain_xml.h"
#include "guest/virt.h"
#include "guest/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ops_find(struct op *op, const char *name, const char *uuid, virDomainPtr *ret)
{
	virDomainPtr d = virDomainLookupByName(op->conn, name);
	char found[UUID_TEXT] = "";

	if (!d) {
		int rc = virt_error(op->why, GUEST_WHY, "domain %s", name);

		if (rc == -ENOENT)
			op->why[0] = '\0';
		return rc;
	}
	virDomainGetUUIDString(d, found);
	if (uuid && *uuid && strcasecmp(uuid, found)) {
		snprintf(op->why, GUEST_WHY,
			"domain %s has UUID %s, which is not usher's: not touched", name, found);
		virDomainFree(d);
		return -EPERM;
	}
	*ret = d;
	return 0;
}

static int missing(struct op *op, const char *name, int rc)
{
	if (rc == -ENOENT)
		snprintf(op->why, GUEST_WHY, "there is no domain %s", name);
	return rc;
}

int ops_destroy(struct op *op, virDomainPtr d)
{
	const char *name = virDomainGetName(d); /* first: it forgets the last error */
	int rc;

	if (!virDomainDestroy(d)) {
		op->did.stop = true;
		return 0;
	}
	rc = virt_error(op->why, GUEST_WHY, "stopping %s", name);
	/* Not running, or gone altogether as a transient one is. */
	if (rc != -ENOENT && !(rc == -EBUSY && virDomainIsActive(d) == 0))
		return rc;
	op->why[0] = '\0';
	return 0;
}

static int undefine(struct op *op, virDomainPtr d)
{
	const char *name = virDomainGetName(d);
	/* With all that belongs to it; a driver that does not know one of these has nothing of
	 * the kind. */
	static const unsigned flags[] = {VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
			VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
			VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM,
		VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA, 0};
	int rc = -EINVAL;

	for (size_t i = 0; rc == -EINVAL && i < sizeof flags / sizeof *flags; i++) {
		if (!virDomainUndefineFlags(d, flags[i])) {
			op->did.undefine = true;
			return 0;
		}
		rc = virt_errno();
	}
	rc = virt_error(op->why, GUEST_WHY, "undefining %s", name);
	if (rc != -ENOENT)
		return rc;
	op->why[0] = '\0';
	return 0;
}

int ops_remove(struct op *op, virDomainPtr d)
{
	char uuid[UUID_TEXT];
	int rc;

	if (!virDomainGetUUIDString(d, uuid))
		consoles_let_go(op->consoles, uuid);
	rc = ops_destroy(op, d);
	return rc ? rc : undefine(op, d);
}

typedef int run_xml(struct op *op, const char *final, char **ret, char *why, size_t why_size);

static int install_xml(struct op *op, const char *final, char **ret, char *why, size_t why_size)
{
	/* whose definition names one of them does not start without */
	(void)ops_need_filters(op);
	op->why[0] = '\0';
	return domain_xml_install(final, ret, why, why_size);
}

static int seal_xml(struct op *op, const char *final, char **ret, char *why, size_t why_size)
{
	(void)op;
	return domain_xml_seal(final, ret, why, why_size);
}

/* The definition of a run over the persistent one. */
static int make_run(struct op *op, virDomainPtr d, run_xml *make, char **ret)
{
	const char *name = virDomainGetName(d);
	char *final = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
	char why[GUEST_WHY / 2];
	int rc;

	if (!final)
		return virt_error(op->why, GUEST_WHY, "definition of %s", name);
	rc = make(op, final, ret, why, sizeof why);
	if (rc)
		snprintf(op->why, GUEST_WHY, "definition of %s: %s", name, why);
	free(final);
	return rc;
}

/* A saved state would be resumed, or refuse the start, instead of booting. */
static void drop_saved_state(virDomainPtr d)
{
	if (virDomainHasManagedSaveImage(d, 0) == 1)
		virDomainManagedSaveRemove(d, 0);
}

static bool is_turned(const char *xml)
{
	struct domain_mark mark;

	domain_xml_mark(xml, &mark);
	return mark.live;
}

/* Whether it boots from the network first, by its persistent definition; what runs goes on as it is. One of somebody's own
 * making is none of ours to turn, and one that is there for a run only has none. */
static int turn(struct op *op, virDomainPtr d, bool live)
{
	const char *name = virDomainGetName(d);
	char *was = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
	char *xml = NULL, why[GUEST_WHY / 2];
	virDomainPtr defined;
	int rc = 0;

	if (!was)
		return virt_error(op->why, GUEST_WHY, "definition of %s", name);
	if (is_turned(was) != live && virDomainIsPersistent(d) == 1)
		rc = domain_xml_turn(was, live, &xml, why, sizeof why);
	if (rc)
		snprintf(op->why, GUEST_WHY, "definition of %s: %s", name, why);
	if (xml && (defined = virDomainDefineXML(op->conn, xml)))
		virDomainFree(defined);
	else if (xml)
		rc = virt_error(op->why, GUEST_WHY, "boot order of %s", name);
	free(xml);
	free(was);
	return rc;
}

static int start_run(
	struct op *op, const char *name, const char *uuid, run_xml *make, const char *to)
{
	virDomainPtr d, run;
	char *xml = NULL;
	int rc = ops_find(op, name, uuid, &d);

	if (rc)
		return missing(op, name, rc);
	if (virDomainIsPersistent(d) != 1) {
		snprintf(op->why, GUEST_WHY, "domain %s is not persistent", name);
		rc = -EINVAL;
		goto out;
	}
	if ((rc = turn(op, d, false)) || (rc = make_run(op, d, make, &xml)) ||
		(rc = ops_destroy(op, d)))
		goto out;
	drop_saved_state(d);
	if ((run = virDomainCreateXML(op->conn, xml, 0))) {
		op->did.start = true;
		virDomainFree(run);
	} else {
		rc = virt_error(op->why, GUEST_WHY, "starting %s to %s", name, to);
	}
out:
	free(xml);
	virDomainFree(d);
	return rc;
}

int ops_start_install(struct op *op, const char *name, const char *uuid)
{
	return start_run(op, name, uuid, install_xml, "install");
}

int ops_seal(struct op *op, const char *name, const char *uuid)
{
	return start_run(op, name, uuid, seal_xml, "become a template");
}

int ops_start_live(struct op *op, const char *name, const char *uuid)
{
	virDomainPtr d;
	int rc = ops_find(op, name, uuid, &d);

	if (rc)
		return missing(op, name, rc);
	(void)ops_need_filters(op); /* as of an installing run */
	op->why[0] = '\0';
	rc = turn(op, d, true);
	if (!rc)
		rc = ops_destroy(op, d);
	if (!rc)
		drop_saved_state(d);
	if (!rc && !virDomainCreate(d))
		op->did.start = true;
	else if (!rc)
		rc = virt_error(op->why, GUEST_WHY, "starting %s from the network", name);
	virDomainFree(d);
	return rc;
}

/* One that suspended itself; a start to libvirt's events. */
static int wake(struct op *op, virDomainPtr d)
{
	if (virDomainPMWakeup(d, 0))
		return virt_error(op->why, GUEST_WHY, "waking it");
	op->did.start = true;
	return 0;
}

/* Fine when it is not paused. */
static int resume(struct op *op, virDomainPtr d)
{
	int state = 0;

	op->why[0] = '\0';
	if (virDomainGetState(d, &state, NULL, 0))
		return 0;
	if (state == VIR_DOMAIN_PMSUSPENDED)
		return wake(op, d);
	if (state != VIR_DOMAIN_PAUSED || !virDomainResume(d))
		return 0;
	return virt_error(op->why, GUEST_WHY, "resuming it");
}

int ops_start_disk(struct op *op, const char *name, const char *uuid)
{
	virDomainPtr d;
	int rc = ops_find(op, name, uuid, &d);

	if (rc)
		return missing(op, name, rc);
	if (!virDomainCreate(d)) {
		op->did.start = true;
	} else {
		rc = virt_error(op->why, GUEST_WHY, "starting %s", name);
		if (virDomainIsActive(d) == 1)
			rc = resume(op, d);
	}
	virDomainFree(d);
	return rc;
}

/* One that is gone is fine. */
static int if_there(struct op *op, const char *name, const char *uuid,
	int (*do_it)(struct op *op, virDomainPtr d))
{
	virDomainPtr d;
	int rc = ops_find(op, name, uuid, &d);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = do_it(op, d);
	virDomainFree(d);
	return rc;
}

int ops_stop(struct op *op, const char *name, const char *uuid)
{
	return if_there(op, name, uuid, ops_destroy);
}

static int leave_live(struct op *op, virDomainPtr d)
{
	int rc = turn(op, d, false);

	return rc ? rc : ops_destroy(op, d);
}

int ops_leave_live(struct op *op, const char *name, const char *uuid)
{
	return if_there(op, name, uuid, leave_live);
}

const char *ops_pool_name(const char *pool)
{
	return pool && *pool ? pool : "default";
}

int ops_delete_volume(struct op *op, const char *pool, const char *volume)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(op->conn, ops_pool_name(pool));
	virStorageVolPtr v = p ? virStorageVolLookupByName(p, volume) : NULL;
	int rc = 0;

	if (!v || virStorageVolDelete(v, 0) < 0)
		rc = virt_error(op->why, GUEST_WHY, "deleting volume %s", volume);
	if (rc == -ENOENT) {
		op->why[0] = '\0';
		rc = 0;
	}
	if (v)
		virStorageVolFree(v);
	if (p)
		virStoragePoolFree(p);
	return rc;
}

/* What is in the way of the volumes is in the way of all: the guest is not left without them. */
int ops_delete(struct op *op, const struct guest_spec *spec, bool keep)
{
	struct volumes volumes;
	char *xml = NULL;
	virDomainPtr d;
	int rc = ops_find(op, spec->name, spec->uuid, &d);

	if (rc && rc != -ENOENT)
		return rc;
	if (!rc) {
		xml = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE);
		virDomainFree(d);
	}
	rc = volumes_open_left(&volumes, op, spec);
	if (!rc && xml)
		volumes_open_overlays(&volumes, xml);
	if (!rc && !keep)
		rc = volumes_unused(&volumes);
	if (!rc)
		rc = if_there(op, spec->name, spec->uuid, ops_remove);
	if (!rc && !keep)
		rc = volumes_delete(&volumes);
	if (!rc && keep)
		volumes_list(&volumes, op->why, GUEST_WHY);
	volumes_fini(&volumes);
	free(xml);
	return rc;
}

static void read_mark(virDomainPtr d, struct guest_status *st)
{
	/* Without flags: the live definition of a running domain, which carries the run's mark. */
	char *xml = virDomainGetXMLDesc(d, 0);
	struct domain_mark mark;

	if (!xml)
		return;
	domain_xml_mark(xml, &mark);
	st->ours = mark.ours;
	st->installing = st->running && mark.installing;
	st->live = st->running && mark.live;
	free(xml);
}

int ops_status(struct op *op, const char *name, struct guest_status *ret)
{
	struct guest_status st = {0};
	virDomainPtr d;
	int rc = ops_find(op, name, NULL, &d), active;

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	active = virDomainIsActive(d);
	if (active < 0) {
		rc = virt_error(op->why, GUEST_WHY, "domain %s", name);
	} else {
		st.running = active;
		st.defined = virDomainIsPersistent(d) == 1;
		virDomainGetUUIDString(d, st.uuid);
		read_mark(d, &st);
		*ret = st;
	}
	virDomainFree(d);
	return rc;
}
