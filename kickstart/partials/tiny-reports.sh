PROGRESS_URL={{attempt.progress_url}}
DONE_URL={{attempt.done_url}}
FAILED_URL={{attempt.failed_url}}
