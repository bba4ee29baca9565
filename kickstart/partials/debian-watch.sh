# Runs beside Debian's installer and reports each of its steps, its warnings, and what it fails at with the end of its log.
# Nothing here may hold it up.
url={{attempt.url}}
tell() { wget -q -O /dev/null "$url/$1?text=$2"; }
words() { tr -cs 'A-Za-z0-9_./:=-' + | tail -c 400; }

n=0
tell progress answers+taken
while sleep 5; do
	tail -n +$((n + 1)) /var/log/syslog >/tmp/usher.new
	n=$((n + $(wc -l </tmp/usher.new)))
	# what a preseeded command is, and its addresses, are no news
	grep -v -e preseed/early_command -e 'Started DHCP client' /tmp/usher.new >/tmp/usher.lines
	sed -n "s/.* main-menu.*Menu item '//p" /tmp/usher.lines | tr -d "'" | while read -r step rest; do
		tell progress "$step"
	done
	text=$(grep -F 'WARNING **:' /tmp/usher.lines | tail -n 1 | sed 's/.*WARNING[ *:]*//' | words)
	case $text in
	'') ;;
	*failed+with+error+code* | *mirror+does+not+support*) # it shows what is wrong, and waits for a key
		tell failed "$text$(grep -v -F 'WARNING **:' /tmp/usher.lines | tail -n 8 | cut -d ' ' -f 5- | words)" ;;
	*) tell progress "warning:+$text" ;;
	esac
done
