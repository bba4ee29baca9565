#!/bin/bash
# In Fedora CoreOS as it was booted from the network: its image goes to the disk. ALL THAT IS ON THE DISK IS LOST.
{{>ignition-install.sh}}

# The new system's root cannot be written from here: what it runs when it has started is part of its Ignition configuration.
write() {
	first_boot=$(base64 -w 0 /opt/usher/first-boot)
	sed -i "s|data:,first-boot|data:;base64,$first_boot|" /opt/usher/installed.ign
	coreos-installer install "/dev/$disk" --offline --ignition-file /opt/usher/installed.ign{{#set.console}} \
		--console tty0 --console {{set.console}}{{/set.console}}
}

run
