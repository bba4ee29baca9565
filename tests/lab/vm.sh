# SPDX-License-Identifier: GPL-2.0-or-later
# For labs, bash, after lib.sh: what this host's kernel cannot do is done by tiny's, in a virtual machine that has this host's files.
#
#     vm_run MODULES SCRIPT   runs the lab SCRIPT there, as root, with these modules of the kernel loaded; its output is this one's
#
# The files are the host's own (virtiofs), and what is written stays in the machine's memory: VM_MEMORY MiB (1024). It has no network,
# and one disk where VM_DISK names its file. It is ended after VM_LIMIT seconds (800).

VIRTIOFSD=/usr/lib/qemu/virtiofsd

vm_run() {
	local modules=$1 script=$2 dir
	dir=$(mktemp -d)
	vm_initrd "$dir" "$modules" "$script" || { rm -r "$dir"; return 1; }
	"$VIRTIOFSD" --socket-path="$dir/files" -o source=/ -o sandbox=chroot -o cache=auto >"$dir/virtiofsd" 2>&1 &
	wait_until 10 test -S "$dir/files"
	timeout "${VM_LIMIT:-800}" qemu-system-x86_64 -accel tcg -cpu max,erms=off -m "${VM_MEMORY:-1024}" -smp 2 -nographic -nodefaults -no-reboot -serial stdio \
		-object memory-backend-memfd,id=memory,size="${VM_MEMORY:-1024}M",share=on -machine memory-backend=memory \
		-chardev socket,id=files,path="$dir/files" -device vhost-user-fs-pci,chardev=files,tag=host \
		${VM_DISK:+-drive "file=$VM_DISK,format=raw,if=virtio,cache=none,discard=unmap"} \
		-kernel "$USHER_TINY/vmlinuz" -initrd "$dir/initrd" -append "console=ttyS0 quiet panic=-1 no_timer_check norandmaps" </dev/null |
		sed -u 's/\r//g'
	rm -r "$dir"
}

vm_initrd() {
	local dir=$1 modules=$2 script=$3 module n=100 version tree=$1/tree
	mkdir -p "$tree/bin" "$tree/modules" "$dir/system" "$tree/host" "$tree/over" "$tree/new"
	zstd -dc "$USHER_TINY/root.tar.zst" | tar -xf - -C "$dir/system" ./usr/lib/modules || return
	version=$(ls "$dir/system/usr/lib/modules")
	mkdir "$dir/system/lib"
	ln -s ../usr/lib/modules "$dir/system/lib/modules"
	for module in $(modprobe -d "$dir/system" -S "$version" -a --show-depends virtio_pci virtiofs overlay $modules |
		sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++'); do
		cp "$module" "$tree/modules/$n-${module##*/}"
		n=$((n + 1))
	done
	cp /bin/busybox "$tree/bin/"
	cat >"$tree/init" <<-END
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		mkdir -p /proc /sys /dev
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		for m in /modules/*; do insmod \$m; done
		mount -t tmpfs over /over
		mkdir /over/up /over/work
		mount -t virtiofs host /host -o ro &&
			mount -t overlay over /new -o lowerdir=/host,upperdir=/over/up,workdir=/over/work || poweroff -f
		for d in proc sys dev; do mount --move /\$d /new/\$d; done
		mount -t tmpfs run /new/run
		mount -t tmpfs tmp /new/tmp
		ip link set lo up
		exec switch_root /new /usr/bin/env -i PATH=\$PATH HOME=/root B=$B USHER=$USHER USHER_IN_VM=1 \\
			sh -c '"$script" </dev/null >/dev/console 2>&1; sync; echo o >/proc/sysrq-trigger; sleep 60'
	END
	chmod 755 "$tree/init"
	(cd "$tree" && find . | cpio -o -H newc --quiet) >"$dir/initrd"
	rm -r "$dir/system" "$tree"
}
