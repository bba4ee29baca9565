# SPDX-License-Identifier: GPL-2.0-or-later
# For labs with management controllers, bash, after lib.sh.
# shellcheck shell=bash

# bmc NAME PORT [SERIAL [PASSWORD]]: a controller with the user admin, by OpenIPMI's simulator. Its chassis is a file, and its
# machine has its serial port on TCP port SERIAL.
bmc() {
	local dir=$USHER_LAB/$1
	mkdir -p "$dir/state"
	echo 0 >"$dir/power"
	cat >"$dir/chassis" <<-END
		#!/bin/sh
		echo "\$*" >>$dir/calls
		case "\$2 \$3" in
		"get power") echo power:\$(cat $dir/power) ;;
		"get boot") echo boot:\$(cat $dir/boot) ;;
		"set power") [ -e $dir/stuck ] || echo \$4 >$dir/power ;;
		"set boot") [ -e $dir/stuck ] || echo \$4 >$dir/boot ;;
		esac
	END
	chmod 755 "$dir/chassis"
	cat >"$dir/lan.conf" <<-END
		name "$1"
		set_working_mc 0x20
		  startlan 1
		    addr 127.0.0.1 $2
		    priv_limit admin
		    allowed_auths_callback none md2 md5 straight
		    allowed_auths_user none md2 md5 straight
		    allowed_auths_operator none md2 md5 straight
		    allowed_auths_admin none md2 md5 straight
		    guid a123456789abcdefa123456789abcdef
		  endlan
		  chassis_control "$dir/chassis $1"
		  sol "tcp:127.0.0.1:${3:-9999}" 115200
		  user 2 true "admin" "${4:-vErysEcret}" admin 10 none md2 md5 straight
	END
	printf '%s\n' 'mc_setbmc 0x20' 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr' \
		'sel_enable 0x20 1000 0x0a' 'mc_enable 0x20' >"$dir/emu"
	ipmi_sim -c "$dir/lan.conf" -f "$dir/emu" -s "$dir/state" -n >"$dir/log" 2>&1 &
	BMC_PID=$!
}
