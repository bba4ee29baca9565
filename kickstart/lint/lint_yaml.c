/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML: as such, cloud-config, and Ubuntu's autoinstall. */
#include "kickstart/lint/lint_formats.h"
#include "kickstart/lint/lint_shape.h"
#include "kickstart/lint/lint_values.h"

#include <string.h>

void lint_yaml(const struct lint_input *in, struct findings *f)
{
	shape_file_free(shape_file_new(in, f));
}

static bool has_header(const struct lint_input *in)
{
	size_t n = strlen("#cloud-config");

	return strncmp(in->text, "#cloud-config", n) == 0 && strchr(" \t\r\n", in->text[n]);
}

/* A template of cloud-init's own: only the machine knows what becomes of it. */
static bool is_jinja(const struct lint_input *in)
{
	return strncmp(in->text, "## template:", strlen("## template:")) == 0;
}

/* Without its first line it is passed over, with a line in a log that nobody reads. */
static void check_header(const struct lint_input *in, struct findings *f)
{
	if (!has_header(in))
		findings_add(f, FINDING_ERROR, in->file, 1, 0,
			"the first line must be '#cloud-config', or nobody reads the rest");
}

/* What a list has in it. */
static const struct shape text = KEY("text", TEXT);
static const struct shape text_or_map = KEY("text or a map", TEXT | MAP);
static const struct shape map = KEY("a map", MAP);
static const struct shape run = KEY("a command", TEXT | LIST | NOTHING);

/* Of cloud-init's users, its name alone is looked at: "default", a name, or a map. */
static const struct shape account_keys[] = {KEY("name", ANY, .wrong = lint_wrong_user), {0}};
static const struct shape account =
	KEY("a user", ANY, .inside = account_keys, .open = true, .wrong = lint_wrong_user);

static const char *wrong_permissions(const char *s)
{
	return *s == '0' ? NULL : "which is decimal without quotes, expected '0644'";
}

/* cloud-init takes a number as it is; Ubuntu's installer refuses it in its user-data. */
#define FILE_KEYS(permissions)                                                                \
	{                                                                                     \
		KEY("path", TEXT, .required = true), KEY("content", ANY), KEY("source", MAP), \
			KEY("owner", TEXT), permissions, KEY("encoding", TEXT),               \
			KEY("append", BOOL), KEY("defer", BOOL),                              \
		{                                                                             \
			0                                                                     \
		}                                                                             \
	}
static const struct shape written_file[] =
	FILE_KEYS(KEY("permissions", TEXT | NUMBER, .wrong = wrong_permissions, .mild = true)),
			  strict_file[] = FILE_KEYS(KEY("permissions", TEXT));

