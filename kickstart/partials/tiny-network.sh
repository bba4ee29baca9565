# The name and the network of the machine, for the answers of tiny, rescue and the like.
HOSTNAME={{machine.name}}
FQDN={{machine.fqdn}}
MAC={{machine.mac}}
NETWORK={{set.network}}
ADDRESS={{machine.address}}
PREFIX={{machine.prefix}}
GATEWAY={{machine.gateway}}
ADDRESS6={{machine.address6}}
PREFIX6={{machine.prefix6}}
DNS=
{{#machine.dns}}
DNS="${DNS:+$DNS }"{{.}}
{{/machine.dns}}
{{#machine.dns6}}
DNS="${DNS:+$DNS }"{{.}}
{{/machine.dns6}}
