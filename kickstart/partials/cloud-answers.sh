# Answers for tiny's installer, for an image: assignments of the POSIX shell. Each value is one quoted word.
WORK=image
{{>tiny-network.sh}}
{{#machine.find_disk}}
DISK={{machine.find_disk}}
{{/machine.find_disk}}
{{^machine.find_disk}}
DISK={{machine.disk}}
{{/machine.find_disk}}
IMAGE_NAME={{image.name}}
IMAGE_URL={{image.url}}
IMAGE_SIZE={{image.size}}
IMAGE_SHA256={{image.sha256}}
{{>tiny-reports.sh}}
UP_URL={{attempt.up_url}}