/* The keys of its modules, of those that installs use a few types. */
#define CLOUD_CONFIG_KEYS(file)                                                                    \
	KEY("allow_public_ssh_keys", BOOL), KEY("ansible", ANY), KEY("apk_repos", ANY),            \
		KEY("apt", MAP), KEY("apt_pipelining", ANY), KEY("bootcmd", LIST, .item = &run),   \
		KEY("byobu_by_default", ANY), KEY("ca_certs", MAP), KEY("ca-certs", ANY),          \
		KEY("chef", ANY), KEY("chpasswd", MAP), KEY("cloud_config_modules", LIST),         \
		KEY("cloud_final_modules", LIST), KEY("cloud_init_modules", LIST),                 \
		KEY("create_hostname_file", BOOL), KEY("datasource", ANY),                         \
		KEY("datasource_list", ANY), KEY("device_aliases", ANY),                           \
		KEY("disable_ec2_metadata", ANY), KEY("disable_root", BOOL),                       \
		KEY("disable_root_opts", ANY), KEY("disk_setup", MAP), KEY("drivers", ANY),        \
		KEY("fan", ANY), KEY("final_message", TEXT),                                       \
		KEY("fqdn", TEXT, .wrong = lint_wrong_hostname), KEY("fs_setup", LIST),            \
		KEY("groups", ANY), KEY("growpart", MAP), KEY("grub_dpkg", ANY),                   \
		KEY("grub-dpkg", ANY), KEY("hostname", TEXT, .wrong = lint_wrong_hostname),        \
		KEY("keyboard", MAP), KEY("landscape", ANY), KEY("launch-index", ANY),             \
		KEY("locale", TEXT | BOOL), KEY("locale_configfile", ANY), KEY("lxd", ANY),        \
		KEY("manage_etc_hosts", ANY), KEY("manage_resolv_conf", ANY),                      \
		KEY("manual_cache_clean", ANY), KEY("mcollective", ANY), KEY("merge_how", ANY),    \
		KEY("merge_type", ANY), KEY("migrate", ANY), KEY("mount_default_fields", ANY),     \
		KEY("mounts", LIST), KEY("network", ANY), KEY("no_ssh_fingerprints", ANY),         \
		KEY("ntp", ANY), KEY("output", ANY), KEY("package_reboot_if_required", ANY),       \
		KEY("package_update", BOOL), KEY("package_upgrade", BOOL), KEY("packages", LIST),  \
		KEY("password", ANY), KEY("phone_home", MAP), KEY("power_state", MAP),             \
		KEY("prefer_fqdn_over_hostname", ANY), KEY("preserve_hostname", BOOL),             \
		KEY("puppet", ANY), KEY("random_seed", ANY), KEY("reporting", ANY),                \
		KEY("resize_rootfs", ANY), KEY("resolv_conf", ANY), KEY("rh_subscription", ANY),   \
		KEY("rpi", ANY), KEY("rsyslog", ANY), KEY("runcmd", LIST, .item = &run),           \
		KEY("salt_minion", ANY), KEY("snap", ANY), KEY("spacewalk", ANY), KEY("ssh", ANY), \
		KEY("ssh_authorized_keys", LIST, .item = &text), KEY("ssh_deletekeys", ANY),       \
		KEY("ssh_fp_console_blacklist", ANY), KEY("ssh_genkeytypes", ANY),                 \
		KEY("ssh_import_id", ANY), KEY("ssh_key_console_blacklist", ANY),                  \
		KEY("ssh_keys", ANY), KEY("ssh_publish_hostkeys", ANY), KEY("ssh_pwauth", ANY),    \
		KEY("ssh_quiet_keygen", ANY), KEY("swap", ANY), KEY("system_info", ANY),           \
		KEY("timezone", TEXT), KEY("ubuntu_advantage", ANY), KEY("ubuntu_pro", ANY),       \
		KEY("unverified_modules", ANY), KEY("updates", ANY), KEY("user", ANY),             \
		KEY("users", TEXT | LIST | MAP, .item = &account), KEY("vendor_data", ANY),        \
		KEY("version", ANY), KEY("wireguard", ANY),                                        \
		KEY("write_files", LIST, .inside = (file)), KEY("yum_repo_dir", ANY),              \
		KEY("yum_repos", MAP), KEY("zypper", ANY)

static const struct shape cloud_config_keys[] = {CLOUD_CONFIG_KEYS(written_file), {0}},
			  user_data_only_keys[] = {CLOUD_CONFIG_KEYS(strict_file), {0}};
static const struct shape cloud_config = {
	"the cloud-config", MAP | NOTHING, .inside = cloud_config_keys};

void lint_cloud_config(const struct lint_input *in, struct findings *f)
{
	struct shape_file *file;

	if (is_jinja(in))
		return;
	check_header(in, f);
	file = shape_file_new(in, f);
	if (file)
		shape_file_check(file, &cloud_config);
	shape_file_free(file);
}

/* Autoinstall: Ubuntu's reference of version 1. */

static const char *wrong_version(const char *s)
{
	return strcmp(s, "1") == 0 ? NULL : "expected 1, the only version there is";
}

static const char *wrong_layout(const char *s)
{
	return strcmp(s, "lvm") == 0 || strcmp(s, "direct") == 0 || strcmp(s, "zfs") == 0 ||
			strcmp(s, "hybrid") == 0
		? NULL
		: "expected lvm, direct, zfs or hybrid";
}

static const char *wrong_shutdown(const char *s)
{
	return strcmp(s, "reboot") == 0 || strcmp(s, "poweroff") == 0
		? NULL
		: "expected reboot or poweroff";
}

static const char *wrong_updates(const char *s)
{
	return strcmp(s, "security") == 0 || strcmp(s, "all") == 0 ? NULL
								   : "expected security or all";
}

static const char *wrong_network(const char *s)
{
	return strcmp(s, "2") == 0 ? NULL : "expected 2";
}

static const char *wrong_username(const char *s)
{
	if (lint_is_placeholder(s))
		return NULL;
	if (strcmp(s, "root") == 0)
		return "which is there already: expected another name";
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-")] || *s == '-' || !*s
		? "expected small letters, digits, '_' and '-'"
		: NULL;
}

