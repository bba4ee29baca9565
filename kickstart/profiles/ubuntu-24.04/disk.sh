# In Ubuntu's installer, which reads its answers again when the early commands have run.
{{#machine.find_disk}}
{{>installer-disk.sh}}
sed -i "s,USHER-DISK,$disk," /autoinstall.yaml
{{/machine.find_disk}}
{{^machine.find_disk}}
# The answers name it. The installer compares the kernel's name, and follows no link.
disk=$(readlink -f /dev/{{{machine.disk}}})
sed -i "s,/dev/{{{machine.disk}}},$disk," /autoinstall.yaml
{{/machine.find_disk}}
