{{>debian-watch.sh}}
