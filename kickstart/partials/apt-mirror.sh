# The new system has the mirror itself, not the package cache that it was installed through, and package lists named after it.
cache={{cached.mirror}} mirror={{set.mirror}}
if [ "$cache" != "$mirror" ]; then
	pattern=$(echo "$cache" | sed 's/[].[]/\\&/g')
	for file in /target/etc/apt/sources.list /target/etc/apt/sources.list.d/*.list /target/etc/apt/sources.list.d/*.sources; do
		[ ! -f "$file" ] || sed -i "s|$pattern|$mirror|" "$file"
	done
	for file in /target/var/lib/apt/lists/*_http*_*_dists_*; do
		name=${file##*/}
		name=${name#*_https_}
		[ ! -f "$file" ] || mv "$file" "${file%/*}/${name#*_http_}"
	done
fi
