# In Ubuntu's installer, which reads its answers again when the early commands have run.
{{#machine.find_disk}}
{{>installer-disk.sh}}
sed -i "s,USHER-DISK,$disk," /autoinstall.yaml
{{/machine.find_disk}}
{{^machine.find_disk}}
# The answers name it.
{{/machine.find_disk}}
