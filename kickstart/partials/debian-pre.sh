# In Debian's installer, before all else: the setting `pre`.
{{{set.pre}}}
