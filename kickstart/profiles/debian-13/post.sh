{{>debian-post.sh}}
