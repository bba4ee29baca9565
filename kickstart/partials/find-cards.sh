# Which network cards have these MACs: `find_cards WANTED` sets `cards`, their names with blanks between, in that order. WANTED is
# MACs with blanks between, or all: then it is all that are wired. It fails where one is not there, or there is none; `said` is
# then a line for people, with those that are.
card_mac() { tr 'A-F' 'a-f' <"$1/address"; }
card_is() { [ -e "$1/device" ] && [ "$(cat "$1/type")" = 1 ] && [ ! -e "$1/wireless" ] && [ ! -e "$1/phy80211" ]; }

find_card() { # MAC, or all
	for card_dir in /sys/class/net/*; do
		card_is "$card_dir" || continue
		case $1 in all | "$(card_mac "$card_dir")") cards="$cards ${card_dir##*/}" ;; esac
	done
}

find_cards() { # WANTED
	cards='' said='' card_there=''
	for card_wanted in $1; do
		card_before=$cards
		find_card "$card_wanted"
		[ "$cards" != "$card_before" ] || said="$said $card_wanted"
	done
	cards=${cards# }
	[ -n "$said" ] || return 0
	for card_dir in /sys/class/net/*; do
		card_is "$card_dir" && card_there="$card_there, ${card_dir##*/} ($(card_mac "$card_dir"))"
	done
	said="no network card for the bond is$said; there are: ${card_there#, }"
	return 1
}
