{{>debian-pre.sh}}
