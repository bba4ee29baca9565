# SPDX-License-Identifier: GPL-2.0-or-later
# zsh -f zpty.zsh FOLDER TYPED: what an interactive zsh, whose functions for completion are in FOLDER too, shows after TYPED and TAB, twice.
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell "stty columns 200; PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=0; echo RE''ADY"
zpty -r -m shell out '*READY*'
zpty -w -n shell "$2"$'\t\t'
quiet=0
while ((quiet < 30)); do # all that comes, has come
	sleep 0.1
	if zpty -r -t shell more; then print -rn -- $more; quiet=0; else ((++quiet)); fi
done
zpty -d shell
