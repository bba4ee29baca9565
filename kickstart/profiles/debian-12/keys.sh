mkdir -p -m 700 /target/root/.ssh && \
{{#ssh_keys}}
echo {{shell:.}} >>/target/root/.ssh/authorized_keys && \
{{/ssh_keys}}
