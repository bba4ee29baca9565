# In the installed system, when it has started for the first time.
{{>ignition-first-boot.sh}}
