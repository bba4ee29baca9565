# Answers for tiny's initrd, for a rescue system in memory: assignments of the POSIX shell. Each value is one quoted word.
WORK=rescue
{{>tiny-network.sh}}
SYSTEM_URL={{media.url}}/root.tar.zst
{{>tiny-access.sh}}
{{>tiny-reports.sh}}