static const char *wrong_fallback(const char *s)
{
	return strcmp(s, "abort") == 0 || strcmp(s, "continue-anyway") == 0 ||
			strcmp(s, "offline-install") == 0
		? NULL
		: "expected abort, continue-anyway or offline-install";
}

/* A command is for the shell, or a list of words. */
static const struct shape command = {"a command", TEXT | LIST, .item = &text};

static const struct shape identity[] = {
	KEY("username", TEXT, .required = true, .wrong = wrong_username),
	KEY("hostname", TEXT, .required = true, .wrong = lint_wrong_hostname),
	KEY("password", TEXT, .required = true, .wrong = lint_wrong_crypt, .secret = true),
	KEY("realname", TEXT), KEY("groups", LIST | MAP), {0}};
static const struct shape keyboard[] = {KEY("layout", TEXT, .required = true), KEY("variant", TEXT),
	KEY("toggle", TEXT | NOTHING), {0}};
static const struct shape layout[] = {
	KEY("name", TEXT, .required = true, .wrong = wrong_layout), {0}};
static const struct shape action[] = {
	KEY("type", TEXT, .required = true), KEY("id", ANY, .required = true), {0}};
static const struct shape storage[] = {KEY("layout", MAP, .inside = layout, .open = true),
	KEY("config", LIST, .inside = action, .open = true), KEY("swap", MAP), KEY("grub", MAP),
	KEY("version", NUMBER), {0}};
static const struct shape ssh[] = {KEY("install-server", BOOL),
	KEY("authorized-keys", LIST, .item = &text), KEY("allow-pw", BOOL), {0}};

#define NETPLAN                                                                               \
	KEY("renderer", TEXT), KEY("ethernets", MAP), KEY("bonds", MAP), KEY("bridges", MAP), \
		KEY("vlans", MAP), KEY("wifis", MAP), KEY("tunnels", MAP), KEY("vrfs", MAP),  \
		KEY("dummy-devices", MAP), KEY("modems", MAP), KEY("openvswitch", MAP),       \
		KEY("nm-devices", MAP), KEY("virtual-ethernets", MAP)

static const struct shape netplan[] = {
	KEY("version", NUMBER, .required = true, .wrong = wrong_network), NETPLAN, {0}};
/* It may be all of netplan's file. */
static const struct shape network[] = {KEY("version", NUMBER, .wrong = wrong_network),
	KEY("network", MAP, .inside = netplan), NETPLAN, {0}};

static const struct shape mirrors[] = {KEY("primary", LIST, .item = &text_or_map), {0}};
static const struct shape preference[] = {KEY("package", TEXT, .required = true),
	KEY("pin", TEXT, .required = true), KEY("pin-priority", NUMBER, .required = true), {0}};
static const struct shape apt[] = {KEY("preserve_sources_list", BOOL),
	KEY("primary", LIST, .item = &map), KEY("mirror-selection", MAP, .inside = mirrors),
	KEY("geoip", BOOL), KEY("sources", MAP), KEY("disable_components", LIST, .item = &text),
	KEY("preferences", LIST, .inside = preference), KEY("security", LIST, .item = &map),
	KEY("fallback", TEXT, .wrong = wrong_fallback), {0}};
static const struct shape snap[] = {
	KEY("name", TEXT, .required = true), KEY("channel", TEXT), KEY("classic", BOOL), {0}};
static const struct shape source[] = {KEY("id", TEXT), KEY("search_drivers", BOOL), {0}};
static const struct shape install[] = {KEY("install", BOOL), {0}};
static const struct shape oem[] = {KEY("install", BOOL | TEXT), {0}};
static const struct shape dumps[] = {KEY("enabled", BOOL | NOTHING, .required = true), {0}};
static const struct shape pro[] = {KEY("token", TEXT), {0}};
static const struct shape directory[] = {KEY("admin-name", TEXT), KEY("domain-name", TEXT), {0}};
static const struct shape zdev[] = {KEY("id", TEXT, .required = true), KEY("enabled", BOOL), {0}};
static const struct shape kernel[] = {KEY("package", TEXT), KEY("flavor", TEXT), {0}};
static const struct shape refresh[] = {KEY("update", BOOL), KEY("channel", TEXT), {0}};

