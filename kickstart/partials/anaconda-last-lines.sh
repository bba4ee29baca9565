# The last error first: it is what `usher show` has room for. Then the last lines of the scripts' logs and of Anaconda's.
{
	grep -E '(ERR|CRT)[ :]' /tmp/anaconda.log | tail -n 1 | cut -c 1-200
	tail -q -n 3 /tmp/ks-script-*.log | tail -c 120
	tail -n 5 /tmp/anaconda.log | tail -c 180
} 2>/dev/null | tr -cd '\11\12\40-\176' |
	curl -fsS -m 10 --retry 5 --noproxy '*' -o /dev/null --data-binary @- {{attempt.failed_url}}
