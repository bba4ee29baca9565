# What starts with the new system, which is in "$root".
mkdir -p "$root/usr/local/lib/usher" "$root/etc/usher-agent"
cat >"$root/usr/local/lib/usher/agent" <<'USHER-END'
{{>usher-agent.sh}}
USHER-END
chmod 755 "$root/usr/local/lib/usher/agent"
cat >"$root/etc/systemd/system/usher-agent.service" <<'USHER-END'
{{>usher-agent.service}}
USHER-END
cat >"$root/etc/systemd/system/usher-up.service" <<'USHER-END'
{{>usher-up.service}}
USHER-END
(umask 077 && echo {{shell:attempt.up_url}} >"$root/etc/usher-agent/up")
