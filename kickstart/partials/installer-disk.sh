# Which disk, where the answers name none, and the report of it: `disk` is its name below /dev. Ends the script where there is none.
{{>find-disk.sh}}
find_disk {{shell:machine.find_disk}} || {
	echo "$said" | curl -fsS -m 10 --retry 5 --noproxy '*' -o /dev/null --data-binary @- {{shell:attempt.failed_url}}
	exit 1
}
echo "$said" | curl -fsS -m 10 --noproxy '*' -o /dev/null --data-binary @- {{shell:attempt.progress_url}} || :
