# In FAI's system, before it does anything: the setting `pre`.
{{{set.pre}}}
