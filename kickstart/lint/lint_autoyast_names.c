/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements of AutoYaST's sections (SUSE Linux Enterprise 12 and 15, Leap 15), by section. Sections that are not here have elements that
 * nobody lists, or that only their module knows. */
#include "kickstart/lint/lint_formats.h"

#include <stddef.h>

const struct autoyast_section autoyast_sections[] = {
	{"general",
		"mode confirm confirm_base_product_license halt second_stage final_halt "
		"final_reboot forceboot rebootmsg max_systemd_wait activate_systemd_default_target "
		"ntp_sync_time_before_installation self_update self_update_url cio_ignore mouse id "
		"clock hwclock timezone language keyboard keymap ask-list ask question default "
		"help title type password path pathlist stage selection entry value label file dialog "
		"element frametitle script timeout filename source interpreter debug feedback "
		"environment rerun_on_error default_value_script width height ok_label "
		"back_label semi-automatic semi-automatic_entry module signature-handling "
		"accept_unsigned_file accept_file_without_checksum accept_verification_failed "
		"accept_unknown_gpg_key accept_non_trusted_gpg_key import_gpg_key all keys keyid "
		"proposals proposal storage partition_alignment start_multipath multipath "
		"btrfs_set_default_subvolume_name encryption_method lvm lvm_vg_strategy "
		"windows_delete_mode linux_delete_mode other_delete_mode resize_windows wait "
		"pre-modules post-modules name sleep time "
		"ask_on_error kexec_reboot reinit_after_install remote_access startup_timeout "
		"minimal_configuration device_order wfm_timeout"},
	{"report", "errors messages warnings yesno_messages log show timeout"},
	{"language", "language languages"},
	{"keyboard", "keymap keyboard_values capslock delay discaps numlock rate scrlock tty"},
	{"timezone", "hwclock timezone"},
	{"proxy", "enabled ftp_proxy http_proxy https_proxy no_proxy proxy_password proxy_user"},
	{"networking",
		"start_immediately keep_install_network ipv6 managed strict_IP_check_timeout "
		"backend setup_before_proposal virt_bridge_proposal interfaces interface device name "
		"description bootproto startmode ifplugd_priority usercontrol "
		"dhclient_set_hostname ipaddr prefixlen remote_ipaddr netmask bonding_master bonding_module_opts aliases "
		"broadcast network mtu ethtool_options wireless lladdr bridge bridge_ports "
		"bridge_stp bridge_forwarddelay etherdevice vlan_id zone tunnel_set_owner tunnel_set_group "
		"tunnel_set_persistent ipoib_mode "
		"dhclient_set_down_link dhclient_set_default_route firewall wireless_auth_mode "
		"wireless_ap wireless_bitrate wireless_ca_cert wireless_channel "
		"wireless_client_cert wireless_client_key wireless_client_key_password wireless_default_key "
		"wireless_eap_auth wireless_eap_mode wireless_essid wireless_frequency "
		"wireless_key wireless_key_0 wireless_key_1 wireless_key_2 wireless_key_3 wireless_key_length "
		"wireless_mode wireless_nick wireless_nwid wireless_peap_version wireless_power "
		"wireless_wpa_anonid wireless_wpa_identity wireless_wpa_password wireless_wpa_psk "
		"s390-devices type layer2 chanids portname protocol router net-udev rule value "
		"modules module_entry ccw_chan_ids ccw_chan_num module options dhcp_options "
		"dhclient_additional_options dhclient_client_id dhclient_hostname_option routing "
		"ip_forward ipv4_forward ipv6_forward routes route destination gateway extrapara "
		"dns dhcp_hostname dhcp_resolv write_hostname resolv_conf_policy hostname domain "
		"nameservers nameserver searchlist search"},
	{"bootloader",
		"activate repl_mbr loader_device loader_type location initrd_modules initrd_module "
		"module module_args device_map device_map_entry firmware linux global append "
		"append_failsafe cryptodisk distributor gfxbackground gfxmode gfxtheme gfxmenu "
		"failsafe_disabled hiddenmenu os_prober secure_boot trusted_boot update_nvram "
		"xen_append xen_kernel_append boot_custom generic_mbr trusted_grub serial terminal "
		"lines_cache_id timeout default boot_root boot_boot boot_extended boot_mbr "
		"boot_chrp_custom boot_efilabel stage1_dev cpu_mitigations vgamode suse_btrfs "
		"prompt sections section menuentry usage initial console initrd kernel name original_name "
		"root type vga chainloader sectors blockoffset measures measure file pcr xen "
		"noverifyroot makeactive remap configfile image write_mbr "
		"kernel_parameters"},
	{"partitioning",
		"drive device initialize is_lvm_vg lvm2 pesize type use imsmdriver disklabel "
		"enable_snapshots keep_unknown_lv quotas skip_list skip_key skip_value "
		"skip_if_less_than skip_if_more_than skip_if_equal partitions partition create "
		"crypt crypt_fs crypt_method crypt_key crypt_pbkdf crypt_label crypt_cipher "
		"crypt_key_size filesystem format fs_options opt_blocksize opt_block_size opt_bytes_per_inode "
		"opt_format opt_hash opt_inode_align opt_max_inode_space opt_raid "
		"opt_reserved_blocks option_blank option_str option_value fstopt label uuid loop_fs lv_name lvm_group "
		"mount mountby mkfs_options filesystem_id partition_id partition_nr partition_type "
		"resize raid_name raid_type raid_options persistent_superblock chunk_size "
		"parity_algorithm device_order region region_entry size stripes stripesize pool "
		"used_pool subvolumes subvolume path copy_on_write referenced_limit "
		"subvolumes_prefix create_subvolumes bcache_backing_for bcache_caching_for bcache_options cache_mode "
		"btrfs_name btrfs_options data_raid_level metadata_raid_level ptype userdata"},
	{"software",
		"kernel packages package post-packages remove-packages patterns pattern "
		"post-patterns remove-patterns products product remove-products do_online_update "
		"install_recommended install_recommends only_required instsource image "
		"image_location image_name "
		"script base addons addon minimal imports solver"},
	{"services-manager",
		"default_target default services service enable disable on_demand service_name "
		"service_status service_start service_stop"},
	{"users",
		"user username fullname forename surname user_password encrypted uid gid group "
		"groups grouplist home home_btrfs_subvolume home_size shell password_settings expire flag "
		"inact max min warn authorized_keys authorized_key sshkey"},
	{"groups", "group groupname group_password encrypted gid userlist"},
	{"user_defaults", "expire group groups home inactive no_groups shell skel umask"},
	{"login_settings", "autologin_user password_less_login"},
	{"scripts",
		"pre-scripts post-scripts chroot-scripts init-scripts postpartitioning-scripts "
		"script filename interpreter location source debug feedback feedback_type param-list "
		"param rerun notification chrooted network_needed"},
	{"files",
		"file config_file file_contents file_location file_path file_permissions "
		"file_owner file_script interpreter source location"},
	{"add-on",
		"add_on_products add_on_others product name alias media_url product_dir "
		"ask_on_error ask_user selected confirm_license priority signature-handling "
		"accept_unsigned_file accept_file_without_checksum accept_verification_failed accept_unknown_gpg_key "
		"accept_non_trusted_gpg_key import_gpg_key all keys keyid"},
	{"suse_register",
		"do_registration submit_hwdata submit_optional register_regularly reg_server "
		"reg_server_cert reg_server_cert_fingerprint reg_server_cert_fingerprint_type "
		"reg_code email install_updates slp_discovery addons addon name version arch "
		"release_type registration_data"},
	{"ssh_import", "import copy_config device"},
	{"upgrade", "stop_on_solver_conflict only_installed_packages"}, {NULL, NULL}};
