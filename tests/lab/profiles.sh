# SPDX-License-Identifier: GPL-2.0-or-later
# For labs whose guests need not come far, bash, after lib.sh: profiles that boot nothing real.
#
#     lab_profile NAME KERNEL ANSWERS [MORE]      MORE goes into profile.xml as it is; KERNEL: `kernel` is there
#     lab_profiles_config >"$USHER_LAB/usher.xml" a configuration that knows them, and those that are shipped

mkdir -p "$USHER_LAB/more" "$USHER_LAB/medium"
head -c 65536 /dev/zero >"$USHER_LAB/medium/kernel"
cp "$USHER_LAB/medium/kernel" "$USHER_LAB/medium/initrd"

lab_profile() {
	mkdir -p "$USHER_LAB/more/$1"
	cat >"$USHER_LAB/more/$1/profile.xml" <<-END
		<profile name='$1'>
		  <title>$1</title>
		  <media name='lab' path='$USHER_LAB/medium'/>
		  <boot>
		    <kernel>$2</kernel>
		    <initrd>initrd</initrd>
		    <cmdline>answers={{attempt.answers_url}}</cmdline>
		  </boot>
		  <answers format='shell' template='answers'/>
		  <requires>
		    <memory unit='MiB'>128</memory>
		    <disk unit='MiB'>64</disk>
		  </requires>
		  ${4:-}
		</profile>
	END
	echo "$3" >"$USHER_LAB/more/$1/answers"
}

lab_profiles_config() { usher_config "$@" | sed "s|<profiles |<profiles dir='$USHER_LAB/more'/><profiles |"; }
