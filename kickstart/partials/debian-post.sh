# At the end of Debian's installer.
set -e
in=in-target
{{#set.user}}
user={{set.user}} home=/home/{{set.user}}
{{/set.user}}
{{^set.user}}
user=root home=/root
{{/set.user}}
{{>installed-keys.sh}}
{{>apt-mirror.sh}}
{{#machine.link}}
{{>debian-network.sh}}
{{/machine.link}}
{{>installed.sh}}
