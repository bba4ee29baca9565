( n=0 ; \
	wget -q -O /dev/null {{shell:attempt.progress_url}}'?text=answers+taken' ; \
	while sleep 5 ; do \
		tail -n +$((n + 1)) /var/log/syslog >/tmp/usher.new ; \
		n=$((n + $(wc -l </tmp/usher.new))) ; \
		grep -v -e preseed/early_command -e "Started DHCP client" /tmp/usher.new >/tmp/usher.lines ; \
		sed -n "s/.* main-menu.*Menu item '//p" /tmp/usher.lines | tr -d "'" | while read step rest ; do \
			wget -q -O /dev/null {{shell:attempt.progress_url}}"?text=$step" ; done ; \
		text=$(grep -F "WARNING **:" /tmp/usher.lines | tail -n 1 | sed "s/.*WARNING//" | tr -cs A-Za-z0-9. +) ; \
		case $text in \
		"") ;; \
		*failed+with+error+code*) wget -q -O /dev/null {{shell:attempt.failed_url}}"?text=$text" ;; \
		*) wget -q -O /dev/null {{shell:attempt.progress_url}}"?text=warning$text" ;; \
		esac ; \
	done ) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- & \
