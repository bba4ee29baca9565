# In Ubuntu's installer, before it does anything.
set -e
curl -fsS -m 10 --noproxy '*' -o /dev/null --data-binary 'answers taken' {{attempt.progress_url}} || true
{{{set.pre}}}
