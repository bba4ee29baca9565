# Of the profiles with Ignition: `run` reports, finds the disk, and calls what the profile has as `write`.
report() { curl -fsS -m 10 --retry 10 --retry-all-errors --retry-delay 3 --noproxy '*' -o /dev/null --data-binary @- "$1"; }
say() { echo "$*" | report {{attempt.progress_url}}; }

{{#machine.find_disk}}
{{>find-disk.sh}}
choose() { find_disk {{machine.find_disk}}; }
{{/machine.find_disk}}
{{^machine.find_disk}}
choose() { disk={{machine.disk}} said="writing the image to $disk, which is wiped"; }
{{/machine.find_disk}}

install() {
	set -e
	{{#set.pre}}
	sh -c {{set.pre}}
	{{/set.pre}}
	choose || { echo "$said"; exit 1; }
	say "$said"
	write
}

run() {
	say 'answers taken'
	(install) >/tmp/usher.log 2>&1
	status=$?
	if [ $status = 0 ]; then
		# The done report goes last, and is repeated until it is taken.
		echo 'done' | report {{attempt.done_url}}
		systemctl reboot
	else
		{ echo "the installation failed with status $status"; tail -n 12 /tmp/usher.log; } | tail -c 500 | report {{attempt.failed_url}}
	fi
}
