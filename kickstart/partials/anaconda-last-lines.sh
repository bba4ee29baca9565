{ tail -n 15 /tmp/anaconda.log; tail -q -n 3 /tmp/ks-script-*.log; } 2>/dev/null | tr -cd '\11\12\40-\176' | tail -c 500 |
	curl -fsS -m 10 --retry 5 --noproxy '*' -o /dev/null --data-binary @- {{attempt.failed_url}}
