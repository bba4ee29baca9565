#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong answer files, templates, settings and profiles: each is a good one with one thing made wrong. `usher lint` says
# file, line, what and what instead, to the letter; create and enroll refuse with the same words, and no machine is armed
# or even recorded. The good ones are found clean first.
# shellcheck source=/dev/null disable=SC2016
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/profiles.sh"

here=$USHER_LAB/more out=$USHER_LAB/out said=$USHER_LAB/said wrong=0

# good NAME FORMAT: a profile; its answers come from standard input.
good() {
	mkdir -p "$here/$1"
	cat >"$here/$1/profile.xml" <<-END
		<profile name='$1'>
		  <title>$1</title>
		  <media name='lab' path='$USHER_LAB/medium'/>
		  <boot>
		    <kernel>kernel</kernel>
		    <initrd>initrd</initrd>
		    <cmdline>answers={{attempt.answers_url}}</cmdline>
		  </boot>
		  <answers format='$2' template='answers' ${3:-}/>
		  <requires><memory unit='MiB'>128</memory> <disk unit='GiB'>10</disk></requires>
		  <setting name='disk'>which disk</setting>
		  <setting name='swap' type='number' default='512'>MiB</setting>
		  <setting name='layout' values='plain|lvm' default='plain'>how it is divided</setting>
		  <setting name='tail'>more at the end</setting>
		  <setting name='root' type='password'>a password</setting>
		  <setting name='dns' type='address' default='192.0.2.53'>a name server</setting>
		</profile>
	END
	cat >"$here/$1/answers"
	"$USHER" lint --own "$here/$1" >"$out" 2>&1
	check "$1: nothing is found in it as it is" grep -x "usher: 1 looked at: 0 errors, 0 warnings" "$out"
}

# The first lines of what was said, without the folders' names.
plainly() {
	sed -E "s|$here/||g; s|^usher: ||; s/\b(192\.0\.2\.7|192\.168\.122\.2)\b/ADDRESS/; s/(did you mean 'disk.ks'.\)) in .*/\1/" "$@"
}

# found WHAT TEXT ARGUMENT…: lint says TEXT on a line of its own, and ends with 1.
found() {
	local what=$1 text=$2
	shift 2
	"$USHER" lint --own -c "$USHER_LAB/usher.xml" "$@" >"$out" 2>"$said"
	if [ $? != 1 ] || ! plainly "$out" | grep -qxF -- "$text"; then
		fail "lint: $what: $(plainly "$out" "$said")"
	else
		pass "lint: $what"
	fi
}

# refused WHAT TEXT COMMAND…: the service says so too; what is no finding in a text but a line of its own has no `error: `.
refused() {
	local what=$1 text=$2
	shift 2
	if "$USHER" "$@" >"$out" 2>"$said" ||
		! plainly "$said" | grep -qxF -e "$text" -e "${text/: error: /: }" -e "${text#*: error: }"; then
		fail "$1: $what: $(plainly "$out" "$said")"
	else
		pass "$1: $what"
	fi
}

# is_wrong PROFILE WHAT FILE SED TEXT [SETTING]…: FILE of the good PROFILE, edited by SED ("": not), is wrong as TEXT says.
is_wrong() {
	local profile=$1 what=$2 file=$3 sed=$4 text=$5 set=()
	shift 5
	for setting; do set+=(--set "$setting"); done
	wrong=$((wrong + 1))
	cp "$here/$profile/$file" "$USHER_LAB/kept"
	sed -i -e "$sed" "$here/$profile/$file"
	if [ -n "$sed" ] && cmp -s "$USHER_LAB/kept" "$here/$profile/$file"; then fail "$what: nothing was edited"; fi
	found "$what" "$text" "$here/$profile" "${set[@]}"
	if [ "$profile" = ks ]; then
		refused "$what" "$text" create web --profile "$profile" --no-ssh-key "${set[@]}"
	else
		refused "$what" "$text" enroll web --mac 02:00:00:00:00:01 --profile "$profile" --arm --no-ssh-key "${set[@]}"
	fi
	cp "$USHER_LAB/kept" "$here/$profile/$file"
}

lab_profiles_config >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end
"$USHER" list --json >"$USHER_LAB/before"

