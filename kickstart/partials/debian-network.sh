# /etc/network/interfaces of a card, a bond or a VLAN, by the installer's names for the cards, which the new system has, too.
{{>find-cards.sh}}
find_cards {{machine.bond_cards}}{{^machine.bonded}}{{machine.mac}}{{^machine.mac}}all{{/machine.mac}}{{/machine.bonded}} || {
	echo "$said"
	exit 1
}
lan() { # what has the address
	{{^machine.ipv6_only}}
	{{#is.network.dhcp}}
	printf 'auto %s\niface %s inet dhcp\n' "$1" "$1"
	{{/is.network.dhcp}}
	{{#is.network.static}}
	printf 'auto %s\niface %s inet static\n' "$1" "$1"
	echo '	address '{{machine.address}}/{{machine.prefix}}
	{{#machine.gateway}}
	echo '	gateway '{{machine.gateway}}
	{{/machine.gateway}}
	{{/is.network.static}}
	{{/machine.ipv6_only}}
	{{#machine.ipv6_only}}
	echo "auto $1"
	{{/machine.ipv6_only}}
}
lan6() {
	{{#is.network.dhcp}}
	{{#machine.ipv6_only}}
	printf 'iface %s inet6 auto\n\tdhcp 1\n' "$1"
	{{/machine.ipv6_only}}
	{{/is.network.dhcp}}
	{{#is.network.static}}
	{{#machine.prefix6}}
	printf 'iface %s inet6 static\n' "$1"
	echo '	address '{{machine.address6}}/{{machine.prefix6}}
	{{#machine.gateway6}}
	echo '	gateway '{{machine.gateway6}}
	{{/machine.gateway6}}
	{{/machine.prefix6}}
	{{/is.network.static}}
	:
}
under() { printf 'auto %s\niface %s inet manual\n' "$1" "$1"; }
bond() {
	printf '\tbond-slaves %s\n\tbond-mode %s\n\tbond-miimon 100\n' "$cards" {{machine.bond_mode}}
	{{#machine.mac}}
	echo '	hwaddress ether '{{machine.mac}}
	{{/machine.mac}}
}
{
	printf 'auto lo\niface lo inet loopback\n\n'
	{{#machine.vlan}}
	{{#machine.bonded}}
	card=bond0
	under bond0
	bond
	{{/machine.bonded}}
	{{^machine.bonded}}
	card=${cards%% *}
	under "$card"
	{{/machine.bonded}}
	echo
	lan {{machine.link}}
	printf '\tvlan-raw-device %s\n' "$card"
	{{/machine.vlan}}
	{{^machine.vlan}}
	{{#machine.bonded}}
	lan bond0
	bond
	{{/machine.bonded}}
	{{^machine.bonded}}
	lan "${cards%% *}"
	{{/machine.bonded}}
	{{/machine.vlan}}
	lan6 {{machine.link}}{{^machine.link}}"${cards%% *}"{{/machine.link}}
} >/target/etc/network/interfaces
