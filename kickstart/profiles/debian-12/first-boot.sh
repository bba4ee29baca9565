unit=/target/etc/systemd/system/usher-up.service && \
{ echo '[Unit]' ; \
echo 'Description=Report the first boot to usher' ; \
echo 'Wants=network-online.target' ; \
echo 'After=network-online.target ssh.service' ; \
echo '[Service]' ; \
echo 'Type=oneshot' ; \
echo 'ExecStart=/usr/bin/curl -fsS --retry 60 --retry-all-errors --retry-delay 5 -o /dev/null' {{shell:attempt.up_url}} ; \
echo 'ExecStartPost=/bin/systemctl disable usher-up.service' ; \
echo 'ExecStartPost=/bin/rm -f /etc/systemd/system/usher-up.service' ; \
echo '[Install]' ; \
echo 'WantedBy=multi-user.target' ; } >$unit && \
in-target systemctl enable usher-up.service && \