# --- kickstart -----------------------------------------------------------------------------------------------------------

mkdir -p "$here/ks"
cat >"$here/ks/disk.ks" <<'END'
{{#is.layout.plain}}
part /boot --fstype=ext4 --size=1024
part swap --size={{set.swap}}
part / --fstype=xfs --size=4096 --grow
{{/is.layout.plain}}
{{#is.layout.lvm}}
part /boot --fstype=ext4 --size=1024
part pv.1 --size=4096 --grow
volgroup system pv.1
logvol swap --vgname=system --name=swap --size={{set.swap}}
logvol / --vgname=system --name=root --fstype=xfs --size=4096 --grow
{{/is.layout.lvm}}
END
good ks kickstart "version='RHEL9'" <<'END'
# {{machine.name}}
text
lang en_GB.UTF-8
keyboard us
timezone Etc/UTC --utc
{{#machine.guest}}
network --bootproto=static --ip={{machine.address}} --netmask={{machine.netmask}} --gateway={{machine.gateway}} --nameserver={{set.dns}} --hostname={{machine.name}}
{{/machine.guest}}
{{^machine.guest}}
network --bootproto=dhcp
{{/machine.guest}}
url --url=http://192.0.2.9/
rootpw --iscrypted {{set.root}}{{^set.root}}!{{/set.root}}
zerombr
{{#machine.disk}}
ignoredisk --only-use={{machine.disk}}
{{/machine.disk}}
clearpart --all --initlabel
{{>disk.ks}}
bootloader --append=quiet
reboot
%packages
@core
%end
%post --log=/var/log/post.log
echo done
{{{set.tail}}}
%end
END

# What a template is made of.
is_wrong ks "a name that nobody defined" answers 's/{{machine.address}}/{{machine.adress}}/' \
	"ks/answers:7:33: error: undefined name 'machine.adress' (did you mean 'machine.address'?)"
is_wrong ks "a section that stays open" answers 's|^{{/machine.disk}}$||' \
	"ks/answers:15:1: error: this section is not closed, expected '{{/machine.disk}}'"
is_wrong ks "a section that was never opened" answers 's/^{{#machine.guest}}$//' \
	"ks/answers:8:1: error: '/machine.guest' closes nothing"
is_wrong ks "a tag that is not closed" answers 's/{{set.root}}{{^/{{set.root}{{^/' \
	"ks/answers:13:45: error: '/set.root' closes nothing"
is_wrong ks "a partial that is nowhere" answers 's/{{>disk.ks}}/{{>disks.ks}}/' \
	"ks/answers:19:1: error: no partial 'disks.ks' (did you mean 'disk.ks'?)"
is_wrong ks "a group where a value should be" answers 's/{{machine.name}}$/{{machine}}/' \
	"ks/answers:1:3: error: 'machine' is a group of names, not a single value"
is_wrong ks "a name within a partial" disk.ks 's/set.swap/set.swp/' \
	"ks/disk.ks:3:18: error: undefined name 'set.swp' (did you mean 'set.swap'?)"

# Settings.
is_wrong ks "a setting that the profile does not have" answers '' \
	"ks/profile.xml: error: profile 'ks' has no setting 'swop' (did you mean 'swap'?)" swop=1
is_wrong ks "a number that is none" answers '' \
	"ks/profile.xml: error: setting 'swap' is 'much', expected a number" swap=much
is_wrong ks "a value that is not on offer" answers '' \
	"ks/profile.xml: error: setting 'layout' is 'lmv', expected one of plain|lvm" layout=lmv
is_wrong ks "an address that is none" answers '' \
	"ks/profile.xml: error: setting 'dns' is '192.0.2.300', expected an IP address" dns=192.0.2.300
is_wrong ks "a disk that the machine does not have" answers '' \
	"ks/answers:16:12: error: the machine has no disk 'sdb', but vda" disk=sdb
is_wrong ks "a size past the disk's end" disk.ks '' \
	"ks/disk.ks:3:11: error: with this the partitions of vda come to 21504 MiB, it has 10240 MiB" swap=20480
is_wrong ks "a line break where the line must end" answers 's/quiet/{{set.tail}}/' \
	"ks/answers:20:21: error: the value of 'set.tail' has a line break, which cannot stand here" $'tail=a\nb'
is_wrong ks "a section that a setting closes too early" answers '' \
	"ks/answers:27:1: error: the value of 'set.tail' has a line that begins with %end, or with a section's name, which cannot stand here" tail=%end

# The profile.
is_wrong ks "an element that there is not" profile.xml 's|<boot>|<boot><kernal>x</kernal>|' \
	"ks/profile.xml:4: error: <boot> has no element <kernal>: did you mean <kernel>?"
is_wrong ks "an attribute that there is not" profile.xml 's|template=|templat=|' \
	"ks/profile.xml:9: error: <answers> has no attribute 'templat': did you mean 'template'?"
is_wrong ks "a format that there is not" profile.xml "s|'kickstart'|'kickstrat'|" \
	"ks/profile.xml:9: error: unknown format 'kickstrat' (did you mean 'kickstart'?)"
is_wrong ks "a template that is not there" profile.xml "s|'answers'|'answer'|" \
	"ks/profile.xml: error: the template 'answer' cannot be read: No such file or directory"
is_wrong ks "XML that does not close" profile.xml 's|</boot>||' \
	"ks/profile.xml:17: error: Opening and ending tag mismatch: boot line 4 and profile"
is_wrong ks "a setting's type that there is not" profile.xml "s|'number'|'numbr'|" \
	"ks/profile.xml:12: error: unknown type 'numbr', expected text, password, number, boolean, list, hostname, address, url, size, timezone, user, disk, disks, cards or pairs"

# Kickstart.
is_wrong ks "a command that there is not" answers 's/^clearpart/clearparts/' \
	"ks/answers:18:1: error: unknown command 'clearparts': did you mean 'clearpart'?"
is_wrong ks "a command that was removed" answers 's/^text$/install/' \
	"ks/answers:2:1: error: 'install' was removed in RHEL9: leave it out: 'url', 'nfs', 'cdrom' … stand alone"
is_wrong ks "an option that there is not" answers 's/--append/--appends/' \
	"ks/answers:20:12: error: 'bootloader' has no option '--appends': did you mean '--append'?"
is_wrong ks "an option without its value" answers 's/--append=quiet/--append/' \
	"ks/answers:20:12: error: '--append' of 'bootloader' needs a value: '--append='"
is_wrong ks "a section that is not closed" answers '/^echo done/,$d' \
	"ks/answers:25:1: error: '%post' is not closed: add '%end'"
is_wrong ks "nobody can log in" answers '/^rootpw/d' \
	"ks/answers: error: nobody can log in: the installer asks; add 'rootpw', 'user' or 'sshkey'"
is_wrong ks "no disk layout" disk.ks '/./d' \
	"ks/answers: error: no disk layout: the installer asks; add 'autopart' or 'part' commands"
is_wrong ks "an address that is another's" answers 's/{{machine.address}}/192.168.122.250/' \
	"ks/answers:7:28: error: address 192.168.122.250 is not the machine's, ADDRESS"
is_wrong ks "a size that is no number" disk.ks 's/size=1024/size=1G/' \
	"ks/disk.ks:2:26: error: '--size' of 'part' is a whole number, in MiB, not '1G'"
is_wrong ks "a logical volume in no group" disk.ks 's/vgname=system/vgname=sytem/' \
	"ks/disk.ks:10:13: error: no volume group 'sytem': 'volgroup' has 'system'" layout=lvm
is_wrong ks "a section that there is not" answers 's/^%packages/%package/' \
	"ks/answers:22:1: error: unknown section '%package': did you mean '%packages'?"

# --- preseed -------------------------------------------------------------------------------------------------------------

good di preseed <<'END'
# {{machine.name}}
d-i debian-installer/locale string en_GB.UTF-8
d-i netcfg/get_hostname string {{machine.name}}
d-i passwd/make-user boolean false
d-i passwd/root-password-crypted password {{set.root}}{{^set.root}}!{{/set.root}}
d-i partman/confirm boolean true
d-i preseed/late_command string \
	echo {{shell:machine.name}} >/target/etc/issue ; \
	true
END
is_wrong di "a question that there is not" answers 's/get_hostname/get_hostnames/' \
	"di/answers:3: error: unknown question 'netcfg/get_hostnames' (did you mean 'netcfg/get_hostname'?)"
is_wrong di "a type that there is not" answers 's/boolean false/bool false/' \
	"di/answers:4: error: 'passwd/make-user': unknown type 'bool', expected string, boolean, select, multiselect, password, note or text"
is_wrong di "neither true nor false" answers 's/confirm boolean true/confirm boolean yes/' \
	"di/answers:6: error: 'partman/confirm' is 'yes', expected true or false"
is_wrong di "a line that the one above swallows, behind an empty one" answers 's/confirm boolean true/& \\\n/' \
	"di/answers:8: error: the backslash above makes this line a part of 'partman/confirm'"
is_wrong di "a comment that does not begin its line" answers '1s/^/ # one\n/' \
	"di/answers:1: error: a comment begins in the first column: the installer stops reading at this one"
is_wrong di "a value that is missing" answers 's/ boolean true$/ boolean/' \
	"di/answers:6: error: 'partman/confirm' has no value, expected true or false"
is_wrong di "a blank behind a backslash" answers 's/issue ; .*/& /' \
	"di/answers:8: error: a blank follows the backslash, which then joins nothing: remove the blank"
is_wrong di "a quote that stays open" answers "s/^\ttrue/\techo 'it/" \
	"di/answers:7: error: 'preseed/late_command': a quote (') is opened and not closed"
is_wrong di "a line that the one above swallows" answers 's/confirm boolean true/& \\/' \
	"di/answers:7: error: the backslash above makes this line a part of 'partman/confirm'"
is_wrong di "two commands of which one runs" answers '$a d-i preseed/late_command string true' \
	"di/answers:10: error: 'preseed/late_command' is there already in line 7, which then never runs: make them one"

# --- autoinstall ---------------------------------------------------------------------------------------------------------

good auto autoinstall <<'END'
#cloud-config
autoinstall:
  version: 1
  identity:
    hostname: {{machine.name}}
    username: admin
    password: "*"
  storage:
    layout:
      name: lvm
  packages:
  - curl
{{#set.tail}}
  late-commands:
  - {{set.tail}}
{{/set.tail}}
END
is_wrong auto "no header" answers '1d' \
	"auto/answers:1: error: the first line must be '#cloud-config', or nobody reads the rest"
is_wrong auto "a key that there is not" answers 's/packages:/pakages:/' \
	"auto/answers:11:3: error: unknown key 'pakages' in autoinstall (did you mean 'packages'?)"
is_wrong auto "no version" answers '/version/d' \
	"auto/answers:3:3: error: autoinstall lacks 'version', expected a number"
is_wrong auto "text for a list" answers 's/packages:/packages: curl/; /- curl/d' \
	"auto/answers:11:13: error: 'packages' is text, expected a list"
is_wrong auto "nobody to log in" answers '/identity/,/password/d' \
	"auto/answers:3:3: error: autoinstall lacks 'identity' or 'user-data' or 'interactive-sections': it needs one of them"
is_wrong auto "a command that is a map" answers '/  - curl/a\  late-commands:\n  - echo a: b' \
	"auto/answers:14:5: error: 'late-commands' has a map in it, expected text or a list: the ':' makes a map of it, put all of it in quotes"
is_wrong auto "a layout that there is not" answers 's/name: lvm/name: lmv/' \
	"auto/answers:10:13: error: 'name' is 'lmv', expected lvm, direct, zfs or hybrid"
is_wrong auto "a tab" answers 's/^    layout/\tlayout/' \
	"auto/answers:9:1: error: found character that cannot start any token"
is_wrong auto "a key twice" answers '$a\  version: 1' \
	"auto/answers:17:3: error: 'version' is there already in line 3, which is lost: keep one of them"

# --- AutoYaST ------------------------------------------------------------------------------------------------------------

good yast autoyast <<'END'
<?xml version="1.0"?>
<profile xmlns="http://www.suse.com/1.0/yast2ns" xmlns:config="http://www.suse.com/1.0/configns">
  <general>
    <mode><confirm config:type="boolean">false</confirm></mode>
  </general>
  <users config:type="list">
    <user><username>{{machine.name}}</username></user>
  </users>
</profile>
END
is_wrong yast "an element that does not close" answers '/<.general>/d' \
	"yast/answers:8:11: error: Opening and ending tag mismatch: general line 3 and profile"
is_wrong yast "no namespace" answers 's|xmlns="http://www.suse.com/1.0/yast2ns" ||' \
	"yast/answers:2: error: <profile> is not in AutoYaST's namespace: write xmlns=\"http://www.suse.com/1.0/yast2ns\""
is_wrong yast "a section that there is not" answers 's|general>|generel>|' \
	"yast/answers:3: error: unknown section <generel> (did you mean <general>?)"
is_wrong yast "an element that there is not" answers 's|confirm|confrim|g' \
	"yast/answers:4: error: unknown element <confrim> in <general> (did you mean <confirm>?)"
is_wrong yast "a list that is none" answers 's|users config:type="list"|users|' \
	"yast/answers:6: error: <users> is read as no list: write <users config:type=\"list\">"
is_wrong yast "a truth that is text" answers 's|confirm config:type="boolean"|confirm|' \
	"yast/answers:4: error: <confirm> is read as text: write <confirm config:type=\"boolean\">"

# --- Ignition ------------------------------------------------------------------------------------------------------------

good ign ignition <<'END'
{
  "ignition": {"version": "3.3.0"},
  "storage": {"files": [
    {"path": "/etc/hostname", "mode": 420, "contents": {"source": "data:,sample"}}
  ]},
  "systemd": {"units": [{"name": "web.service", "enabled": true}]}
}
END
is_wrong ign "a comma too many" answers 's/"enabled": true/&,/' \
	"ign/answers:6:65: error: no JSON: string or '}' expected near '}'"
is_wrong ign "a version that there is not" answers 's/3.3.0/4.2.0/' \
	"ign/answers:2:27: error: 'version' is '4.2.0', expected a version like 3.4.0"
is_wrong ign "a path that is not absolute" answers 's|"/etc|"etc|' \
	"ign/answers:4:14: error: 'path' is 'etc/hostname', expected an absolute path"
is_wrong ign "a mode in octal" answers 's/420/644/' \
	"ign/answers:4:39: error: 'mode' is '644', which is decimal: 0644 is 420, 0755 is 493, 0600 is 384"
is_wrong ign "a sum without its function" answers 's|data:,sample"|&, "verification": {"hash": "md5-0123"}|' \
	"ign/answers:4:108: error: 'hash' is 'md5-0123', expected sha512- or sha256-, and the sum in hexadecimal digits"
is_wrong ign "a key that there is not" answers 's/"storage"/"storeage"/' \
	"ign/answers:3:3: error: unknown key 'storeage' in the configuration (did you mean 'storage'?)"
is_wrong ign "a file that is there twice" answers 's|"data:,sample"}}|&,\n    {"path": "/etc/hostname"}|' \
	"ign/answers:5:14: error: 'path' is '/etc/hostname', which is there already in line 4: keep one of them"
is_wrong ign "text that is not encoded" answers 's|data:,sample|data:,a sample|' \
	"ign/answers:4:67: error: 'source' is 'data:,a sample', expected %XX in place of blanks, #, %, braces and line ends"
is_wrong ign "a unit without its kind" answers 's/web.service/web/' \
	"ign/answers:6:34: error: 'name' is 'web', expected a unit's name like web.service"

# --- files ---------------------------------------------------------------------------------------------------------------

file() { printf '%b' "$2" >"$here/$1"; }
file web.ks 'lang C\n%include more.ks\n%packages\n@core\n%end\n'
file more.ks 'keybord us\n'
found "a kickstart that includes another" "more.ks:1:1: error: unknown command 'keybord': did you mean 'keyboard'?" \
	"$here/web.ks" --version RHEL9
file preseed.cfg 'd-i passwd/root-login boolean maybe\n'
found "a preseed" "preseed.cfg:1: error: 'passwd/root-login' is 'maybe', expected true or false" "$here/preseed.cfg"
file user-data '#cloud-config\nruncmds: []\n'
found "cloud-config" "user-data:2:1: error: unknown key 'runcmds' in the cloud-config (did you mean 'runcmd'?)" \
	"$here/user-data"
file a.ign '{"ignition": {}}'
found "Ignition" "a.ign:1:14: error: ignition lacks 'version', expected text" "$here/a.ign"
file a.xml '<a>\n'
found "XML" "a.xml:2:1: error: Premature end of data in tag a line 1" "$here/a.xml"
file own.ks 'lang C\ntimezone UTC\nrootpw x\nautopart\nnosuchcommand\n%packages\n@core\n%end\n%post\ncat <<E\n#!/bin/sh\nE\n%end\n'
found "a kickstart that writes a script" "own.ks:5:1: error: unknown command 'nosuchcommand'" "$here/own.ks"
for i in $(seq 60); do sed 5d "$here/own.ks" >"$here/many$i.ks"; done
check "as make leaves it, it finds the tree's own profiles" "$USHER" lint --own tiny
check "many files without an error are without one" "$USHER" lint --own "$here"/many*.ks
found "one file behind many" "own.ks:5:1: error: unknown command 'nosuchcommand'" "$here"/many*.ks "$here/own.ks"
for i in $(seq 300); do echo "lang --nope$i"; done >"$here/full.ks"
"$USHER" lint --own --json "$here/full.ks" >"$out" 2>&1
check "what is left out of a file is said in JSON" jq -e '.left_out[] > 0' "$out"
printf 'lang C\n%%pre\necho '\''x\n%%end\n' >"$here/quote.ks"
"$USHER" lint "$here/quote.ks" >"$out" 2>&1
check "a quote that is not closed in a script" grep -q "quote.ks:3: error: unexpected EOF while looking for matching" "$out"
file a.txt 'text\n'
found "what nobody knows" "a.txt: error: what kind of file it is does not show: say --format" "$here/a.txt"
found "what is said to be JSON" "a.txt:1:4: error: no JSON: invalid token near 'text'" "$here/a.txt" --format json
found "a template by itself" "ks/answers: error: it is a template: give its profile, and what comes of it is looked at" \
	"$here/ks/answers" --format kickstart
found "a file that is not there" "none.ks: error: No such file or directory" "$here/none.ks"
file a.sh '#!/bin/sh\nif true\n'
check "sh is asked about a script" grep -F "a.sh:3: error: Syntax error" <("$USHER" lint "$here/a.sh" 2>/dev/null)
check "and not when it is to be left out" "$USHER" lint --own "$here/a.sh"
"$USHER" lint --own --json "$here/preseed.cfg" >"$out"
check "as JSON" test "$(jq -c '[.errors, .warnings, (.findings[] | .line, .column, .level, .text)]' "$out")" = \
	"[1,0,1,null,\"error\",\"'passwd/root-login' is 'maybe', expected true or false\"]"

# --- nothing came of it ---------------------------------------------------------------------------------------------------

check "there were 40 and more ($wrong)" test "$wrong" -ge 40
"$USHER" list --json >"$USHER_LAB/after"
check "no machine is armed, nor known" cmp "$USHER_LAB/before" "$USHER_LAB/after"
check "no event tells of one" test -z "$("$USHER" timeline --json | jq -r 'select(.machine != null and .machine != "") | .machine' 2>/dev/null)"
check "no domain was made" test -z "$(virsh list --all --name)"

# --- warnings do not stop ------------------------------------------------------------------------------------------------

sed -i 's/^\(d-i partman.* \)true/&\n\1false/' "$here/di/answers"
check "a warning does not stop it" "$USHER" enroll web --mac 02:00:00:00:00:01 --profile di --arm --no-ssh-key
check "the machine is armed" test "$("$USHER" show web --json | jq -r .state)" = armed
"$USHER" disarm web >"$out"
"$USHER" reinstall web >"$out" 2>"$said"
check "but is told" test "$(plainly "$said")" = "di/answers:7: warning: 'partman/confirm' is there already in line 6, which is lost"
sed -i 's/get_hostname/get_hostnam/' "$here/di/answers"
"$USHER" disarm web >"$out"
refused "what was edited since" "di/answers:3: error: unknown question 'netcfg/get_hostnam' (did you mean 'netcfg/get_hostname'?)" reinstall web
refute "nor is it armed then" test "$("$USHER" show web --json | jq -r .state)" = armed

lab_end
