( n=0 ; \
	wget -q -O /dev/null {{shell:attempt.progress_url}}'?text=answers+taken' ; \
	while sleep 5 ; do \
		tail -n +$((n + 1)) /var/log/syslog >/tmp/usher.new ; \
		n=$((n + $(wc -l </tmp/usher.new))) ; \
		sed -n "s/.*main-menu.*Menu item '//p" /tmp/usher.new | tr -d "'" | while read step rest ; do \
			wget -q -O /dev/null {{shell:attempt.progress_url}}"?text=$step" ; done ; \
		if grep "Configuring '.*' failed with error code" /tmp/usher.new >/tmp/usher.failed ; then \
			wget -q -O /dev/null {{shell:attempt.failed_url}}"?text=$(tail -n 1 /tmp/usher.failed | sed "s/.*Config/Config/" | tr -cs A-Za-z0-9 +)" ; fi ; \
	done ) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- & \
