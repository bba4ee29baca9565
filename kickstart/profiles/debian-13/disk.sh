{{>debian-disk.sh}}
