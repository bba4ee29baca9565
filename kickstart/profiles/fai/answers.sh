# What FAI's hooks of usher (contrib/fai) are told: assignments of the shell. FAI keeps its variables in its log: nothing that must not be
# read there. Each value is one quoted word.
usher_progress={{attempt.progress_url}}
usher_done={{attempt.done_url}}
usher_failed={{attempt.failed_url}}
usher_classes=
{{#set.classes}}
usher_classes="${usher_classes:+$usher_classes }"{{.}}
{{/set.classes}}
# From which of FAI's errors on it ends: the scripts' are 4xx.
STOP_ON_ERROR={{set.stop_on_error}}
