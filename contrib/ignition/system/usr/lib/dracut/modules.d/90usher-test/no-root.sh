# A system that runs from memory has no root= on its command line.
if [ -z "$(getarg root=)" ]; then
	root=memory
	rootok=1
fi