static const struct shape autoinstall_keys[] = {
	KEY("version", NUMBER, .required = true, .wrong = wrong_version),
	KEY("identity", MAP, .inside = identity, .closed = true),
	KEY("user-data", MAP, .inside = user_data_only_keys),
	KEY("interactive-sections", LIST, .item = &text),
	KEY("early-commands", LIST | NOTHING, .item = &command),
	KEY("late-commands", LIST | NOTHING, .item = &command),
	KEY("error-commands", LIST | NOTHING, .item = &command), KEY("reporting", MAP),
	KEY("locale", TEXT), KEY("keyboard", MAP, .inside = keyboard, .closed = true),
	KEY("source", MAP, .inside = source),
	KEY("network", MAP | NOTHING, .inside = network, .one_of = "version network"),
	KEY("proxy", TEXT | NOTHING), KEY("apt", MAP, .inside = apt, .open = true),
	KEY("storage", MAP, .inside = storage, .one_of = "layout config"),
	KEY("ssh", MAP, .inside = ssh), KEY("snaps", LIST, .inside = snap, .closed = true),
	KEY("packages", LIST, .item = &text), KEY("kernel", MAP, .inside = kernel),
	KEY("kernel-crash-dumps", MAP, .inside = dumps), KEY("timezone", TEXT),
	KEY("updates", TEXT, .wrong = wrong_updates),
	KEY("shutdown", TEXT, .wrong = wrong_shutdown),
	KEY("refresh-installer", MAP, .inside = refresh, .closed = true),
	KEY("debconf-selections", TEXT), KEY("drivers", MAP, .inside = install),
	KEY("codecs", MAP, .inside = install), KEY("oem", MAP, .inside = oem),
	KEY("active-directory", MAP, .inside = directory), KEY("ubuntu-pro", MAP, .inside = pro),
	KEY("ubuntu-advantage", MAP, .inside = pro), KEY("zdevs", LIST, .inside = zdev), {0}};

/* One that is asked for in the installer need not be here. */
#define WHO "identity user-data interactive-sections"
#define USER_DATA_KEYS(who)                                                          \
	{                                                                            \
		KEY("autoinstall", MAP, .inside = autoinstall_keys, .one_of = (who), \
			.required = true),                                           \
			CLOUD_CONFIG_KEYS(written_file),                             \
		{                                                                    \
			0                                                            \
		}                                                                    \
	}

static const struct shape autoinstall = {
	"autoinstall", MAP, .inside = autoinstall_keys, .one_of = WHO};
static const struct shape autoinstall_of_nobody = {"autoinstall", MAP, .inside = autoinstall_keys};
static const struct shape user_data_keys[] = USER_DATA_KEYS(WHO),
			  user_data_keys_of_nobody[] = USER_DATA_KEYS(NULL);
static const struct shape whole = KEY("the user-data", MAP, .inside = user_data_keys);
static const struct shape whole_of_nobody =
	KEY("the user-data", MAP, .inside = user_data_keys_of_nobody);

/* Ubuntu's desktop and core ask for a user when they have started; a partition to start over from needs none. */
static bool needs_user(const char *id, const char *reset_only)
{
	return !reset_only && (!id || strncmp(id, "ubuntu-server", strlen("ubuntu-server")) == 0);
}

static void check_bare(struct shape_file *file)
{
	bool who = needs_user(shape_file_text(file, "source id"),
		shape_file_text(file, "storage layout reset-partition-only"));

	shape_file_check(file, who ? &autoinstall : &autoinstall_of_nobody);
}

static void check_whole(struct shape_file *file)
{
	bool who = needs_user(shape_file_text(file, "autoinstall source id"),
		shape_file_text(file, "autoinstall storage layout reset-partition-only"));

	shape_file_check(file, who ? &whole : &whole_of_nobody);
}

/* On the medium it is no cloud-config: Subiquity reads it, when there is nothing else in it. */
static bool is_for_medium(const struct lint_input *in, const struct shape_file *file)
{
	const char *slash = strrchr(in->file, '/'), *name = slash ? slash + 1 : in->file;

	return strncmp(name, "autoinstall", strlen("autoinstall")) == 0 &&
		shape_file_has_only(file, "autoinstall");
}

void lint_autoinstall(const struct lint_input *in, struct findings *f)
{
	struct shape_file *file = shape_file_new(in, f);
	/* as a file on the medium, autoinstall.yaml, it may be all there is */
	bool bare = file && !shape_file_has(file, "autoinstall") && shape_file_has(file, "version");

	if (file && !has_header(in) && is_for_medium(in, file))
		findings_add(f, FINDING_WARNING, in->file, 1, 0,
			"the first line is not '#cloud-config': it is read as autoinstall.yaml on "
			"the medium, not as user-data");
	else if (!bare)
		check_header(in, f);
	if (bare)
		check_bare(file);
	else if (file)
		check_whole(file);
	shape_file_free(file);
}
